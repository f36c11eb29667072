/* Dense matrix products of ops, through cuBLASLt: its own choice of kernel, asked for with each call. The library
 * remembers its choices; descriptors are a few host instructions, far less than a launch, so none are kept. */
#include "cuda/ops/matmul.h"

#include <cassert>

/* cuBLASLt stores matrices column by column: a row-major (rows, columns) one is its (columns, rows). */
static cublasLtMatrixLayout_t layout_of(struct gpu *r, cudaDataType_t type, int rows, int columns)
{
    cublasLtMatrixLayout_t layout = nullptr;
    CUBLASLT_CHECK(
        r, r->cublaslt->cublasLtMatrixLayoutCreate(&layout, type, (uint64_t)columns, (uint64_t)rows, (int64_t)columns));
    return layout;
}

static void multiply(struct gpu *r, const element *in, int rows, const void *weight, int outputs, int inputs, void *out,
                     cudaDataType_t out_type)
{
    assert(rows >= 0 && outputs > 0 && inputs > 0);
    if (rows == 0)
        return;
    const struct cublaslt_library *lt = r->cublaslt;
    cublasLtMatmulDesc_t product = nullptr;
    CUBLASLT_CHECK(r, lt->cublasLtMatmulDescCreate(&product, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    const cublasOperation_t transposed = CUBLAS_OP_T;
    CUBLASLT_CHECK(
        r, lt->cublasLtMatmulDescSetAttribute(product, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed));
    cublasLtMatrixLayout_t weights = layout_of(r, ELEMENT_TYPE, outputs, inputs),
                           ins = layout_of(r, ELEMENT_TYPE, rows, inputs), outs = layout_of(r, out_type, rows, outputs);
    const float one = 1, zero = 0;
    CUBLASLT_CHECK(r, lt->cublasLtMatmul(r->matmuls, product, &one, weight, weights, in, ins, &zero, out, outs, out,
                                         outs, nullptr, r->arena + WORKSPACE_OFFSET, WORKSPACE_BYTES, r->compute));
    CUBLASLT_CHECK(r, lt->cublasLtMatrixLayoutDestroy(outs));
    CUBLASLT_CHECK(r, lt->cublasLtMatrixLayoutDestroy(ins));
    CUBLASLT_CHECK(r, lt->cublasLtMatrixLayoutDestroy(weights));
    CUBLASLT_CHECK(r, lt->cublasLtMatmulDescDestroy(product));
}

void matmul(struct gpu *r, const element *in, int rows, const void *weight, int outputs, int inputs, element *out)
{
    multiply(r, in, rows, weight, outputs, inputs, out, ELEMENT_TYPE);
}

void matmul_f32_out(struct gpu *r, const element *in, int rows, const void *weight, int outputs, int inputs, float *out)
{
    multiply(r, in, rows, weight, outputs, inputs, out, CUDA_R_32F);
}
