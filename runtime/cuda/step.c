/* A step of a CUDA rank: the step header goes to the device, the schedule runs, results go to the head.
 *
 * Prefill is enqueued op by op. Decode is captured once for each number of micro-batches in use, then launched as a
 * whole: only the header differs from step to step, and kernels read it on the device.
 *
 * The schedule orders its two streams by itself, from its first op on the comm stream, which awaits one of this step,
 * to its end, where the compute stream awaits what is left; so no op of a step meets one of the step before. */
#include "cuda/gpu.h"
#include "cuda/life.h"
#include "rank.h"

#include <assert.h>
#include <string.h>

enum { HOST_EVENT = 0 }; /* of gpu.events: op ids begin at 1 */

static void note_slices(struct gpu *r)
{
    const struct rank *rank = r->rank;
    r->active = (int)rank->step->active;
    assert(r->active >= 1 && r->active <= r->gpu_class->micro_batches);
    for (int m = 0; m < GPU_MICRO_BATCHES; m++) {
        int begin = (int)micro_begin(rank->step, (uint32_t)m), end = (int)micro_begin(rank->step, (uint32_t)m + 1);
        r->slices[m] = (struct gpu_slice){begin, end - begin, 0};
        for (int i = begin; i < end; i++)
            r->slices[m].wanted += rank->rows[i].wants != 0;
    }
}

/* The header with the rows in use; then sampling and block tables, which lie behind all rows there could be. */
static void send_header(struct gpu *r, const struct class_info *class)
{
    const unsigned char *from = (const unsigned char *)r->rank->step;
    unsigned char *to = r->arena + r->gpu_class->step_offset;
    uint64_t sequences = (uint64_t) class->sequences, tables = step_sampling_offset(class->row_capacity);
    uint64_t end = step_header_bytes(class->row_capacity, sequences, (uint64_t) class->sequence_blocks);
    const struct {
        uint64_t begin, end;
    } parts[] = {{0, step_sampling_offset(r->rank->step->rows)}, {tables, end}};
    for (int i = 0; i < 2; i++) {
        uint64_t at = parts[i].begin, bytes = parts[i].end - at;
        memcpy(r->pinned_step + at, from + at, bytes);
        GPU_CHECK(r, cudaMemcpyAsync(to + at, r->pinned_step + at, bytes, cudaMemcpyHostToDevice, r->compute));
    }
}

static void enqueue(struct gpu *r, void (*schedule)(struct gpu *))
{
    r->op = 0;
    schedule(r);
}

static void capture_decode(struct gpu *r)
{
    cudaGraph_t graph = NULL;
    r->captured = true;
    GPU_CHECK(r, cudaStreamBeginCapture(r->compute, cudaStreamCaptureModeThreadLocal));
    enqueue(r, r->gpu_class->decode);
    GPU_CHECK(r, cudaStreamEndCapture(r->compute, &graph));
    GPU_CHECK(r, cudaGraphInstantiate(&r->graphs[r->active], graph, 0));
    GPU_CHECK(r, cudaGraphDestroy(graph));
    r->captured = false;
}

static void run_decode(struct gpu *r)
{
    if (!r->graphs[r->active])
        capture_decode(r);
    r->op = OP_WHOLE_STEP;
    r->op_text = "decode";
    r->op_layer = -1;
    atomic_store_explicit(&r->rank->control->op, r->op, memory_order_relaxed);
    GPU_CHECK(r, cudaGraphLaunch(r->graphs[r->active], r->compute));
}

/* What the head reads, straight into this rank's part of the segment. */
static void fetch_results(struct gpu *r)
{
    const struct gpu_class *gpu = r->gpu_class;
    for (int i = 0; i < GPU_RESULTS; i++)
        for (int m = 0; m < r->active; m++) {
            const struct gpu_result *result = &gpu->results[i];
            uint64_t bytes = (uint64_t)r->slices[m].wanted * result->row_bytes;
            uint64_t from = result->arena + (uint64_t)m * result->arena_stride + (uint64_t)r->tp * result->tp_stride;
            if (bytes > 0)
                GPU_CHECK(r, cudaMemcpyAsync(r->part + result->mailbox[m], r->arena + from, bytes,
                                             cudaMemcpyDeviceToHost, r->compute));
        }
    if (gpu->load_bytes > 0)
        GPU_CHECK(r, cudaMemcpyAsync(r->part + gpu->load_mailbox, r->arena + gpu->load_offset, gpu->load_bytes,
                                     cudaMemcpyDeviceToHost, r->compute));
}

void gpu_step(struct rank *rank, const struct class_info *class)
{
    struct gpu *r = rank->gpu;
    for (int op = 0; op <= r->gpu_class->ops; op++)
        r->ops[op].recorded = false;
    note_slices(r);
    r->decode = rank->step->decode != 0;
    send_header(r, class);
    if (rank->step->decode)
        run_decode(r);
    else
        enqueue(r, r->gpu_class->prefill);
    fetch_results(r);
    record_compute(r, HOST_EVENT);
    host_awaits(r, HOST_EVENT);
}
