/* Prefix sums over a block, and sums of many values over a warp, in an order that never changes. Blocks are whole
 * warps. */
#pragma once

#include "cuda/kernels/reduce.cuh"

__device__ __forceinline__ int lane_index(void)
{
    return (int)(threadIdx.x % WARP);
}
__device__ __forceinline__ int warp_index(void)
{
    return (int)(threadIdx.x / WARP);
}

__device__ __forceinline__ int warp_sum(int value)
{
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2)
        value += __shfl_xor_sync(ALL_LANES, value, distance);
    return value;
}

/* The sum over the lanes up to this one. */
template <class T> __device__ __forceinline__ T warp_prefix(T value)
{
#pragma unroll
    for (int distance = 1; distance < WARP; distance *= 2) {
        const T before = __shfl_up_sync(ALL_LANES, value, (unsigned)distance);
        value += lane_index() >= distance ? before : T();
    }
    return value;
}

/* The sum of `value` over the threads before this one; `total`: over all of THREADS. `shared`: THREADS / 32 ints, free
 * again when this returns. */
template <int THREADS> __device__ __forceinline__ int block_prefix(int value, int *shared, int *total)
{
    static_assert(THREADS % WARP == 0 && THREADS <= 1024, "a block is whole warps");
    constexpr int WARPS = THREADS / WARP;
    const int within = warp_prefix(value);
    if (lane_index() == WARP - 1)
        shared[warp_index()] = within;
    __syncthreads();
    const int ends = warp_prefix(lane_index() < WARPS ? shared[lane_index()] : 0);
    __syncthreads();
    *total = __shfl_sync(ALL_LANES, ends, WARPS - 1);
    const int before = __shfl_sync(ALL_LANES, ends, warp_index() > 0 ? warp_index() - 1 : 0);
    return (warp_index() > 0 ? before : 0) + within - value;
}

/* Sums each of COUNT values (a power of two up to 32) over the warp: lane i gets the sum of values[i % COUNT]. Half of
 * what is left changes hands at a time, so that it takes about COUNT shuffles and not 5 COUNT. The order of each sum
 * does not depend on COUNT. */
template <int COUNT> __device__ __forceinline__ float warp_sum_each(float (&values)[COUNT])
{
    static_assert(COUNT <= WARP && (COUNT & (COUNT - 1)) == 0, "a lane is left with one value");
#pragma unroll
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        const bool upper = (lane_index() & distance) != 0;
#pragma unroll
        for (int i = 0; i < COUNT; i++) {
            if (distance >= COUNT) {
                values[i] += __shfl_xor_sync(ALL_LANES, values[i], distance);
            } else if (i < distance) {
                const float low = values[i], high = values[i + distance];
                values[i] = (upper ? high : low) + __shfl_xor_sync(ALL_LANES, upper ? low : high, distance);
            }
        }
    }
    return values[0];
}
