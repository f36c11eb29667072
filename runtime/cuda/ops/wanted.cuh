/* The rows of a micro-batch whose logits are asked for, in order: the rows of LOGITS and TOKENS. */
#pragma once

#include "cuda/kernels/prefix.cuh"
#include "cuda/ops/op.h"

/* The row of the slice that is number `number` of those, -1: there are not so many. All THREADS of the block call it
 * and get the same. `shared`: THREADS / 32 + 1 ints, free again after the next barrier. */
template <int THREADS> __device__ __forceinline__ int find_wanted(const struct slice &slice, int number, int *shared)
{
    int before = 0;
    for (int base = 0; base < slice.count; base += THREADS) {
        const int row = base + (int)threadIdx.x;
        const bool wants = row < slice.count && slice.rows[row].wants != 0;
        int here;
        const int place = before + block_prefix<THREADS>(wants, shared, &here);
        before += here;
        if (wants && place == number)
            shared[THREADS / WARP] = row;
        if (before > number) {
            __syncthreads();
            return shared[THREADS / WARP];
        }
    }
    return -1;
}
