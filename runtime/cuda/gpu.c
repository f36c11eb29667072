/* What ops call of a running CUDA rank: noting which op it is, checking calls, handing over between the streams, and
 * the one wait of the host. */
#include "cuda/gpu.h"
#include "cuda/watch.h"
#include "rank.h"

#include <assert.h>

bool gpu_op_begins(struct gpu *r, int micro, int layer, const char *text)
{
    r->op++;
    assert(r->op <= (uint32_t)r->gpu_class->ops);
    r->op_text = text;
    r->op_layer = layer < 0 ? -1 : r->layer_base + layer;
    r->ops[r->op].text = r->op_text;
    r->ops[r->op].layer = r->op_layer;
    atomic_store_explicit(&r->rank->control->op, r->op, memory_order_relaxed);
    return micro < r->active;
}

void gpu_check(struct gpu *r, cudaError_t status, const char *call)
{
    if (status != cudaSuccess)
        rank_fail(r->rank, "%s (%s): %s", cudaGetErrorString(status), cudaGetErrorName(status), call);
}

void gpu_check_nccl(struct gpu *r, ncclResult_t status, const char *call)
{
    if (status == ncclInProgress)
        gpu_await_nccl(r, 0);
    else if (status != ncclSuccess)
        gpu_fail_nccl(r, status, call);
}

void gpu_check_cublaslt(struct gpu *r, cublasStatus_t status, const char *call)
{
    if (status != CUBLAS_STATUS_SUCCESS)
        rank_fail(r->rank, "%s: %s", r->cublaslt->cublasLtGetStatusString(status), call);
}

static void record(struct gpu *r, int op, cudaStream_t stream)
{
    GPU_CHECK(r, cudaEventRecord(r->events[op], stream));
    r->ops[op].recorded = !r->captured;
}

void record_compute(struct gpu *r, int op)
{
    record(r, op, r->compute);
}

void record_comm(struct gpu *r, int op)
{
    record(r, op, r->comm);
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
    assert(!r->captured && r->ops[op].recorded);
    cudaError_t status;
    for (int64_t looked = 0; (status = cudaEventQuery(r->events[op])) == cudaErrorNotReady;)
        gpu_watch_now_and_then(r, &looked);
    gpu_check(r, status, "an op on the device");
}
