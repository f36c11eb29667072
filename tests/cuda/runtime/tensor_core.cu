/* Products by mma_m16n8k16, ldmatrix and asynchronous copies against plain sums; and a tile that is read before its
 * copies have landed (-DNO_WAIT) or before all threads' have (-DNO_BARRIER). Ends with 1 where values are wrong. */
#include "cuda/kernels/tensor_core.cuh"
#include "program.h"

#include <cuda_bf16.h>

extern __shared__ __align__(16) unsigned char dynamic_shared[];

enum { M = 32, N = 16, K = 64, DEPTH = 16, STRIDE = DEPTH + 8 };

/* One stage of shared memory: a tile of a, (M, DEPTH), and of b: (N, DEPTH), or (DEPTH, N) if b is not transposed. */
struct stage {
    __nv_bfloat16 a[M][STRIDE];
    __nv_bfloat16 b[DEPTH * STRIDE];
};

__device__ void load(stage &s, const __nv_bfloat16 *a, const __nv_bfloat16 *b, int k, bool by_columns)
{
    int t = (int)threadIdx.x;
    copy_async_16(&s.a[t / 2][t % 2 * 8], &a[t / 2 * K + k + t % 2 * 8], true);
    if (t < 32 && by_columns)
        copy_async_16(&s.b[t / 2 * STRIDE + t % 2 * 8], &b[t / 2 * K + k + t % 2 * 8], true);
    else if (t < 32)
        copy_async_16(&s.b[t / 2 * STRIDE + t % 2 * 8], &b[(k + t / 2) * N + t % 2 * 8], true);
    copy_async_commit();
}

/* c (M, N) = a (M, K) b; b is (N, K) if by_columns, else (K, N). Two warps: one for each 16 rows. */
__global__ void multiply(const __nv_bfloat16 *a, const __nv_bfloat16 *b, float *c, bool by_columns)
{
    stage *stages = (stage *)dynamic_shared;
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
    float sums[2][4] = {};
    load(stages[0], a, b, 0, by_columns);
    for (int k = 0; k < K; k += DEPTH) {
        stage &now = stages[k / DEPTH % 2];
#ifndef NO_WAIT
        copy_async_wait<0>();
#endif
#ifndef NO_BARRIER
        __syncthreads();
#endif
        if (k + DEPTH < K)
            load(stages[(k / DEPTH + 1) % 2], a, b, k + DEPTH, by_columns);
        unsigned rows[4], columns[4];
        ldmatrix_x4(rows, &now.a[warp * 16 + lane % 16][lane / 16 * 8]);
        if (by_columns)
            ldmatrix_x4(columns, &now.b[(lane / 16 * 8 + lane % 8) * STRIDE + lane / 8 % 2 * 8]);
        else
            ldmatrix_x4_transposed(columns, &now.b[(lane % 16) * STRIDE + lane / 16 * 8]);
        mma_m16n8k16(sums[0], rows, {columns[0], columns[1]});
        mma_m16n8k16(sums[1], rows, {columns[2], columns[3]});
    }
    for (int half = 0; half < 2; half++)
        for (int i = 0; i < 4; i++)
            c[(warp * 16 + lane / 4 + i / 2 * 8) * N + half * 8 + lane % 4 * 2 + i % 2] = sums[half][i];
}

/* Rows beyond `rows` are zeros, whatever the address. */
__global__ void copy_rows(const uint4 *from, uint4 *to, int rows)
{
    uint4 *shared = (uint4 *)dynamic_shared;
    int t = (int)threadIdx.x;
    copy_async_16(&shared[t], t < rows ? &from[t] : nullptr, t < rows);
    copy_async_commit();
    copy_async_wait<0>();
    __syncthreads();
    to[t] = shared[blockDim.x - 1 - (unsigned)t];
}

static void check_product(cudaStream_t stream, bool by_columns)
{
    buffer<__nv_bfloat16> a(M * K), b(N * K);
    buffer<float> c(M * N);
    for (int i = 0; i < M * K; i++)
        a.host[i] = __float2bfloat16_rn((float)(i * 37 % 101) / 50.0f - 1);
    for (int i = 0; i < N * K; i++)
        b.host[i] = __float2bfloat16_rn((float)(i * 53 % 97) / 48.0f - 1);
    a.to_device(stream);
    b.to_device(stream);
    run(multiply, 1, 64, 2 * sizeof(stage), stream, a.device, b.device, c.device, by_columns);
    c.to_host(stream);
    CHECK(cudaStreamSynchronize(stream));
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < K; k++)
                sum += (double)__bfloat162float(a.host[i * K + k]) *
                       (double)__bfloat162float(b.host[by_columns ? j * K + k : k * N + j]);
            expect_near("a product", c.host[i * N + j], sum, 1e-5);
        }
}

int main()
{
    cudaStream_t stream = new_stream();
    check_product(stream, true);
    check_product(stream, false);

    buffer<uint4> from(32), to(32);
    for (unsigned i = 0; i < 32; i++)
        from.host[i] = make_uint4(i, i + 100, i + 200, i + 300);
    from.to_device(stream);
    run(copy_rows, 1, 32, 32 * sizeof(uint4), stream, from.device, to.device, 20);
    to.to_host(stream);
    CHECK(cudaStreamSynchronize(stream));
    for (unsigned i = 0; i < 32; i++)
        expect_near("a copied row", to.host[i].w, 31 - i < 20 ? 31 - i + 300 : 0, 0);
    return verdict();
}
