/* The kernels of the op `experts`. They work on a run: entries from <= i < to of struct arrivals, whose pairs of a row
 * and an expert are computed together; what they compute of entry i lies in row i - from of scratch. */
#pragma once

#include "cuda/kernels/grouped_matmul.cuh"
#include "cuda/ops/op.h"

extern __shared__ __align__(16) unsigned char dynamic_shared[];

struct run {
    int from, to;
};

__device__ __forceinline__ float swiglu(float gate, float up)
{
    return gate / (1.0F + expf(-gate)) * up;
}

/* Two neighbours at once; `place` is aligned to both. */
__device__ __forceinline__ void write_pair(float *place, float first, float second)
{
    *(float2 *)place = make_float2(first, second);
}
__device__ __forceinline__ void write_pair(__nv_bfloat16 *place, float first, float second)
{
    *(__nv_bfloat162 *)place = __floats2bfloat162_rn(first, second);
}

__device__ __forceinline__ const element *arrived_values(const struct travelling_row *incoming,
                                                         const struct arrivals::arrival *entry)
{
    return incoming[(size_t)entry->sender * DISPATCH_ROWS + entry->row].values;
}

/* ---- counts on the device: all experts of a run in one launch. Grids are (tiles of rows, tiles of outputs), rows
 * first, so that tiles of one expert meet its weights in L2. Blocks beyond the run's tiles have nothing to do. */

/* product (run, EXPERT_HIDDEN) = swiglu of the rows' gate and up. Half of the outputs of each warp are of the gate, the
 * others the same of up: a lane has both of a value. `weights`: the layer's first slot. */
template <class Tile>
__global__ void __launch_bounds__(Tile::THREADS, 2)
    expert_gate_up(const struct arrivals *arrivals, struct run run, const struct travelling_row *incoming,
                   const unsigned char *weights, element *product)
{
    const tile_rows rows = find_tile<Tile::M>(arrivals->begin, EXPERT_SLOTS, run.from, run.to, (int)blockIdx.x);
    if (rows.slot < 0)
        return;
    constexpr int HALF = Tile::WARP_OUTPUTS / 2;
    const element *matrix = (const element *)(weights + (size_t)rows.slot * EXPERT_SLOT_STRIDE);
    const int column = (int)blockIdx.y * Tile::N / 2;
    tile_lines<Tile> lines;
#pragma unroll
    for (int i = 0; i < Tile::ROW_COPIES; i++) {
        const int row = line_of_copy<Tile>(i);
        lines.rows[i] = row < rows.rows ? arrived_values(incoming, &arrivals->entries[rows.first + row]) : nullptr;
    }
#pragma unroll
    for (int i = 0; i < Tile::WEIGHT_COPIES; i++) {
        const int line = line_of_copy<Tile>(i), within = line % Tile::WARP_OUTPUTS;
        const int output = column + line / Tile::WARP_OUTPUTS * HALF + within % HALF;
        const bool up = within >= HALF;
        lines.weights[i] =
            output < EXPERT_HIDDEN ? matrix + (size_t)(output + (up ? EXPERT_HIDDEN : 0)) * HIDDEN : nullptr;
    }
    const tile_sums<Tile> sums = multiply_tile(lines, matrix, HIDDEN, dynamic_shared);
    const int first = column + first_output_of_warp<Tile>() / 2 + 2 * ((int)threadIdx.x % 4);
#pragma unroll
    for (int i = 0; i < Tile::ROW_PARTS; i++)
#pragma unroll
        for (int j = 0; j < Tile::OUTPUT_PARTS / 2; j++)
#pragma unroll
            for (int c = 0; c < 4; c += 2) {
                const float *gate = &sums.at[i][j][c], *up = &sums.at[i][j + Tile::OUTPUT_PARTS / 2][c];
                const int row = row_of<Tile>(i, c), output = first + 8 * j;
                if (row < rows.rows && output < EXPERT_HIDDEN)
                    write_pair(product + (size_t)(rows.first - run.from + row) * EXPERT_HIDDEN + output,
                               swiglu(gate[0], up[0]), swiglu(gate[1], up[1]));
            }
}

