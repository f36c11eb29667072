/* A rank of the class at hand without a job: the parts of runtime/cuda/ that ops and schedules call, its memory, its
 * steps, and the rates that it is compared with. */
#include "cuda/devices.h"
#include "mirror.h"
#include "rank.h"

#include <cassert>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

enum { MOST_OPS = 4096, FILL_THREADS = 256 };

__attribute__((noreturn)) static void give_up(const char *what, const char *why)
{
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* ---- what ops and schedules call */

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
        give_up(call, "a copy in NCCL's place failed");
}

void gpu_check_cublaslt(struct gpu *r, cublasStatus_t status, const char *call)
{
    if (status != CUBLAS_STATUS_SUCCESS)
        give_up(call, r->cublaslt->cublasLtGetStatusString(status));
}

bool gpu_op_begins(struct gpu *r, int micro, int layer, const char *text)
{
    r->op_layer = layer;
    r->op_text = text;
    return micro < r->active;
}

static void record_on(struct gpu *r, int op, cudaStream_t stream)
{
    assert(op > 0 && op < MOST_OPS);
    if (!r->events[op])
        GPU_CHECK(r, cudaEventCreateWithFlags(&r->events[op], cudaEventDisableTiming));
    GPU_CHECK(r, cudaEventRecord(r->events[op], stream));
}

void record_compute(struct gpu *r, int op)
{
    record_on(r, op, r->compute);
}

void record_comm(struct gpu *r, int op)
{
    record_on(r, op, r->comm);
}

void compute_awaits(struct gpu *r, int op)
{
    GPU_CHECK(r, cudaStreamWaitEvent(r->compute, r->events[op], cudaEventWaitDefault));
}

void comm_awaits(struct gpu *r, int op)
{
    GPU_CHECK(r, cudaStreamWaitEvent(r->comm, r->events[op], cudaEventWaitDefault));
}

void host_awaits(struct gpu *r, int op)
{
    cudaError_t status;
    while ((status = cudaEventQuery(r->events[op])) == cudaErrorNotReady)
        continue;
    gpu_check(r, status, "an op on the device");
}

/* ---- memory */

/* Values evenly between -scale and scale, a hash of their place. Two bf16 read as one f32 are as large as the second,
 * so what is f32 among the weights gets sensible values too. */
template <class T> __global__ void bench_fill(T *values, size_t count, float scale, unsigned seed)
{
    const size_t step = (size_t)gridDim.x * blockDim.x;
    for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
        unsigned hash = ((unsigned)i ^ (unsigned)(i >> 32) ^ seed) * 2654435761U;
        hash = (hash ^ hash >> 15) * 2246822519U;
        hash = (hash ^ hash >> 13) * 3266489917U;
        values[i] = from_float<T>(scale * ((float)(hash >> 8) / 8388608.0F - 1.0F));
    }
}

__global__ void bench_fill_ones(float *values, int count)
{
    for (int i = (int)threadIdx.x; i < count; i += (int)blockDim.x)
        values[i] = 1.0F;
}

template <class T> static void fill(struct gpu *r, void *memory, size_t bytes, float scale)
{
    static unsigned seed;
    const size_t count = bytes / sizeof(T), blocks = (count + FILL_THREADS - 1) / FILL_THREADS;
    launch(r, r->compute, dim3((unsigned)(blocks < 65536 ? blocks : 65536)), dim3(FILL_THREADS), 0, bench_fill<T>,
           (T *)memory, count, scale, seed += 0x9e3779b9U);
}

static unsigned char *device_memory(struct gpu *r, size_t bytes)
{
    void *memory = nullptr;
    GPU_CHECK(r, cudaMalloc(&memory, bytes));
    GPU_CHECK(r, cudaMemsetAsync(memory, 0, bytes, r->compute));
    return (unsigned char *)memory;
}

static void fill_ones(struct gpu *r, size_t offset)
{
    launch(r, r->compute, dim3(1), dim3(FILL_THREADS), 0, bench_fill_ones, (float *)(r->dense + offset), (int)HIDDEN);
}

