/* Copies from global to shared memory that run beside the threads that asked for them (cp.async of the PTX ISA). On a
 * processor they are done at once. */
#pragma once

#include <cuda_runtime.h>

#include <cstring>

/* 16 bytes, both places aligned to that. Not wanted: zeros, and `from` is not read. */
__device__ __forceinline__ void copy_async(void *shared, const void *from, bool wanted)
{
#ifdef __CUDA_ARCH__
    asm volatile(
        "cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"((unsigned)__cvta_generic_to_shared(shared)),
        "l"(from), "r"(wanted ? 16 : 0)
        : "memory");
#else
    if (wanted)
        memcpy(shared, from, 16);
    else
        memset(shared, 0, 16);
#endif
}

/* Ends a group of this thread's copies. */
__device__ __forceinline__ void end_copies()
{
#ifdef __CUDA_ARCH__
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/* Waits until at most `GROUPS` of this thread's newest groups are under way. */
template <int GROUPS> __device__ __forceinline__ void await_copies()
{
#ifdef __CUDA_ARCH__
    asm volatile("cp.async.wait_group %0;" ::"n"(GROUPS) : "memory");
#endif
}
