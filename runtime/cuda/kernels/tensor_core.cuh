/* What a warp asks of the matrix units and of the copies that run beside it, as the PTX ISA gives it from compute
 * capability 8.0 on. On a processor the tests' file of this name is found first. */
#pragma once

#include <cuda_runtime.h>

/* d += a b for the whole warp: a is (16, 16) and b (16, 8) of bf16, d (16, 8) of f32. Lane l holds rows l / 4 and
 * l / 4 + 8 of a and d, column l / 4 of b, and pairs of neighbours at 2 (l % 4): a by row, then by half of the columns.
 */
__device__ __forceinline__ void mma_m16n8k16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2])
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                 "{%0,%1,%2,%3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/* Four matrices of 8 rows of 8 bf16 in shared memory: lane l gives the address of row l % 8 of matrix l / 8, 16-byte
 * aligned, and gets of each the pair of neighbours at (l / 4, 2 (l % 4)); transposed, the pair (2 (l % 4), l / 4) and
 * the one below. */
__device__ __forceinline__ void ldmatrix_x4(unsigned (&r)[4], const void *shared_row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"((unsigned)__cvta_generic_to_shared(shared_row))
                 : "memory");
}

__device__ __forceinline__ void ldmatrix_x4_transposed(unsigned (&r)[4], const void *shared_row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"((unsigned)__cvta_generic_to_shared(shared_row))
                 : "memory");
}

/* 16 bytes from global to shared memory, both 16-byte aligned, beside the threads that go on. Not valid: zeros, and
 * `global` is not read. */
__device__ __forceinline__ void copy_async_16(void *shared, const void *global, bool valid)
{
    asm volatile(
        "cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"((unsigned)__cvta_generic_to_shared(shared)),
        "l"(global), "r"(valid ? 16 : 0)
        : "memory");
}

/* Ends a group of this thread's copies. */
__device__ __forceinline__ void copy_async_commit()
{
    asm volatile("cp.async.commit_group;" ::: "memory");
}

/* Waits until at most `GROUPS` of this thread's newest groups are under way. */
template <int GROUPS> __device__ __forceinline__ void copy_async_wait()
{
    asm volatile("cp.async.wait_group %0;" ::"n"(GROUPS) : "memory");
}