static void take_memory(struct gpu *r)
{
    const float scale = 0.02F;
    void *pinned = nullptr;
    GPU_CHECK(r, cudaMallocHost(&pinned, sizeof(struct host_counts) * MICRO_BATCHES));
    r->pinned = (unsigned char *)pinned;
    r->arena = device_memory(r, ARENA_BYTES);
    fill<element>(r, r->arena + KV_OFFSET, KV_BYTES, 1);
    unsigned char *dense = device_memory(r, DENSE_BYTES), *experts = device_memory(r, EXPERTS_BYTES);
    fill<element>(r, dense, DENSE_BYTES, scale);
    fill<element>(r, experts, EXPERTS_BYTES, scale);
    r->dense = dense;
    r->experts = experts;
    for (int layer = 0; layer < LAYERS; layer++) {
        fill_ones(r, INPUT_NORM_WEIGHT + (size_t)layer * DENSE_LAYER_STRIDE);
        fill_ones(r, POST_NORM_WEIGHT + (size_t)layer * DENSE_LAYER_STRIDE);
    }
#ifdef LAST_STAGE
    fill_ones(r, FINAL_NORM_WEIGHT);
#endif
}

struct gpu *bench_open(void)
{
    static struct gpu gpu;
    static cudaEvent_t events[MOST_OPS];
    static struct cublaslt_library cublaslt;
    struct gpu *r = &gpu;
    char message[512];
    if (count_gpus(message, sizeof message) == 0)
        give_up("no GPU", message);
    const char *wrong = open_cublaslt(&cublaslt, message, sizeof message);
    if (wrong)
        give_up("no cuBLASLt", wrong);
    r->cublaslt = &cublaslt;
    r->nccl = &mirror;
    r->events = events;
    r->pp = PP > 1;
    int least = 0, greatest = 0;
    GPU_CHECK(r, cudaDeviceGetStreamPriorityRange(&least, &greatest));
    GPU_CHECK(r, cudaStreamCreateWithPriority(&r->compute, cudaStreamNonBlocking, least));
    GPU_CHECK(r, cudaStreamCreateWithPriority(&r->comm, cudaStreamNonBlocking, greatest));
    CUBLASLT_CHECK(r, cublaslt.cublasLtCreate(&r->matmuls));
    take_memory(r);
    GPU_CHECK(r, cudaStreamSynchronize(r->compute));
    return r;
}

void bench_fill_rows(struct gpu *r)
{
    for (int m = 0; m < MICRO_BATCHES; m++) {
        fill<float>(r, residual_of(r, (enum micro_batch)m), RESIDUAL_A_BYTES, 1.7F);
        fill<element>(r, partial_of(r, (enum micro_batch)m), PARTIAL_A_BYTES, 1.7F);
    }
}

std::vector<uint64_t> bench_load(struct gpu *r)
{
    std::vector<uint64_t> counts((size_t)LAYERS * (EXPERT_SLOTS + 1)), rows;
    const size_t bytes = counts.size() * sizeof counts[0];
    GPU_CHECK(r, cudaStreamSynchronize(r->compute));
    GPU_CHECK(r, cudaMemcpy(counts.data(), r->arena + LOAD_OFFSET, bytes, cudaMemcpyDeviceToHost));
    GPU_CHECK(r, cudaMemsetAsync(r->arena + LOAD_OFFSET, 0, bytes, r->compute));
    for (size_t i = 0; i < counts.size(); i++)
        if (i % (EXPERT_SLOTS + 1) < EXPERT_SLOTS) /* the last of a layer are the rows that were dropped */
            rows.push_back(counts[i]);
    return rows;
}

/* ---- steps */

