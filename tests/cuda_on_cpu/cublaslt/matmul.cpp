/* The functions of cuBLASLt that ranks use, for column-major matrices of f32 and bf16 with f32 sums. What the real one
 * can and this cannot is answered with CUBLAS_STATUS_NOT_SUPPORTED; what a GPU would answer with a fault ends the
 * process. */
#include "../stream.h"
#include "product.h"

#include <memory>
#include <string.h>

using namespace cublaslt_on_cpu;

/* How the opaque descriptors are filled. */
struct description {
    cublasComputeType_t compute;
    cudaDataType_t scale;
    cublasOperation_t turned[2]; /* a, b */
};
static_assert(sizeof(struct description) <= sizeof(cublasLtMatmulDescOpaque_t), "the opaque descriptor is too small");
static_assert(sizeof(struct layout) <= sizeof(cublasLtMatrixLayoutOpaque_t), "the opaque layout is too small");

constexpr size_t ALIGNMENT = 16;        /* bytes: what the fast kernels need of all three matrices */
constexpr size_t COLUMNS_PER_STEP = 16; /* of d, between which other streams may run */

struct cublasLtContext {
    int unused;
};

size_t cublasLtGetVersion(void)
{
    return CUBLAS_VERSION;
}

const char *cublasLtGetStatusString(cublasStatus_t status)
{
    switch (status) {
    case CUBLAS_STATUS_SUCCESS:
        return "success";
    case CUBLAS_STATUS_NOT_INITIALIZED:
        return "the library was not initialized";
    case CUBLAS_STATUS_INVALID_VALUE:
        return "an invalid value was given";
    case CUBLAS_STATUS_EXECUTION_FAILED:
        return "the operation could not be enqueued";
    case CUBLAS_STATUS_NOT_SUPPORTED:
        return "the operation is not supported";
    default:
        return "another status";
    }
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle)
{
    *handle = new cublasLtContext();
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
    delete handle;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *desc, cublasComputeType_t compute, cudaDataType scale)
{
    struct description description = {compute, scale, {CUBLAS_OP_N, CUBLAS_OP_N}};
    *desc = new cublasLtMatmulDescOpaque_t();
    memcpy(*desc, &description, sizeof description);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t desc)
{
    delete desc;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t attribute,
                                              const void *value, size_t bytes)
{
    struct description description;
    bool b = attribute == CUBLASLT_MATMUL_DESC_TRANSB;
    if (attribute != CUBLASLT_MATMUL_DESC_TRANSA && !b)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    if (!desc || !value || bytes != sizeof(cublasOperation_t))
        return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(&description, desc, sizeof description);
    memcpy(&description.turned[b ? 1 : 0], value, bytes);
    memcpy(desc, &description, sizeof description);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *matrix, cudaDataType type, uint64_t rows,
                                          uint64_t columns, int64_t leading)
{
    struct layout layout = {type, (size_t)rows, (size_t)columns, (size_t)leading};
    *matrix = new cublasLtMatrixLayoutOpaque_t();
    memcpy(*matrix, &layout, sizeof layout);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t matrix)
{
    delete matrix;
    return CUBLAS_STATUS_SUCCESS;
}

static struct layout layout_of(cublasLtMatrixLayout_t matrix)
{
    struct layout layout;
    memcpy(&layout, matrix, sizeof layout);
    return layout;
}

/* ---- the product */

/* The combinations of types of the real one that are of f32 and bf16. */
static bool supported(const struct description *description, const struct product *p)
{
    bool sums = description->compute == CUBLAS_COMPUTE_32F || description->compute == CUBLAS_COMPUTE_32F_PEDANTIC;
    cudaDataType_t in = p->a_layout.type, out = p->d_layout.type;
    bool types =
        p->b_layout.type == in && p->c_layout.type == out &&
        ((in == CUDA_R_16BF && (out == CUDA_R_16BF || out == CUDA_R_32F)) || (in == CUDA_R_32F && out == CUDA_R_32F));
    bool turns = true;
    for (cublasOperation_t turned : description->turned)
        turns = turns && (turned == CUBLAS_OP_N || turned == CUBLAS_OP_T);
    return sums && description->scale == CUDA_R_32F && types && turns;
}

static bool fits(const struct layout *layout)
{
    return layout->rows > 0 && layout->columns > 0 && layout->leading >= layout->rows;
}

static bool consistent(const struct product *p)
{
    size_t rows = p->a_turned ? p->a_layout.columns : p->a_layout.rows;
    size_t depth = p->a_turned ? p->a_layout.rows : p->a_layout.columns;
    size_t b_depth = p->b_turned ? p->b_layout.columns : p->b_layout.rows;
    size_t columns = p->b_turned ? p->b_layout.rows : p->b_layout.columns;
    return fits(&p->a_layout) && fits(&p->b_layout) && fits(&p->c_layout) && fits(&p->d_layout) && depth == b_depth &&
           rows == p->d_layout.rows && columns == p->d_layout.columns && p->c_layout.rows == p->d_layout.rows &&
           p->c_layout.columns == p->d_layout.columns;
}

