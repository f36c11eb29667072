/* What the tensor cores do, as functions: one PTX instruction each (sm_80 and later). All lanes of the warp call them
 * together. The tests have their own file of this name for a processor; it is found before this one. */
#pragma once

#include <cuda_runtime.h>

/* d += a b: a is (16, 16) by rows, b (16, 8) by columns, both bf16; d is (16, 8) f32. Lane l holds of a rows l / 4
 * and l / 4 + 8, of b column l / 4, of d the rows of a. A register of a or b holds two bf16 that are neighbours along
 * the 16 summed over: at 2 (l % 4), and 8 further in a[2], a[3] and b[1]. a[1] and a[3] are of row l / 4 + 8. d[0] and
 * d[1] are columns 2 (l % 4) and the next of row l / 4, d[2] and d[3] of row l / 4 + 8. */
__device__ __forceinline__ void mma_m16n8k16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2])
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ unsigned shared_address(const void *shared)
{
    return (unsigned)__cvta_generic_to_shared(shared);
}

/* Loads four matrices of 8 rows of 8 bf16 from shared memory: lane l gives the address of row l % 8 of matrix l / 8,
 * aligned to 16 bytes, and gets in r[i] the elements 2 (l % 4) and the next of row l / 4 of matrix i. */
__device__ __forceinline__ void ldmatrix_x4(unsigned (&r)[4], const void *shared_row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(shared_row))
                 : "memory");
}

/* The same of the transposed matrices: rows 2 (l % 4) and the next of column l / 4. */
__device__ __forceinline__ void ldmatrix_x4_transposed(unsigned (&r)[4], const void *shared_row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(shared_row))
                 : "memory");
}

/* Starts copying 16 bytes from global to shared memory, or zeros if not valid (global is not read then). The calling
 * thread may read them after copy_async_wait, other threads after a barrier that follows it. */
__device__ __forceinline__ void copy_async_16(void *shared, const void *global, bool valid)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)), "l"(global),
                 "r"(valid ? 16 : 0)
                 : "memory");
}

/* Ends a group of copies of the calling thread. */
__device__ __forceinline__ void copy_async_commit()
{
    asm volatile("cp.async.commit_group;" ::: "memory");
}

/* Waits until all groups of the calling thread but the latest GROUPS have landed. */
template <int GROUPS> __device__ __forceinline__ void copy_async_wait()
{
    asm volatile("cp.async.wait_group %0;" ::"n"(GROUPS) : "memory");
}