void bench_step(struct gpu *r, int sequences, int rows, int first, bool decode)
{
    std::vector<unsigned char> bytes(step_header_bytes(STEP_ROWS, SEQUENCES, SEQUENCE_BLOCKS));
    assert(sequences <= SEQUENCES && sequences * rows <= STEP_ROWS && first + rows <= CONTEXT);
    const int active = sequences * rows < MICRO_BATCHES ? 1 : (int)MICRO_BATCHES;
    struct step_header *header = (struct step_header *)bytes.data();
    struct step_row *row = (struct step_row *)(header + 1);
    *header = {decode, (uint32_t)active, (uint32_t)(sequences * rows), 0};
    for (int i = 0; i < sequences * rows; i++)
        row[i] = {i * 7919 % VOCABULARY, first + i % rows, i / rows, decode};
    struct sampling *sampling = (struct sampling *)(bytes.data() + step_sampling_offset(STEP_ROWS));
    uint32_t *tables = (uint32_t *)(bytes.data() + step_tables_offset(STEP_ROWS, SEQUENCES));
    for (int i = 0; i < SEQUENCES; i++)
        sampling[i] = {0, 1, 0, 0, 0};
    for (int i = 0; i < SEQUENCES * SEQUENCE_BLOCKS; i++)
        tables[i] = (uint32_t)i;
    GPU_CHECK(r, cudaMemcpy(r->arena + STEP_OFFSET, bytes.data(), bytes.size(), cudaMemcpyHostToDevice));
    r->active = active;
    r->decode = decode;
    for (int m = 0; m < active; m++) {
        const int begin = (int)micro_begin(header, (uint32_t)m), end = (int)micro_begin(header, (uint32_t)m + 1);
        r->slices[m] = {begin, end - begin, decode ? end - begin : 0};
    }
}

double bench_elapsed(struct gpu *r, cudaEvent_t begin, cudaEvent_t end)
{
    float milliseconds = 0;
    GPU_CHECK(r, cudaEventSynchronize(end));
    GPU_CHECK(r, cudaEventElapsedTime(&milliseconds, begin, end));
    return milliseconds / 1e3;
}

/* ---- what they are compared with */

double bench_dense_rate(struct gpu *r, int rows, int outputs, int inputs)
{
    const size_t in_bytes = sizeof(element) * rows * inputs, out_bytes = sizeof(element) * rows * outputs,
                 weight_bytes = sizeof(element) * outputs * inputs;
    unsigned char *in = device_memory(r, in_bytes), *out = device_memory(r, out_bytes),
                  *weight = device_memory(r, weight_bytes);
    fill<element>(r, in, in_bytes, 1.7F);
    fill<element>(r, weight, weight_bytes, 0.02F);
    const double seconds = bench_seconds(
        r, [] {}, [&] { matmul(r, (element *)in, rows, weight, outputs, inputs, (element *)out); });
    GPU_CHECK(r, cudaFree(in));
    GPU_CHECK(r, cudaFree(out));
    GPU_CHECK(r, cudaFree(weight));
    return 2.0 * rows * outputs * inputs / seconds;
}

double bench_copy_rate(struct gpu *r)
{
#ifdef BENCH_ON_CPU
    const size_t bytes = 1 << 20;
#else
    const size_t bytes = 1 << 30; /* far beyond any cache */
#endif
    unsigned char *from = device_memory(r, bytes), *to = device_memory(r, bytes);
    const double seconds = bench_seconds(
        r, [] {}, [&] { GPU_CHECK(r, cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, r->compute)); });
    GPU_CHECK(r, cudaFree(from));
    GPU_CHECK(r, cudaFree(to));
    return 2.0 * (double)bytes / seconds;
}

void bench_row(const char *what, const char *figure_format, double figure, const char *goal, const char *format, ...)
{
    char text[64] = "not measured", from[256] = "executed on a processor";
#ifndef BENCH_ON_CPU
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(from, sizeof from, format, arguments);
    va_end(arguments);
    snprintf(text, sizeof text, figure_format, figure);
#else
    (void)figure_format, (void)figure, (void)format;
#endif
    printf("| %s | %s | %s | %s |\n", what, text, goal, from);
}
