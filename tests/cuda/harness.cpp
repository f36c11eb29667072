/* The parts of runtime/cuda/ that ops call, for one rank without a job: a failure ends the test's process. */
#include "harness.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

static void give_up(const char *call, const char *why)
{
    fprintf(stderr, "%s: %s\n", call, why);
    abort();
}

void gpu_check(struct gpu *r, cudaError_t status, const char *call)
{
    (void)r;
    if (status != cudaSuccess)
        give_up(call, cudaGetErrorString(status));
}

void gpu_check_nccl(struct gpu *r, ncclResult_t status, const char *call)
{
    (void)r;
    if (status != ncclSuccess)
        give_up(call, "NCCL failed");
}

void gpu_check_cublaslt(struct gpu *r, cublasStatus_t status, const char *call)
{
    (void)r;
    if (status != CUBLAS_STATUS_SUCCESS)
        give_up(call, "cuBLASLt failed");
}

bool gpu_op_begins(struct gpu *r, int micro, int layer, const char *text)
{
    r->op++;
    r->op_text = text;
    r->op_layer = layer;
    return micro < r->active;
}

void host_awaits(struct gpu *r, int op)
{
    (void)op;
    harness_finish(r);
}

void harness_finish(struct gpu *r)
{
    GPU_CHECK(r, cudaStreamSynchronize(r->compute));
    GPU_CHECK(r, cudaStreamSynchronize(r->comm));
}

static unsigned char *device_memory(struct gpu *r, size_t bytes)
{
    void *memory = nullptr;
    GPU_CHECK(r, cudaMalloc(&memory, bytes));
    GPU_CHECK(r, cudaMemsetAsync(memory, 0xff, bytes, r->compute));
    return (unsigned char *)memory;
}

/* With TEST_CUBLASLT, ops multiply through the library that ranks open, else through plain_matmul.cpp. */
static void open_matmuls(struct gpu *r)
{
#ifdef TEST_CUBLASLT
    static struct cublaslt_library library;
    char message[512];
    const char *wrong = open_cublaslt(&library, message, sizeof message);
    if (wrong)
        give_up("open_cublaslt", wrong);
    r->cublaslt = &library;
    CUBLASLT_CHECK(r, library.cublasLtCreate(&r->matmuls));
#else
    (void)r;
#endif
}

struct gpu *harness_open(void)
{
    struct gpu *r = new struct gpu();
    GPU_CHECK(r, cudaStreamCreateWithFlags(&r->compute, cudaStreamNonBlocking));
    GPU_CHECK(r, cudaStreamCreateWithFlags(&r->comm, cudaStreamNonBlocking));
    r->arena = device_memory(r, ARENA_BYTES);
    r->dense = device_memory(r, DENSE_BYTES);
    r->experts = device_memory(r, EXPERTS_BYTES);
    void *pinned = nullptr;
    GPU_CHECK(r, cudaMallocHost(&pinned, sizeof(struct host_counts) * MICRO_BATCHES));
    r->pinned = (unsigned char *)pinned;
    open_matmuls(r);
    harness_finish(r);
    return r;
}

void harness_close(struct gpu *r)
{
    harness_finish(r);
    cudaFree(r->arena);
    cudaFree((void *)r->dense);
    cudaFree((void *)r->experts);
    cudaFreeHost(r->pinned);
    cudaStreamDestroy(r->compute);
    cudaStreamDestroy(r->comm);
    delete r;
}

void harness_put(struct gpu *r, void *device, const void *host, size_t bytes)
{
    void *pinned = nullptr;
    if (bytes == 0)
        return;
    GPU_CHECK(r, cudaMallocHost(&pinned, bytes));
    memcpy(pinned, host, bytes);
    GPU_CHECK(r, cudaMemcpyAsync(device, pinned, bytes, cudaMemcpyHostToDevice, r->compute));
    harness_finish(r);
    GPU_CHECK(r, cudaFreeHost(pinned));
}

void harness_get(struct gpu *r, void *host, const void *device, size_t bytes)
{
    void *pinned = nullptr;
    if (bytes == 0)
        return;
    GPU_CHECK(r, cudaMallocHost(&pinned, bytes));
    GPU_CHECK(r, cudaMemcpyAsync(pinned, device, bytes, cudaMemcpyDeviceToHost, r->compute));
    harness_finish(r);
    memcpy(host, pinned, bytes);
    GPU_CHECK(r, cudaFreeHost(pinned));
}

template <class T> static void put_values(unsigned char *place, const std::vector<T> &values)
{
    if (!values.empty())
        memcpy(place, values.data(), values.size() * sizeof values[0]);
}

void harness_step(struct gpu *r, const std::vector<struct step_row> &rows, int active,
                  const std::vector<struct sampling> &sampling, const std::vector<uint32_t> &block_tables)
{
    std::vector<unsigned char> bytes(step_header_bytes(STEP_ROWS, SEQUENCES, SEQUENCE_BLOCKS));
    struct step_header header = {0, (uint32_t)active, (uint32_t)rows.size(), 0};
    memcpy(bytes.data(), &header, sizeof header);
    put_values(&bytes[sizeof header], rows);
    put_values(&bytes[step_sampling_offset(STEP_ROWS)], sampling);
    put_values(&bytes[step_tables_offset(STEP_ROWS, SEQUENCES)], block_tables);
    harness_put(r, r->arena + STEP_OFFSET, bytes.data(), bytes.size());
    r->active = active;
    for (int m = 0; m < active; m++) {
        int begin = (int)micro_begin(&header, (uint32_t)m), end = (int)micro_begin(&header, (uint32_t)m + 1),
            wanted = 0;
        for (int i = begin; i < end; i++)
            wanted += rows[i].wants != 0;
        r->slices[m] = {begin, end - begin, wanted};
    }
}
