/* The product of one tile: rows that all want the same matrix, times some of its outputs. A block computes one tile; it
 * streams both operands through a ring of stages in shared memory and multiplies with tensor cores (f32: FMA).
 *
 * A line of a stage is 128 bytes of one row: K values. Its 16-byte chunks lie exchanged by halves in odd lines, so that
 * the 8 lanes that are served at once touch all banks. A lane reads whole chunks: the order of the inputs within a
 * product of tensor cores is free, as long as both operands have the same.
 *
 * Bounded by memory while rows are few: each weight is read once per tile of rows, with STAGES - 1 stages of N x 128
 * bytes on their way in each block, two or more blocks a multiprocessor. With many rows, bounded by what mma.sync and
 * reads of shared memory let tensor cores do. */
#pragma once

#include "cuda/kernels/chunk.cuh"
#include "cuda/kernels/prefix.cuh"
#include "cuda/kernels/tensor_core.cuh"

/* Sizes of a tile: M_ rows x N_ outputs, by warps that each compute M_ / WARPS_M_ x N_ / WARPS_N_ of them. */
template <class T, int M_, int N_, int WARPS_M_, int WARPS_N_, int STAGES_> struct tile {
    using value = T;
    static constexpr int M = M_, N = N_, WARPS_M = WARPS_M_, WARPS_N = WARPS_N_, STAGES = STAGES_;
    static constexpr int THREADS = WARP * WARPS_M * WARPS_N;
    static constexpr int LINE = 128, CHUNKS = LINE / 16, CHUNK = 16 / sizeof(T), K = CHUNKS * CHUNK;
    static constexpr int WARP_ROWS = M / WARPS_M, WARP_OUTPUTS = N / WARPS_N;
    static constexpr int ROW_PARTS = WARP_ROWS / 16, OUTPUT_PARTS = WARP_OUTPUTS / 8;
    static constexpr int STAGE_BYTES = (M + N) * LINE, BYTES = STAGES * STAGE_BYTES;
    static constexpr int LINES_AT_ONCE = THREADS / CHUNKS;
    static constexpr int ROW_COPIES = M / LINES_AT_ONCE, WEIGHT_COPIES = N / LINES_AT_ONCE;
    static_assert(M % LINES_AT_ONCE == 0 && N % LINES_AT_ONCE == 0, "all threads copy the same");
    static_assert(WARP_ROWS % 16 == 0 && WARP_OUTPUTS % 16 == 0, "warps compute whole products of tensor cores");
};

/* Where this thread's lines begin in global memory; NULL: the line is past the end, zeros. */
template <class Tile> struct tile_lines {
    const typename Tile::value *rows[Tile::ROW_COPIES], *weights[Tile::WEIGHT_COPIES];
};

/* This warp's sums; element [i][j][c] is row row_of<Tile>(i, c), output output_of<Tile>(j, c) of the tile. */
template <class Tile> struct tile_sums {
    float at[Tile::ROW_PARTS][Tile::OUTPUT_PARTS][4];
};

template <class Tile> __device__ __forceinline__ int line_of_copy(int copy)
{
    return (int)threadIdx.x / Tile::CHUNKS + copy * Tile::LINES_AT_ONCE;
}

template <class Tile> __device__ __forceinline__ int first_row_of_warp()
{
    return warp_index() / Tile::WARPS_N * Tile::WARP_ROWS;
}

template <class Tile> __device__ __forceinline__ int first_output_of_warp()
{
    return warp_index() % Tile::WARPS_N * Tile::WARP_OUTPUTS;
}

template <class Tile> __device__ __forceinline__ int row_of(int i, int c)
{
    return first_row_of_warp<Tile>() + 16 * i + lane_index() / 4 + 8 * (c / 2);
}

template <class Tile> __device__ __forceinline__ int output_of(int j, int c)
{
    return first_output_of_warp<Tile>() + 8 * j + 2 * ((int)threadIdx.x % 4) + c % 2;
}

/* A chunk of a line of a stage. */
__device__ __forceinline__ unsigned char *chunk_at(unsigned char *lines, int line, int chunk)
{
    return lines + line * 128 + (chunk ^ (line & 1) << 2) * 16;
}

template <class Tile>
__device__ __forceinline__ void copy_stage(const tile_lines<Tile> &lines, const typename Tile::value *any, int inputs,
                                           int step, unsigned char *ring)
{
    unsigned char *stage = ring + step % Tile::STAGES * Tile::STAGE_BYTES;
    const int chunk = (int)threadIdx.x % Tile::CHUNKS, k = step * Tile::K + chunk * Tile::CHUNK;
    const bool inside = k < inputs;
#pragma unroll
    for (int i = 0; i < Tile::WEIGHT_COPIES; i++) {
        const bool wanted = inside && lines.weights[i];
        copy_async_16(chunk_at(stage + Tile::M * Tile::LINE, line_of_copy<Tile>(i), chunk),
                      wanted ? lines.weights[i] + k : any, wanted);
    }
#pragma unroll
    for (int i = 0; i < Tile::ROW_COPIES; i++) {
        const bool wanted = inside && lines.rows[i];
        copy_async_16(chunk_at(stage, line_of_copy<Tile>(i), chunk), wanted ? lines.rows[i] + k : any, wanted);
    }
}

struct four_words {
    unsigned at[4];
};

__device__ __forceinline__ four_words read_words(unsigned char *lines, int line, int chunk)
{
    four_words words;
    memcpy(&words, __builtin_assume_aligned(chunk_at(lines, line, chunk), 16), 16);
    return words;
}

