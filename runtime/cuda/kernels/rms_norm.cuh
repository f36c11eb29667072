/* RMS norm of one row by one block, the row in registers between its only read and its only write: bounded by memory.
 * In two steps, so that a caller may change the row in between. */
#pragma once

#include "cuda/kernels/element.cuh"
#include "cuda/kernels/reduce.cuh"

/* Threads for a row of WIDTH: four float4 each, as far as a block goes. */
constexpr int norm_threads(int width)
{
    int threads = (width / 16 + WARP - 1) / WARP * WARP;
    return threads < WARP ? WARP : threads > 1024 ? 1024 : threads;
}

/* This thread's values of a row of WIDTH f32; thread t holds columns 4 (t + k THREADS). */
template <int WIDTH, int THREADS = norm_threads(WIDTH)> struct norm_row {
    static_assert(WIDTH % 4 == 0, "rows are read 16 bytes at a time");
    static constexpr int PARTS = (WIDTH / 4 + THREADS - 1) / THREADS;
    float4 values[PARTS];

    /* Column of part k; WIDTH or more: this thread has none. */
    static __device__ __forceinline__ int column(int k)
    {
        return 4 * ((int)threadIdx.x + k * THREADS);
    }

    __device__ __forceinline__ void read(const float *row)
    {
#pragma unroll
        for (int k = 0; k < PARTS; k++)
            values[k] = column(k) < WIDTH ? *(const float4 *)(row + column(k)) : make_float4(0, 0, 0, 0);
    }

    __device__ __forceinline__ void write(float *row) const
    {
#pragma unroll
        for (int k = 0; k < PARTS; k++)
            if (column(k) < WIDTH)
                *(float4 *)(row + column(k)) = values[k];
    }

    /* normed = row / sqrt(mean(row ^ 2) + epsilon) * weight. `shared`: see block_sum. */
    template <class T>
    __device__ __forceinline__ void norm(const float *weight, float epsilon, T *normed, float *shared) const
    {
        struct alignas(4 * sizeof(T)) four {
            T values[4];
        };
        float squares = 0;
#pragma unroll
        for (int k = 0; k < PARTS; k++) {
            const float4 v = values[k];
            squares += v.x * v.x + v.y * v.y + v.z * v.z + v.w * v.w;
        }
        const float factor = 1.0F / sqrtf(block_sum<THREADS>(squares, shared) / WIDTH + epsilon);
#pragma unroll
        for (int k = 0; k < PARTS; k++) {
            if (column(k) >= WIDTH)
                continue;
            const float4 v = values[k], w = *(const float4 *)(weight + column(k));
            *(four *)(normed + column(k)) = {{from_float<T>(v.x * factor * w.x), from_float<T>(v.y * factor * w.y),
                                              from_float<T>(v.z * factor * w.z), from_float<T>(v.w * factor * w.w)}};
        }
    }
};