/* out (run, HIDDEN) f32 = product x down^T. */
template <class Tile>
__global__ void __launch_bounds__(Tile::THREADS, 2)
    expert_down(const struct arrivals *arrivals, struct run run, const element *product, const unsigned char *weights,
                float *out)
{
    const tile_rows rows = find_tile<Tile::M>(arrivals->begin, EXPERT_SLOTS, run.from, run.to, (int)blockIdx.x);
    if (rows.slot < 0)
        return;
    const element *matrix = (const element *)(weights + (size_t)rows.slot * EXPERT_SLOT_STRIDE);
    const int column = (int)blockIdx.y * Tile::N;
    const size_t place = (size_t)(rows.first - run.from);
    tile_lines<Tile> lines;
#pragma unroll
    for (int i = 0; i < Tile::ROW_COPIES; i++) {
        const int row = line_of_copy<Tile>(i);
        lines.rows[i] = row < rows.rows ? product + (place + (size_t)row) * EXPERT_HIDDEN : nullptr;
    }
#pragma unroll
    for (int i = 0; i < Tile::WEIGHT_COPIES; i++) {
        const int output = column + line_of_copy<Tile>(i);
        lines.weights[i] = output < HIDDEN ? matrix + (size_t)output * EXPERT_HIDDEN : nullptr;
    }
    const tile_sums<Tile> sums = multiply_tile(lines, matrix, EXPERT_HIDDEN, dynamic_shared);
#pragma unroll
    for (int i = 0; i < Tile::ROW_PARTS; i++)
#pragma unroll
        for (int j = 0; j < Tile::OUTPUT_PARTS; j++)
#pragma unroll
            for (int c = 0; c < 4; c += 2) {
                const int row = row_of<Tile>(i, c), output = column + output_of<Tile>(j, c);
                if (row < rows.rows && output < HIDDEN)
                    write_pair(out + (place + (size_t)row) * HIDDEN + output, sums.at[i][j][c], sums.at[i][j][c + 1]);
            }
}

/* ---- counts on the host: a dense product an expert, and these between them. All are bounded by memory. */

/* rows (run, HIDDEN): copies of what arrived, by expert. A block an entry. */
__global__ void gather_run(const struct arrivals *arrivals, struct run run, const struct travelling_row *incoming,
                           element *rows)
{
    const element *from = arrived_values(incoming, &arrivals->entries[run.from + (int)blockIdx.x]);
    element *to = rows + (size_t)blockIdx.x * HIDDEN;
    for (int i = (int)threadIdx.x * chunk<element>::VALUES; i < HIDDEN; i += (int)blockDim.x * chunk<element>::VALUES)
        write_chunk(to + i, read_chunk(from + i));
}

/* product (rows, EXPERT_HIDDEN) = swiglu of gate_up (rows, gate then up). A block a row. */
__global__ void swiglu_run(const element *gate_up, element *product)
{
    const element *gate = gate_up + (size_t)blockIdx.x * 2 * EXPERT_HIDDEN, *up = gate + EXPERT_HIDDEN;
    element *to = product + (size_t)blockIdx.x * EXPERT_HIDDEN;
    for (int i = (int)threadIdx.x * chunk<element>::VALUES; i < EXPERT_HIDDEN;
         i += (int)blockDim.x * chunk<element>::VALUES) {
        const chunk<element> g = read_chunk(gate + i), u = read_chunk(up + i);
        chunk<element> result;
#pragma unroll
        for (int k = 0; k < chunk<element>::VALUES; k++)
            result.values[k] = from_float<element>(swiglu(to_float(g.values[k]), to_float(u.values[k])));
        write_chunk(to + i, result);
    }
}

/* ---- both */

/* Adds to each arrived row's weighted sum what this run computed for it, in the order of its entries. Sums pass from
 * run to run in `sums` (EP, DISPATCH_ROWS, HIDDEN) f32; the last one puts them where the rows were. A block a row of a
 * sender. */
__global__ void sum_run(const struct arrivals *arrivals, struct run run, bool last, const float *out, float *sums,
                        struct travelling_row *incoming)
{
    const int row = (int)blockIdx.x, sender = (int)blockIdx.y;
    if (row >= arrivals->got[sender].rows)
        return;
    const int32_t *entries = arrivals->entry_of[sender][row];
    float *sum = sums + ((size_t)sender * DISPATCH_ROWS + row) * HIDDEN;
    element *values = incoming[(size_t)sender * DISPATCH_ROWS + row].values;
    for (int i = 4 * (int)threadIdx.x; i < HIDDEN; i += 4 * (int)blockDim.x) {
        float4 total = run.from == 0 ? make_float4(0, 0, 0, 0) : *(const float4 *)(sum + i);
        for (int wish = 0; wish < WISHES && entries[wish] >= 0; wish++) {
            const int entry = entries[wish];
            if (entry < run.from || entry >= run.to)
                continue;
            const float weight = arrivals->entries[entry].weight;
            const float4 part = *(const float4 *)(out + (size_t)(entry - run.from) * HIDDEN + i);
            total.x += weight * part.x;
            total.y += weight * part.y;
            total.z += weight * part.z;
            total.w += weight * part.w;
        }
        if (last) {
            write_pair(values + i, total.x, total.y);
            write_pair(values + i + 2, total.z, total.w);
        } else {
            *(float4 *)(sum + i) = total;
        }
    }
}

/* load[slot] += rows of the slot. One block. */
__global__ void count_load(const struct arrivals *arrivals, uint64_t *load)
{
    for (int slot = (int)threadIdx.x; slot < EXPERT_SLOTS; slot += (int)blockDim.x)
        load[slot] += (uint64_t)(arrivals->begin[slot + 1] - arrivals->begin[slot]);
}
