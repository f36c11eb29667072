/* The thread that runs: its place in the grid, and the barrier of its block. */
#pragma once

#include "../vector_types.h"

/* Constant for the thread that reads them; the runtime sets them at each switch of threads. */
extern const uint3 threadIdx, blockIdx;
extern const dim3 blockDim, gridDim;
constexpr int warpSize = 32;

namespace cuda_on_cpu
{

/* Where a kernel calls something, for messages: a default argument, so that it is the caller's place. */
struct place {
    const char *file;
    int line;
};
constexpr place here(const char *file = __builtin_FILE(), int line = __builtin_LINE())
{
    return {file, line};
}

struct votes {
    int yes, all;
};
/* Returns once every thread of the block that has not exited has come here: how many came with a true value. */
votes barrier(bool vote, place from);

/* Orders what the thread did before with what it does after, for whoever calls it too. */
void fence();

} // namespace cuda_on_cpu

inline void __syncthreads(cuda_on_cpu::place from = cuda_on_cpu::here())
{
    cuda_on_cpu::barrier(false, from);
}
inline int __syncthreads_count(int predicate, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    return cuda_on_cpu::barrier(predicate != 0, from).yes;
}
inline int __syncthreads_or(int predicate, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    return cuda_on_cpu::barrier(predicate != 0, from).yes > 0;
}
inline int __syncthreads_and(int predicate, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    cuda_on_cpu::votes votes = cuda_on_cpu::barrier(predicate != 0, from);
    return votes.yes == votes.all;
}

inline void __threadfence()
{
    cuda_on_cpu::fence();
}
inline void __threadfence_block()
{
    cuda_on_cpu::fence();
}
