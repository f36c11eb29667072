/* The tests' cuBLASLt multiplies what it says it does, and refuses the rest. */

#include "run_case.h"

#include <check.h>
#include <cublasLt.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 80 * 80 };

/* Column-major matrices with room between the columns; see cublasLtMatmul. */
struct shape {
    bool a_turned, b_turned;
    cudaDataType_t in, out;
    int rows, columns, depth, gap;
    float alpha, beta;
};

static const struct shape shapes[] = {
    {true, false, CUDA_R_32F, CUDA_R_32F, 24, 5, 40, 0, 1,
     0}, /* weights (outputs, inputs), activations (rows, inputs) */
    {true, false, CUDA_R_16BF, CUDA_R_16BF, 24, 5, 40, 0, 1, 0},
    {true, false, CUDA_R_16BF, CUDA_R_32F, 33, 70, 77, 0, 1, 0},
    {true, false, CUDA_R_16BF, CUDA_R_32F, 33, 70, 77, 3, 1, 1},
    {false, false, CUDA_R_32F, CUDA_R_32F, 7, 17, 16, 0, 0.5f, 2},
    {false, true, CUDA_R_32F, CUDA_R_32F, 64, 33, 1, 2, 1, 0},
    {true, true, CUDA_R_16BF, CUDA_R_16BF, 1, 1, 3, 0, -1, 1},
};

struct matrix {
    int rows, columns, leading;
    cudaDataType_t type;
    float values[LARGEST]; /* as the device has them */
    void *device;
    cublasLtMatrixLayout_t layout;
};

static cudaStream_t stream;
static cublasLtHandle_t handle;

static void check_cuda(cudaError_t error)
{
    ck_assert_msg(error == cudaSuccess, "%s", cudaGetErrorString(error));
}

static void check(cublasStatus_t status)
{
    ck_assert_msg(status == CUBLAS_STATUS_SUCCESS, "%s", cublasLtGetStatusString(status));
}

static void open_all(void)
{
    check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    check(cublasLtCreate(&handle));
}

static void close_all(void)
{
    check_cuda(cudaStreamSynchronize(stream));
    check(cublasLtDestroy(handle));
    check_cuda(cudaStreamDestroy(stream));
}

static size_t bytes_of(cudaDataType_t type)
{
    return type == CUDA_R_16BF ? 2 : 4;
}

static void copy(struct matrix *m, bool to_device)
{
    size_t each = bytes_of(m->type), bytes = (size_t)m->leading * (size_t)m->columns * each;
    unsigned char *pinned = NULL;
    check_cuda(cudaMallocHost((void **)&pinned, bytes));
    for (size_t i = 0; to_device && i < bytes / each; i++)
        memcpy(pinned + i * each, (unsigned char *)&m->values[i] + 4 - each, each);
    void *to = to_device ? m->device : pinned, *from = to_device ? pinned : m->device;
    check_cuda(cudaMemcpyAsync(to, from, bytes, to_device ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToHost, stream));
    check_cuda(cudaStreamSynchronize(stream));
    for (size_t i = 0; !to_device && i < bytes / each; i++) {
        m->values[i] = 0;
        memcpy((unsigned char *)&m->values[i] + 4 - each, pinned + i * each, each);
    }
    check_cuda(cudaFreeHost(pinned));
}

static void open_matrix(struct matrix *m, int rows, int columns, int gap, cudaDataType_t type)
{
    memset(m, 0, sizeof *m);
    m->rows = rows, m->columns = columns, m->leading = rows + gap, m->type = type;
    ck_assert_int_le(m->leading * columns, LARGEST);
    for (int i = 0; i < m->leading * columns; i++)
        m->values[i] = (float)(rand() % 33 - 16) / 8; /* bf16 holds these */
    check_cuda(cudaMalloc(&m->device, (size_t)m->leading * (size_t)columns * bytes_of(type)));
    check(cublasLtMatrixLayoutCreate(&m->layout, type, (uint64_t)rows, (uint64_t)columns, m->leading));
    copy(m, true);
}

static void close_matrix(struct matrix *m)
{
    check(cublasLtMatrixLayoutDestroy(m->layout));
    check_cuda(cudaFree(m->device));
}

static float at(const struct matrix *m, bool turned, int i, int j)
{
    return turned ? m->values[j + i * m->leading] : m->values[i + j * m->leading];
}

static cublasLtMatmulDesc_t desc_of(const struct shape *shape)
{
    cublasLtMatmulDesc_t desc = NULL;
    cublasOperation_t a = shape->a_turned ? CUBLAS_OP_T : CUBLAS_OP_N, b = shape->b_turned ? CUBLAS_OP_T : CUBLAS_OP_N;
    check(cublasLtMatmulDescCreate(&desc, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    check(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_TRANSA, &a, sizeof a));
    check(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_TRANSB, &b, sizeof b));
    return desc;
}

