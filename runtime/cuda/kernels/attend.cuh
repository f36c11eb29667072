/* Attention of one warp: 16 query rows against positions in shared memory, softmax as it goes (each row's running
 * maximum and sum), never a matrix of scores in memory.
 *
 * Values are spread over the lanes as tensor cores spread their results: lane l holds rows l / 4 and l / 4 + 8, and of
 * each 8 columns numbers 2 (l % 4) and the next. bf16 is multiplied on tensor cores, f32 with FMAs in the same spread.
 * Rows in shared memory are attend_stride() values apart: an odd number of 16 bytes, so that reads of 8 rows at once
 * meet no bank twice. */
#pragma once

#include "cuda/kernels/element.cuh"
#include "cuda/kernels/reduce.cuh"
#include "cuda/kernels/tensor_core.cuh"
#include "host_device.h"

#include <cmath>

enum { ATTEND_ROWS = 16 };

template <class T> HOST_DEVICE constexpr int attend_stride(int width)
{
    return width + 16 / (int)sizeof(T);
}

/* Positions begin <= p < end. */
struct positions {
    int begin, end;
};

/* Of 16 rows; heads are WIDTH wide. */
template <int WIDTH> struct attended_rows {
    float maximum[2]; /* of the unscaled scores; -infinity: nothing was visible yet */
    float sum[2];     /* of this lane's columns, until finish() */
    float out[WIDTH / 8][4];

    /* Scores are powers of two: exp(s / sqrt(width)) = 2^(s scale). */
    static __device__ __forceinline__ float scale()
    {
        return 1.4426950408889634F / sqrtf((float)WIDTH);
    }

    __device__ __forceinline__ void reset()
    {
        maximum[0] = maximum[1] = -INFINITY;
        sum[0] = sum[1] = 0;
#pragma unroll
        for (int n = 0; n < WIDTH / 8; n++)
            out[n][0] = out[n][1] = out[n][2] = out[n][3] = 0;
    }

    __device__ __forceinline__ void finish()
    {
#pragma unroll
        for (int i = 0; i < 2; i++) {
            sum[i] += __shfl_xor_sync(ALL_LANES, sum[i], 1);
            sum[i] += __shfl_xor_sync(ALL_LANES, sum[i], 2);
        }
    }
};

__device__ __forceinline__ int lane_of_thread()
{
    return (int)(threadIdx.x % WARP);
}

/* ---- scores (16, COUNT) += queries (16, WIDTH) x keys (COUNT, WIDTH)^T */

template <int WIDTH, int COUNT>
__device__ __forceinline__ void multiply_keys(const __nv_bfloat16 *queries, const __nv_bfloat16 *keys,
                                              float (&scores)[COUNT / 8][4])
{
    constexpr int STRIDE = attend_stride<__nv_bfloat16>(WIDTH);
    const int lane = lane_of_thread();
    queries += lane % 16 * STRIDE + lane / 16 * 8;
    keys += (lane / 16 * 8 + lane % 8) * STRIDE + lane / 8 % 2 * 8;
#pragma unroll
    for (int k = 0; k < WIDTH; k += 16) {
        unsigned query[4];
        ldmatrix_x4(query, queries + k);
#pragma unroll
        for (int n = 0; n < COUNT / 16; n++) {
            unsigned key[4];
            ldmatrix_x4(key, keys + 16 * n * STRIDE + k);
            mma_m16n8k16(scores[2 * n], query, {key[0], key[1]});
            mma_m16n8k16(scores[2 * n + 1], query, {key[2], key[3]});
        }
    }
}

__device__ __forceinline__ float dot(float4 a, float4 b, float sum)
{
    return fmaf(a.x, b.x, fmaf(a.y, b.y, fmaf(a.z, b.z, fmaf(a.w, b.w, sum))));
}

template <int WIDTH, int COUNT>
__device__ __forceinline__ void multiply_keys(const float *queries, const float *keys, float (&scores)[COUNT / 8][4])
{
    constexpr int STRIDE = attend_stride<float>(WIDTH);
    const int lane = lane_of_thread();
    queries += lane / 4 * STRIDE;
    keys += lane % 4 * 2 * STRIDE;
#pragma unroll 4
    for (int k = 0; k < WIDTH; k += 4) {
        const float4 first = *(const float4 *)(queries + k), second = *(const float4 *)(queries + 8 * STRIDE + k);
#pragma unroll
        for (int n = 0; n < COUNT / 8; n++)
#pragma unroll
            for (int j = 0; j < 2; j++) {
                const float4 key = *(const float4 *)(keys + (8 * n + j) * STRIDE + k);
                scores[n][j] = dot(first, key, scores[n][j]);
                scores[n][2 + j] = dot(second, key, scores[n][2 + j]);
            }
    }
}

/* ---- out (16, WIDTH) += weights (16, COUNT) x values (COUNT, WIDTH) */

__device__ __forceinline__ unsigned two_bf16(float low, float high)
{
    const __nv_bfloat162 both = __floats2bfloat162_rn(low, high);
    unsigned bits;
    memcpy(&bits, &both, sizeof bits);
    return bits;
}