static void must_be_device_memory(const char *what, const void *memory, const struct layout *layout)
{
    if (!cuda_on_cpu::is_device_memory(memory, extent_of(layout)))
        cuda_on_cpu::give_up("cublasLtMatmul: %s (%zu x %zu, leading dimension %zu) at %p is not all in one allocation "
                             "of the device",
                             what, layout->rows, layout->columns, layout->leading, memory);
    if ((uintptr_t)memory % ALIGNMENT)
        cuda_on_cpu::give_up("cublasLtMatmul: %s at %p does not begin at a multiple of %zu bytes", what, memory,
                             ALIGNMENT);
}

static void must_be_reachable(const struct product *p, const void *workspace, size_t workspace_bytes)
{
    must_be_device_memory("A", p->a, &p->a_layout);
    must_be_device_memory("B", p->b, &p->b_layout);
    must_be_device_memory("D", p->d, &p->d_layout);
    if (p->beta != 0)
        must_be_device_memory("C", p->c, &p->c_layout);
    if (workspace_bytes && !cuda_on_cpu::is_device_memory(workspace, workspace_bytes))
        cuda_on_cpu::give_up("cublasLtMatmul: the workspace of %zu bytes is not all in one allocation of the device",
                             workspace_bytes);
}

/* The product, some columns at a time. */
static cuda_on_cpu::step begin_product(const struct product &product, unsigned char *workspace, size_t workspace_bytes)
{
    cuda_on_cpu::note_read(product.a, extent_of(&product.a_layout));
    cuda_on_cpu::note_read(product.b, extent_of(&product.b_layout));
    if (product.beta != 0)
        cuda_on_cpu::note_read(product.c, extent_of(&product.c_layout));
    size_t line = product.d_layout.rows * bytes_of(product.d_layout.type);
    for (size_t j = 0; j < product.d_layout.columns; j++) /* what lies between the columns is not written */
        cuda_on_cpu::note_write(product.d + j * product.d_layout.leading * bytes_of(product.d_layout.type), line);
    cuda_on_cpu::note_write(workspace, workspace_bytes);
    auto done = std::make_shared<size_t>(0);
    return [product, done, workspace, workspace_bytes] {
        if (*done == 0 && workspace_bytes)
            memset(workspace, 0xff, workspace_bytes); /* what another operation left there is gone */
        size_t left = product.d_layout.columns - *done, columns = left < COLUMNS_PER_STEP ? left : COLUMNS_PER_STEP;
        multiply(&product, *done, *done + columns);
        *done += columns;
        return *done == product.d_layout.columns ? cuda_on_cpu::progress::finished : cuda_on_cpu::progress::some;
    };
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void *alpha, const void *a,
                              cublasLtMatrixLayout_t a_layout, const void *b, cublasLtMatrixLayout_t b_layout,
                              const void *beta, const void *c, cublasLtMatrixLayout_t c_layout, void *d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t *algo, void *workspace,
                              size_t workspace_bytes, cudaStream_t stream)
{
    if (!handle)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    if (!desc || !alpha || !beta || !a_layout || !b_layout || !c_layout || !d_layout)
        return CUBLAS_STATUS_INVALID_VALUE;
    struct description description;
    memcpy(&description, desc, sizeof description);
    struct product p = {};
    p.a_turned = description.turned[0] == CUBLAS_OP_T;
    p.b_turned = description.turned[1] == CUBLAS_OP_T;
    p.a_layout = layout_of(a_layout), p.b_layout = layout_of(b_layout);
    p.c_layout = layout_of(c_layout), p.d_layout = layout_of(d_layout);
    p.a = (const unsigned char *)a, p.b = (const unsigned char *)b;
    p.c = (const unsigned char *)c, p.d = (unsigned char *)d;
    if (algo || !supported(&description, &p))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    memcpy(&p.alpha, alpha, sizeof p.alpha);
    memcpy(&p.beta, beta, sizeof p.beta);
    if (!consistent(&p) || (p.beta != 0 && !c))
        return CUBLAS_STATUS_INVALID_VALUE;
    must_be_reachable(&p, workspace, workspace_bytes);
    auto *scratch = (unsigned char *)workspace;
    auto make = [p, scratch, workspace_bytes] { return begin_product(p, scratch, workspace_bytes); };
    return cuda_on_cpu::enqueue(stream, make, "a product of cuBLASLt") == cudaSuccess ? CUBLAS_STATUS_SUCCESS
                                                                                      : CUBLAS_STATUS_EXECUTION_FAILED;
}