START_TEST(products_are_right)
{
    static struct matrix a, b, c, before;
    const struct shape *s = &shapes[_i];
    open_matrix(&a, s->a_turned ? s->depth : s->rows, s->a_turned ? s->rows : s->depth, s->gap, s->in);
    open_matrix(&b, s->b_turned ? s->columns : s->depth, s->b_turned ? s->depth : s->columns, s->gap, s->in);
    open_matrix(&c, s->rows, s->columns, s->gap, s->out);
    cublasLtMatmulDesc_t desc = desc_of(s);
    before = c;
    check(cublasLtMatmul(handle, desc, &s->alpha, a.device, a.layout, b.device, b.layout, &s->beta, c.device, c.layout,
                         c.device, c.layout, NULL, NULL, 0, stream));
    copy(&c, false);
    for (int j = 0; j < s->columns; j++) {
        for (int i = 0; i < s->rows; i++) {
            double sum = 0;
            for (int k = 0; k < s->depth; k++)
                sum += (double)at(&a, s->a_turned, i, k) * (double)at(&b, s->b_turned, k, j);
            double wanted = (double)s->alpha * sum + (double)s->beta * (double)at(&before, false, i, j);
            double room = (s->out == CUDA_R_16BF ? fabs(wanted) / 256 : 0) + 1e-4;
            ck_assert_double_le(fabs((double)at(&c, false, i, j) - wanted), room);
        }
        for (int i = s->rows; i < c.leading; i++)
            ck_assert_float_eq(at(&c, false, i, j), at(&before, false, i, j)); /* what lies between is left alone */
    }
    check(cublasLtMatmulDescDestroy(desc));
    close_matrix(&a), close_matrix(&b), close_matrix(&c);
}
END_TEST

START_TEST(what_it_cannot_do_is_refused)
{
    static struct matrix a, b, c;
    const float one = 1, none = 0;
    const struct shape shape = {true, false, CUDA_R_16BF, CUDA_R_16BF, 8, 8, 16, 0, 1, 0};
    cublasLtMatmulAlgo_t algo = {{0}};
    uint32_t epilogue = 2;
    open_matrix(&a, 16, 8, 0, CUDA_R_16BF);
    open_matrix(&b, 16, 8, 0, CUDA_R_32F);
    open_matrix(&c, 8, 8, 0, CUDA_R_16BF);
    cublasLtMatmulDesc_t desc = desc_of(&shape), tf32 = NULL;
    check(cublasLtMatmulDescCreate(&tf32, CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F));
#define MULTIPLY(desc, b, algo)                                                                                        \
    cublasLtMatmul(handle, desc, &one, a.device, a.layout, (b).device, (b).layout, &none, c.device, c.layout,          \
                   c.device, c.layout, algo, NULL, 0, stream)
    ck_assert_int_eq(MULTIPLY(desc, a, NULL), CUBLAS_STATUS_SUCCESS);
    ck_assert_int_eq(MULTIPLY(desc, b, NULL), CUBLAS_STATUS_NOT_SUPPORTED); /* bf16 by f32 */
    ck_assert_int_eq(MULTIPLY(tf32, a, NULL), CUBLAS_STATUS_NOT_SUPPORTED);
    ck_assert_int_eq(MULTIPLY(desc, a, &algo), CUBLAS_STATUS_NOT_SUPPORTED);
    ck_assert_int_eq(MULTIPLY(desc, c, NULL), CUBLAS_STATUS_INVALID_VALUE); /* depths differ */
    ck_assert_int_eq(cublasLtMatmulDescSetAttribute(desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue),
                     CUBLAS_STATUS_NOT_SUPPORTED);
    check(cublasLtMatmulDescDestroy(desc));
    check(cublasLtMatmulDescDestroy(tf32));
    check_cuda(cudaStreamSynchronize(stream));
    close_matrix(&a), close_matrix(&b), close_matrix(&c);
}
END_TEST

/* Memory of the host, and addresses that are no multiple of 16, end the process with status 97. */
START_TEST(bad_addresses_end_the_process)
{
    static struct matrix a, c;
    static float host[64];
    const float one = 1, none = 0;
    const struct shape shape = {true, false, CUDA_R_32F, CUDA_R_32F, 8, 8, 8, 0, 1, 0};
    open_matrix(&a, 8, 8, 0, CUDA_R_32F);
    open_matrix(&c, 8, 8, 0, CUDA_R_32F);
    const void *addresses[] = {host, (float *)a.device + 1, (float *)a.device + 4};
    cublasLtMatrixLayout_t few = NULL;
    check(cublasLtMatrixLayoutCreate(&few, CUDA_R_32F, 8, 7, 8)); /* fits at places that are shifted a little */
    cublasLtMatmul(handle, desc_of(&shape), &one, a.device, a.layout, addresses[_i], _i < 2 ? few : a.layout, &none,
                   c.device, _i < 2 ? few : c.layout, c.device, _i < 2 ? few : c.layout, NULL, NULL, 0, stream);
}
END_TEST

int main(void)
{
    TCase *products = tcase_create("products");
    tcase_add_checked_fixture(products, open_all, close_all);
    tcase_add_loop_test(products, products_are_right, 0, sizeof shapes / sizeof shapes[0]);
    tcase_add_test(products, what_it_cannot_do_is_refused);
    tcase_add_loop_exit_test(products, bad_addresses_end_the_process, 97, 0, 3);
    return run_case("cublaslt", products);
}
