/* Sums and extremes over the lanes of a warp and the threads of a block; every thread gets the result. The order of the
 * additions is fixed, so that results are the same in each run. */
#pragma once

#include <cuda_runtime.h>

constexpr int WARP = 32;
constexpr unsigned ALL_LANES = 0xffffffffU;

__device__ __forceinline__ float warp_sum(float value)
{
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2)
        value += __shfl_xor_sync(ALL_LANES, value, distance);
    return value;
}

__device__ __forceinline__ float warp_max(float value)
{
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2)
        value = fmaxf(value, __shfl_xor_sync(ALL_LANES, value, distance));
    return value;
}

__device__ __forceinline__ int warp_max(int value)
{
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        int other = __shfl_xor_sync(ALL_LANES, value, distance);
        value = value > other ? value : other;
    }
    return value;
}

__device__ __forceinline__ int warp_min(int value)
{
    return -warp_max(-value);
}

/* Sum over a block of THREADS, whole warps, at most 1024. `shared`: THREADS / 32 floats that nobody else uses until the
 * block has passed its next barrier. */
template <int THREADS> __device__ __forceinline__ float block_sum(float value, float *shared)
{
    static_assert(THREADS % WARP == 0 && THREADS <= 1024, "a block is whole warps");
    constexpr int WARPS = THREADS / WARP;
    value = warp_sum(value);
    if (WARPS == 1)
        return value;
    if (threadIdx.x % WARP == 0)
        shared[threadIdx.x / WARP] = value;
    __syncthreads();
    const int lane = (int)(threadIdx.x % WARP);
    return warp_sum(lane < WARPS ? shared[lane] : 0.0F);
}
