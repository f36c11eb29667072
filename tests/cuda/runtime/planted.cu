/* A program with a mistake of synchronization, chosen by its argument ("none": all scenarios, none wrong). Ends with 1
 * where values are wrong; built with ThreadSanitizer, with its status where it reports a race. The suite
 * planted_bugs.cpp counts how often each is found. */
#include "cuda/kernels/tensor_core.cuh"
#include "program.h"

#include <cstring>

extern __shared__ __align__(16) unsigned char dynamic_shared[];

enum bug {
    NONE,
    BARRIER_AFTER_LOAD,
    BARRIER_BEFORE_LOAD,
    WAIT_FOR_ASYNC_COPY,
    WAIT_FOR_TOO_FEW,
    ASYNC_COPY_TOO_EARLY,
    BARRIER_AFTER_ASYNC_COPY,
    EVENT_COPY_TO_KERNEL,
    EVENT_KERNEL_TO_COPY,
    BUFFER_OF_TWO_STREAMS,
    EDGE_COPY_TO_KERNEL,
    EDGE_KERNEL_TO_COPY,
    HOST_READS_EARLY,
    HOST_WRITES_EARLY,
};

enum { TILE = 4, SIDE = 12, VALUES = SIDE * SIDE, ROWS = 48 };

/* c = a b, all (SIDE, SIDE). */
__global__ void multiply_tiles(const float *a, const float *b, float *c, enum bug bug)
{
    static __shared__ float tile_a[TILE][TILE], tile_b[TILE][TILE];
    unsigned x = threadIdx.x, y = threadIdx.y, row = blockIdx.y * TILE + y, column = blockIdx.x * TILE + x;
    float sum = 0;
    for (unsigned k = 0; k < SIDE; k += TILE) {
        tile_a[y][x] = a[row * SIDE + k + x];
        tile_b[y][x] = b[(k + y) * SIDE + column];
        if (bug != BARRIER_AFTER_LOAD)
            __syncthreads();
        for (unsigned i = 0; i < TILE; i++)
            sum += tile_a[y][i] * tile_b[i][x];
        if (bug != BARRIER_BEFORE_LOAD)
            __syncthreads();
    }
    c[row * SIDE + column] = sum;
}

/* Turns each ROWS rows of 4 floats around, a thread a row, by way of two stages of shared memory. */
__global__ void turn_rows(const float4 *from, float4 *to, int rounds, enum bug bug)
{
    float4 *stages = (float4 *)dynamic_shared;
    unsigned t = threadIdx.x;
    copy_async_16(&stages[t], &from[t], true);
    copy_async_commit();
    for (int i = 0; i < rounds; i++) {
        if (bug == WAIT_FOR_TOO_FEW)
            copy_async_wait<1>();
        else if (bug != WAIT_FOR_ASYNC_COPY)
            copy_async_wait<0>();
        if (bug != BARRIER_AFTER_ASYNC_COPY && bug != ASYNC_COPY_TOO_EARLY)
            __syncthreads();
        if (i + 1 < rounds) {
            copy_async_16(&stages[(i + 1) % 2 * ROWS + t], &from[(i + 1) * ROWS + t], true);
            copy_async_commit();
        }
        if (bug == ASYNC_COPY_TOO_EARLY)
            __syncthreads();
        to[i * ROWS + t] = stages[i % 2 * ROWS + ROWS - 1 - t];
    }
}

__global__ void scale(const float *from, float *to, float factor, int count)
{
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < count)
        to[i] = from[i] * factor;
}

__global__ void add_neighbour(const float *from, float *to, int count)
{
    int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < count)
        to[i] = from[i] + from[(i + 1) % count];
}

static void fill(buffer<float> &values, int round)
{
    for (int i = 0; i < VALUES; i++)
        values.host[i] = (float)((i * 7 + round * 5) % 11) - 5;
}

static void expect_product(const float *a, const float *b, const float *c)
{
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            float sum = 0;
            for (int k = 0; k < SIDE; k++)
                sum += a[i * SIDE + k] * b[k * SIDE + j];
            expect_near("a product", c[i * SIDE + j], sum, 0);
        }
}

static void barriers(enum bug bug)
{
    cudaStream_t stream = new_stream();
    buffer<float> a(VALUES), b(VALUES), c(VALUES);
    fill(a, 0);
    fill(b, 1);
    a.to_device(stream);
    b.to_device(stream);
    run(multiply_tiles, dim3(SIDE / TILE, SIDE / TILE), dim3(TILE, TILE), 0, stream, a.device, b.device, c.device, bug);
    c.to_host(stream);
    CHECK(cudaStreamSynchronize(stream));
    expect_product(a.host, b.host, c.host);
}

static void async_copies(enum bug bug)
{
    enum { ROUNDS = 4 };
    cudaStream_t stream = new_stream();
    buffer<float4> from(ROWS * ROUNDS), to(ROWS * ROUNDS);
    for (int i = 0; i < ROWS * ROUNDS; i++)
        from.host[i] = make_float4((float)i, 0, 0, (float)-i);
    from.to_device(stream);
    run(turn_rows, 1, ROWS, 2 * ROWS * sizeof(float4), stream, from.device, to.device, (int)ROUNDS, bug);
    to.to_host(stream);
    CHECK(cudaStreamSynchronize(stream));
    for (int i = 0; i < ROWS * ROUNDS; i++)
        expect_near("a row", to.host[i].w, -(i / ROWS * ROWS + ROWS - 1 - i % ROWS), 0);
}

/* Copies in on one stream, multiplies on the second, copies out on the third. */
struct pipeline {
    cudaStream_t in = new_stream(), compute = new_stream(), out = new_stream();
    cudaEvent_t arrived = new_event(), computed = new_event(), begun = new_event();
    buffer<float> a{VALUES}, b{VALUES}, c{VALUES};