/* bf16. A half line is four chunks, one a lane of four: two products of 16 inputs, the first of the chunks' first
 * halves. */
template <class Tile>
__device__ __forceinline__ void multiply_stage(unsigned char *stage, tile_sums<Tile> &sums, __nv_bfloat16)
{
    const int lane = lane_index(), row = first_row_of_warp<Tile>() + lane / 4,
              output = Tile::M + first_output_of_warp<Tile>() + lane / 4;
#pragma unroll
    for (int half = 0; half < 2; half++) {
        const int chunk = 4 * half + lane % 4;
        four_words top[Tile::ROW_PARTS], bottom[Tile::ROW_PARTS];
#pragma unroll
        for (int i = 0; i < Tile::ROW_PARTS; i++) {
            top[i] = read_words(stage, row + 16 * i, chunk);
            bottom[i] = read_words(stage, row + 16 * i + 8, chunk);
        }
#pragma unroll
        for (int j = 0; j < Tile::OUTPUT_PARTS; j++) {
            const four_words w = read_words(stage, output + 8 * j, chunk);
#pragma unroll
            for (int i = 0; i < Tile::ROW_PARTS; i++)
#pragma unroll
                for (int part = 0; part < 4; part += 2) {
                    const unsigned a[4] = {top[i].at[part], bottom[i].at[part], top[i].at[part + 1],
                                           bottom[i].at[part + 1]},
                                   b[2] = {w.at[part], w.at[part + 1]};
                    mma_m16n8k16(sums.at[i][j], a, b);
                }
        }
    }
}

__device__ __forceinline__ chunk<float> read_floats(unsigned char *lines, int line, int chunk)
{
    return read_chunk((const float *)(const void *)chunk_at(lines, line, chunk));
}

/* f32: the same sums by the same lanes, four inputs at a time. */
template <class Tile> __device__ __forceinline__ void multiply_stage(unsigned char *stage, tile_sums<Tile> &sums, float)
{
    unsigned char *weights = stage + Tile::M * Tile::LINE;
    for (int part = 0; part < Tile::CHUNKS; part++)
#pragma unroll
        for (int j = 0; j < Tile::OUTPUT_PARTS; j++) {
            const chunk<float> w[2] = {read_floats(weights, output_of<Tile>(j, 0), part),
                                       read_floats(weights, output_of<Tile>(j, 1), part)};
#pragma unroll
            for (int i = 0; i < Tile::ROW_PARTS; i++)
#pragma unroll
                for (int c = 0; c < 4; c += 2) {
                    const chunk<float> x = read_floats(stage, row_of<Tile>(i, c), part);
#pragma unroll
                    for (int k = 0; k < 4; k++) {
                        sums.at[i][j][c] = fmaf(x.values[k], w[0].values[k], sums.at[i][j][c]);
                        sums.at[i][j][c + 1] = fmaf(x.values[k], w[1].values[k], sums.at[i][j][c + 1]);
                    }
                }
        }
}

/* sums = rows x weights^T over `inputs` values, a multiple of 16 bytes; lines are aligned to that. `any`: a place that
 * may be read. `ring`: Tile::BYTES of shared memory. */
template <class Tile>
__device__ __forceinline__ tile_sums<Tile> multiply_tile(const tile_lines<Tile> &lines, const typename Tile::value *any,
                                                         int inputs, unsigned char *ring)
{
    tile_sums<Tile> sums = {};
    const int steps = (inputs + Tile::K - 1) / Tile::K;
#pragma unroll
    for (int step = 0; step < Tile::STAGES - 1; step++) {
        if (step < steps)
            copy_stage(lines, any, inputs, step, ring);
        copy_async_commit();
    }
    for (int step = 0; step < steps; step++) {
        copy_async_wait<Tile::STAGES - 2>();
        __syncthreads(); /* this step's stage is there for all, and all are done with the one before it */
        if (step + Tile::STAGES - 1 < steps)
            copy_stage(lines, any, inputs, step + Tile::STAGES - 1, ring);
        copy_async_commit();
        multiply_stage(ring + step % Tile::STAGES * Tile::STAGE_BYTES, sums, typename Tile::value());
    }
    return sums;
}

/* ---- tiles of rows */

/* Rows that want one slot: entries first <= i < first + rows; slot -1: nothing to do. */
struct tile_rows {
    int slot, first, rows;
};

/* Tile number `number` of the entries from <= i < to, at most M rows each; begin[s] is slot s's first entry. Each warp
 * finds it for itself, a lane a slot. */
template <int M>
__device__ __forceinline__ tile_rows find_tile(const int32_t *begin, int slots, int from, int to, int number)
{
    for (int base = 0, before = 0; base < slots; base += WARP) {
        const int slot = base + lane_index(), first = slot < slots ? max(begin[slot], from) : 0,
                  end = slot < slots ? min(begin[slot + 1], to) : 0,
                  tiles = end > first ? (end - first + M - 1) / M : 0;
        const int until = before + warp_prefix(tiles);
        const unsigned beyond = __ballot_sync(ALL_LANES, until > number);
        if (beyond) {
            const int owner = __ffs((int)beyond) - 1;
            const int skipped = number - __shfl_sync(ALL_LANES, until - tiles, owner);
            const int at = __shfl_sync(ALL_LANES, first, owner) + skipped * M,
                      rows = __shfl_sync(ALL_LANES, end, owner) - at;
            return {base + owner, at, rows < M ? rows : M};
        }
        before = __shfl_sync(ALL_LANES, until, WARP - 1);
    }
    return {-1, 0, 0};
}
