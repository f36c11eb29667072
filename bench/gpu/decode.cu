/* Decode, as the graph that ranks replay, against copies within the device: decode.lua's layers. */
#include "rank.h"

#include <cstdio>

extern "C" void schedule_decode(struct gpu *r);

static cudaGraphExec_t capture(struct gpu *r)
{
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    r->captured = true;
    GPU_CHECK(r, cudaStreamBeginCapture(r->compute, cudaStreamCaptureModeThreadLocal));
    schedule_decode(r);
    GPU_CHECK(r, cudaStreamEndCapture(r->compute, &graph));
    GPU_CHECK(r, cudaGraphInstantiate(&executable, graph, 0));
    GPU_CHECK(r, cudaGraphDestroy(graph));
    r->captured = false;
    return executable;
}

/* What a step cannot do without: the weights but the embedding table, of experts those that some row wants, and the
 * keys and values of all positions. */
static double bytes_of_step(struct gpu *r, cudaGraphExec_t graph, int sequences, int *experts)
{
    bench_load(r);
    GPU_CHECK(r, cudaGraphLaunch(graph, r->compute));
    *experts = 0;
    for (uint64_t rows : bench_load(r))
        *experts += rows > 0;
    const double dense = (double)DENSE_BYTES - (double)sizeof(element) * VOCABULARY * HIDDEN;
    const double kv = 2.0 * sizeof(element) * LAYERS * KV_HEADS * HEAD_DIM * CONTEXT * sequences;
    return dense + (double)*experts * EXPERT_SLOT_STRIDE + kv;
}

int main(void)
{
    struct gpu *r = bench_open();
    const double copy = bench_copy_rate(r);
    enum { STEPS = 8 }; /* back to back */
    for (int sequences = 1; sequences <= SEQUENCES; sequences *= 2) {
        char what[64];
        int experts = 0;
        bench_step(r, sequences, 1, CONTEXT - 1, true);
        cudaGraphExec_t graph = capture(r);
        const double bytes = bytes_of_step(r, graph, sequences, &experts);
        const double seconds = bench_seconds(
                                   r, [] {},
                                   [&] {
                                       for (int step = 0; step < STEPS; step++)
                                           GPU_CHECK(r, cudaGraphLaunch(graph, r->compute));
                                   }) /
                               STEPS;
        GPU_CHECK(r, cudaGraphExecDestroy(graph));
        snprintf(what, sizeof what, "decode of %d / copy", sequences);
        bench_row(what, "%.2f", bytes / seconds / copy, ">= 0.85",
                  "%.3f ms, %.2f GB (%d of %d experts), %.0f GB/s; copy, read and written: %.0f GB/s", seconds * 1e3,
                  bytes / 1e9, experts, LAYERS * EXPERT_SLOTS, bytes / seconds / 1e9, copy / 1e9);
    }
    return 0;
}