    void enqueue(bool waits_for_copy, bool waits_for_kernel)
    {
        a.to_device(in);
        b.to_device(in);
        CHECK(cudaEventRecord(arrived, in));
        if (waits_for_copy)
            CHECK(cudaStreamWaitEvent(compute, arrived, 0));
        run(multiply_tiles, dim3(SIDE / TILE, SIDE / TILE), dim3(TILE, TILE), 0, compute, a.device, b.device, c.device,
            NONE);
        CHECK(cudaEventRecord(computed, compute));
        if (waits_for_kernel)
            CHECK(cudaStreamWaitEvent(out, computed, 0));
        c.to_host(out);
    }
};

static void events(enum bug bug)
{
    pipeline p;
    fill(p.a, 0);
    fill(p.b, 1);
    p.enqueue(bug != EVENT_COPY_TO_KERNEL, bug != EVENT_KERNEL_TO_COPY);
    if (bug == HOST_WRITES_EARLY)
        p.a.host[3] = 100;
    if (bug != HOST_READS_EARLY)
        CHECK(cudaStreamSynchronize(p.out));
    if (bug == HOST_WRITES_EARLY)
        fill(p.a, 0);
    expect_product(p.a.host, p.b.host, p.c.host);
    CHECK(cudaDeviceSynchronize());
}

/* Two streams that use one scratch buffer, the second after the first. */
static void shared_scratch(enum bug bug)
{
    cudaStream_t streams[2] = {new_stream(), new_stream()};
    cudaEvent_t first_is_done = new_event();
    buffer<float> from(VALUES), scratch(VALUES), first(VALUES), second(VALUES);
    buffer<float> *results[2] = {&first, &second};
    fill(from, 0);
    from.to_device(streams[0]);
    CHECK(cudaStreamSynchronize(streams[0]));
    for (int i = 0; i < 2; i++) {
        if (i == 1 && bug != BUFFER_OF_TWO_STREAMS)
            CHECK(cudaStreamWaitEvent(streams[1], first_is_done, 0));
        run(scale, 9, 16, 0, streams[i], from.device, scratch.device, (float)(i + 2), (int)VALUES);
        run(add_neighbour, 9, 16, 0, streams[i], scratch.device, results[i]->device, (int)VALUES);
        if (i == 0)
            CHECK(cudaEventRecord(first_is_done, streams[0]));
        results[i]->to_host(streams[i]);
    }
    CHECK(cudaDeviceSynchronize());
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < VALUES; j++)
            expect_near("a sum", results[i]->host[j],
                        (double)(i + 2) * (double)(from.host[j] + from.host[(j + 1) % VALUES]), 0);
}

static void graphs(enum bug bug)
{
    pipeline p;
    CHECK(cudaStreamBeginCapture(p.in, cudaStreamCaptureModeThreadLocal));
    CHECK(cudaEventRecord(p.begun, p.in));
    CHECK(cudaStreamWaitEvent(p.compute, p.begun, 0));
    CHECK(cudaStreamWaitEvent(p.out, p.begun, 0));
    p.enqueue(bug != EDGE_COPY_TO_KERNEL, bug != EDGE_KERNEL_TO_COPY);
    cudaEvent_t ends[2] = {new_event(), new_event()};
    CHECK(cudaEventRecord(ends[0], p.compute));
    CHECK(cudaEventRecord(ends[1], p.out));
    for (cudaEvent_t end : ends)
        CHECK(cudaStreamWaitEvent(p.in, end, 0));
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    CHECK(cudaStreamEndCapture(p.in, &graph));
    CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CHECK(cudaGraphDestroy(graph));
    for (int round = 0; round < 3; round++) {
        fill(p.a, round);
        fill(p.b, round + 1);
        CHECK(cudaGraphLaunch(executable, p.in));
        CHECK(cudaStreamSynchronize(p.in));
        expect_product(p.a.host, p.b.host, p.c.host);
    }
    CHECK(cudaGraphExecDestroy(executable));
}

static const struct {
    const char *name;
    enum bug bug;
    void (*scenario)(enum bug bug);
} planted[] = {
    {"barrier_after_load", BARRIER_AFTER_LOAD, barriers},
    {"barrier_before_load", BARRIER_BEFORE_LOAD, barriers},
    {"wait_for_async_copy", WAIT_FOR_ASYNC_COPY, async_copies},
    {"wait_for_too_few", WAIT_FOR_TOO_FEW, async_copies},
    {"async_copy_too_early", ASYNC_COPY_TOO_EARLY, async_copies},
    {"barrier_after_async_copy", BARRIER_AFTER_ASYNC_COPY, async_copies},
    {"event_copy_to_kernel", EVENT_COPY_TO_KERNEL, events},
    {"event_kernel_to_copy", EVENT_KERNEL_TO_COPY, events},
    {"host_reads_early", HOST_READS_EARLY, events},
    {"host_writes_early", HOST_WRITES_EARLY, events},
    {"buffer_of_two_streams", BUFFER_OF_TWO_STREAMS, shared_scratch},
    {"edge_copy_to_kernel", EDGE_COPY_TO_KERNEL, graphs},
    {"edge_kernel_to_copy", EDGE_KERNEL_TO_COPY, graphs},
};

int main(int count, char **arguments)
{
    const char *name = count > 1 ? arguments[1] : "none";
    if (strcmp(name, "none") == 0) {
        for (auto scenario : {barriers, async_copies, events, shared_scratch, graphs})
            scenario(NONE);
        return verdict();
    }
    for (const auto &row : planted)
        if (strcmp(row.name, name) == 0) {
            row.scenario(row.bug);
            return verdict();
        }
    fprintf(stderr, "no bug is called %s\n", name);
    return 2;
}
