/* The processor's runtime/cuda/kernels/tensor_core.cuh, found before it: the same functions, done by meetings of the
 * warp. Fragments are laid out as the PTX manual says. */
#pragma once

#include <cuda_runtime.h>

#include "cuda_on_cpu/copy_async.h"

namespace cuda_on_cpu
{

struct mma_operands {
    float d[4];
    unsigned a[4], b[2];
};
static_assert(sizeof(mma_operands) <= LANE_BYTES, "operands are left at a meeting");

/* The two bf16 of a register. */
inline float low_half(unsigned pair)
{
    return __uint_as_float(pair << 16);
}
inline float high_half(unsigned pair)
{
    return __uint_as_float(pair & 0xffff0000u);
}

/* d += a b for the whole warp: a is (16, 16), b (16, 8), d (16, 8). Lane l holds rows l / 4 and l / 4 + 8 of a and d,
 * column l / 4 of b, and pairs of neighbours at 2 (l % 4). Products of bf16 are exact in float. */
inline void multiply_accumulate(lane_value *values)
{
    float a[16][16], b[16][8], d[16][8];
    for (unsigned l = 0; l < 32; l++) {
        mma_operands lane = value_of<mma_operands>(values, l);
        unsigned row = l / 4, column = l % 4 * 2;
        for (unsigned i = 0; i < 4; i++) {
            a[row + i % 2 * 8][column + i / 2 * 8] = low_half(lane.a[i]);
            a[row + i % 2 * 8][column + i / 2 * 8 + 1] = high_half(lane.a[i]);
            d[row + i / 2 * 8][column + i % 2] = lane.d[i];
        }
        for (unsigned i = 0; i < 2; i++) {
            b[column + i * 8][row] = low_half(lane.b[i]);
            b[column + i * 8 + 1][row] = high_half(lane.b[i]);
        }
    }
    for (unsigned i = 0; i < 16; i++)
        for (unsigned k = 0; k < 16; k++)
            for (unsigned j = 0; j < 8; j++)
                d[i][j] += a[i][k] * b[k][j];
    for (unsigned l = 0; l < 32; l++) {
        float of_lane[4];
        for (unsigned i = 0; i < 4; i++)
            of_lane[i] = d[l / 4 + i / 2 * 8][l % 4 * 2 + i % 2];
        memcpy(values[l].bytes, of_lane, sizeof of_lane);
    }
}

/* Four matrices of 8 rows of 8 bf16; lane l gives the address of row l % 8 of matrix l / 8. */
inline const uint16_t *const *load_rows(const uint16_t *(&rows)[32], const void *shared_row, place from)
{
    check_shared_row(shared_row, "ldmatrix", from);
    const lane_value *values = meet(0xffffffffu, &shared_row, sizeof shared_row, nullptr, "ldmatrix", from);
    for (unsigned i = 0; i < 32; i++)
        rows[i] = value_of<const uint16_t *>(values, i);
    return rows;
}

inline unsigned pair(uint16_t low, uint16_t high)
{
    return low | (unsigned)high << 16;
}

} // namespace cuda_on_cpu

inline void mma_m16n8k16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                         cuda_on_cpu::place from = cuda_on_cpu::here())
{
    using namespace cuda_on_cpu;
    mma_operands own = {{d[0], d[1], d[2], d[3]}, {a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
    const lane_value *values = meet(0xffffffffu, &own, sizeof own, multiply_accumulate, "mma_m16n8k16", from);
    memcpy(d, values[lane()].bytes, sizeof d);
}

inline void ldmatrix_x4(unsigned (&r)[4], const void *shared_row, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    using namespace cuda_on_cpu;
    const uint16_t *rows[32];
    load_rows(rows, shared_row, from);
    unsigned row = lane() / 4, column = lane() % 4 * 2;
    for (unsigned i = 0; i < 4; i++)
        r[i] = pair(rows[i * 8 + row][column], rows[i * 8 + row][column + 1]);
    /* The hardware reads when the warp meets: nobody may overwrite before all have read. */
    meet(0xffffffffu, nullptr, 0, nullptr, "ldmatrix", from);
}

inline void ldmatrix_x4_transposed(unsigned (&r)[4], const void *shared_row,
                                   cuda_on_cpu::place from = cuda_on_cpu::here())
{
    using namespace cuda_on_cpu;
    const uint16_t *rows[32];
    load_rows(rows, shared_row, from);
    unsigned column = lane() / 4, row = lane() % 4 * 2;
    for (unsigned i = 0; i < 4; i++)
        r[i] = pair(rows[i * 8 + row][column], rows[i * 8 + row + 1][column]);
    meet(0xffffffffu, nullptr, 0, nullptr, "ldmatrix", from);
}

inline void copy_async_16(void *shared, const void *global, bool valid, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    using namespace cuda_on_cpu;
    check_shared_row(shared, "copy_async_16", from);
    if (valid)
        check_global_row(global, "copy_async_16", from);
    queue_copy({(sixteen_bytes *)shared, valid ? (const sixteen_bytes *)global : nullptr});
    async_copy early;
    while (take_early_copy(&early))
        land(early);
}

inline void copy_async_commit()
{
    cuda_on_cpu::commit_copies();
}

template <int GROUPS> inline void copy_async_wait()
{
    cuda_on_cpu::async_copy copy;
    while (cuda_on_cpu::take_copy(GROUPS, &copy))
        cuda_on_cpu::land(copy);
}