template <int WIDTH, int COUNT>
__device__ __forceinline__ void add_values(const float (&weights)[COUNT / 8][4], const __nv_bfloat16 *values,
                                           float (&out)[WIDTH / 8][4])
{
    constexpr int STRIDE = attend_stride<__nv_bfloat16>(WIDTH);
    const int lane = lane_of_thread();
    values += lane % 16 * STRIDE + lane / 16 * 8;
#pragma unroll
    for (int k = 0; k < COUNT / 16; k++) {
        const float(&left)[4] = weights[2 * k], (&right)[4] = weights[2 * k + 1];
        const unsigned weight[4] = {two_bf16(left[0], left[1]), two_bf16(left[2], left[3]),
                                    two_bf16(right[0], right[1]), two_bf16(right[2], right[3])};
#pragma unroll
        for (int n = 0; n < WIDTH / 16; n++) {
            unsigned value[4];
            ldmatrix_x4_transposed(value, values + 16 * k * STRIDE + 16 * n);
            mma_m16n8k16(out[2 * n], weight, {value[0], value[1]});
            mma_m16n8k16(out[2 * n + 1], weight, {value[2], value[3]});
        }
    }
}

template <int WIDTH, int COUNT>
__device__ __forceinline__ void add_values(const float (&weights)[COUNT / 8][4], const float *values,
                                           float (&out)[WIDTH / 8][4])
{
    constexpr int STRIDE = attend_stride<float>(WIDTH);
    const int lane = lane_of_thread();
    values += lane % 4 * 2;
#pragma unroll
    for (int k = 0; k < COUNT; k++) {
        const int holder = lane / 4 * 4 + k % 8 / 2;
        const float first = __shfl_sync(ALL_LANES, weights[k / 8][k % 2], holder);
        const float second = __shfl_sync(ALL_LANES, weights[k / 8][2 + k % 2], holder);
#pragma unroll
        for (int n = 0; n < WIDTH / 8; n++) {
            const float2 value = *(const float2 *)(values + k * STRIDE + 8 * n);
            out[n][0] = fmaf(first, value.x, out[n][0]);
            out[n][1] = fmaf(first, value.y, out[n][1]);
            out[n][2] = fmaf(second, value.x, out[n][2]);
            out[n][3] = fmaf(second, value.y, out[n][3]);
        }
    }
}

/* ---- a tile of positions */

/* Scores of what a row must not see become -infinity: score (row i of the lane's two, position) counts if
 * sees[i].begin <= position < sees[i].end. */
template <int COUNT>
__device__ __forceinline__ void mask_scores(float (&scores)[COUNT / 8][4], int first, const struct positions (&sees)[2])
{
    first += lane_of_thread() % 4 * 2;
#pragma unroll
    for (int n = 0; n < COUNT / 8; n++)
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int position = first + 8 * n + i % 2;
            if (position < sees[i / 2].begin || position >= sees[i / 2].end)
                scores[n][i] = -INFINITY;
        }
}

/* All lanes: the 16 rows attend to positions first .. first + COUNT - 1, whose keys and values lie in shared memory
 * (all of them finite). sees: of the lane's two rows; `masked`: some row does not see all of them. */
template <int COUNT, class T, int WIDTH>
__device__ __forceinline__ void attend_positions(struct attended_rows<WIDTH> &rows, const T *queries, const T *keys,
                                                 const T *values, int first, const struct positions (&sees)[2],
                                                 bool masked)
{
    static_assert(COUNT % 16 == 0 && WIDTH % 16 == 0, "a matrix product takes 16 at a time");
    float scores[COUNT / 8][4] = {};
    multiply_keys<WIDTH, COUNT>(queries, keys, scores);
    if (masked)
        mask_scores<COUNT>(scores, first, sees);
    const float scale = rows.scale();
#pragma unroll
    for (int i = 0; i < 2; i++) {
        float maximum = rows.maximum[i];
#pragma unroll
        for (int n = 0; n < COUNT / 8; n++)
            maximum = fmaxf(maximum, fmaxf(scores[n][2 * i], scores[n][2 * i + 1]));
        maximum = fmaxf(maximum, __shfl_xor_sync(ALL_LANES, maximum, 1));
        maximum = fmaxf(maximum, __shfl_xor_sync(ALL_LANES, maximum, 2));
        const float base = maximum == -INFINITY ? 0 : maximum * scale; /* nothing visible: 2^(-infinity - 0) is 0 */
        const float shrink = exp2f(fmaf(rows.maximum[i], scale, -base));
        rows.maximum[i] = maximum;
        rows.sum[i] *= shrink;
#pragma unroll
        for (int n = 0; n < COUNT / 8; n++)
#pragma unroll
            for (int j = 2 * i; j < 2 * i + 2; j++) {
                scores[n][j] = exp2f(fmaf(scores[n][j], scale, -base));
                rows.sum[i] += scores[n][j];
            }
#pragma unroll
        for (int n = 0; n < WIDTH / 8; n++) {
            rows.out[n][2 * i] *= shrink;
            rows.out[n][2 * i + 1] *= shrink;
        }
    }
    add_values<WIDTH, COUNT>(scores, values, rows.out);
}
