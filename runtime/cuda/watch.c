#include "cuda/watch.h"
#include "cuda/start/rendezvous.h"
#include "rank.h"

#include <poll.h>
#include <sched.h>
#include <time.h>

enum {
    /* When a peer dies, its sockets and communicators break before the head of the job has seen it. The head knows why
     * it died, so it is given time to end the job. */
    PATIENCE_MILLISECONDS = 1500,
    NAP_MILLISECONDS = 10
};

struct communicator communicator_of(struct gpu *r, int index)
{
    const struct communicator all[COMMUNICATORS] = {{"the pp communicator", 1, &r->pp_comm, r->gpu_class->pp, r->pp},
                                                    {"the ep communicator", 2, &r->ep_comm, r->gpu_class->ep, r->ep},
                                                    {"the tp communicator", 3, &r->tp_comm, r->gpu_class->tp, r->tp}};
    return all[index];
}

/* The host is ahead of the device: the op that has not ended is the first whose event is still to come. */
static void name_op(struct gpu *r)
{
    for (int op = 1; r->ops && op <= r->gpu_class->ops; op++) {
        if (!r->ops[op].recorded || cudaEventQuery(r->events[op]) != cudaErrorNotReady)
            continue;
        r->op = (uint32_t)op;
        r->op_text = r->ops[op].text;
        r->op_layer = r->ops[op].layer;
        break;
    }
    r->rank->op = r->op;
    r->rank->op_text = r->op_text;
    r->rank->op_layer = r->op_layer;
    atomic_store(&r->rank->control->op, r->op);
}

static void leave_if_aborted(struct gpu *r)
{
    if (atomic_load(&r->rank->job->end) != JOB_ABORTED)
        return;
    name_op(r);
    rank_leave(r->rank);
}

static int gone_peer(struct gpu *r)
{
    return r->rendezvous ? rendezvous_gone(r->rendezvous) : -1;
}

/* Waits for the head to end the job. Returns when it does not, or when a peer turns out to be gone and `for_peer`. */
static int give_head_time(struct gpu *r, bool for_peer)
{
    int gone = -1;
    for (int waited = 0; waited < PATIENCE_MILLISECONDS && !(for_peer && gone >= 0); waited += NAP_MILLISECONDS) {
        leave_if_aborted(r);
        poll(NULL, 0, NAP_MILLISECONDS);
        gone = gone_peer(r);
    }
    return gone;
}

void gpu_give_head_time(struct gpu *r)
{
    give_head_time(r, false);
}

static _Noreturn void leave_for(struct gpu *r, int peer)
{
    name_op(r);
    atomic_store(&r->rank->control->waits_for, (uint32_t)peer + 1);
    give_head_time(r, false);
    uint32_t nobody = 0;
    atomic_compare_exchange_strong(&r->rank->job->culprit, &nobody, (uint32_t)peer + 1);
    rank_fail(r->rank, "rank %d is gone", peer);
}

void gpu_fail_nccl(struct gpu *r, ncclResult_t status, const char *call)
{
    name_op(r);
    int gone = give_head_time(r, true);
    if (gone >= 0)
        leave_for(r, gone);
    const char *more = r->nccl->ncclGetLastError(NULL);
    rank_fail(r->rank, "%s: %s%s%s", call, r->nccl->ncclGetErrorString(status), more && more[0] ? ": " : "",
              more ? more : "");
}

/* Whether a call on this communicator still goes on in the background. */
static bool is_busy(struct gpu *r, const struct communicator *communicator)
{
    ncclResult_t state = ncclSuccess;
    if (!*communicator->comm)
        return false;
    ncclResult_t status = r->nccl->ncclCommGetAsyncError(*communicator->comm, &state);
    if (status == ncclSuccess)
        status = state;
    if (status != ncclSuccess && status != ncclInProgress)
        gpu_fail_nccl(r, status, communicator->title);
    return status == ncclInProgress;
}

static bool nccl_is_busy(struct gpu *r)
{
    bool busy = false;
    for (int i = 0; i < COMMUNICATORS; i++) {
        struct communicator communicator = communicator_of(r, i);
        busy |= is_busy(r, &communicator);
    }
    return busy;
}

void gpu_watch(struct gpu *r)
{
    leave_if_aborted(r);
    int gone = gone_peer(r);
    if (gone >= 0)
        leave_for(r, gone);
    nccl_is_busy(r);
}

void gpu_watch_now_and_then(struct gpu *r, int64_t *looked)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t millisecond = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (millisecond != *looked)
        gpu_watch(r);
    *looked = millisecond;
    if (!r->rank->job->roomy)
        sched_yield();
}

bool gpu_await_nccl(struct gpu *r, int64_t milliseconds)
{
    int64_t looked = 0, first = 0;
    while (nccl_is_busy(r)) {
        gpu_watch_now_and_then(r, &looked);
        first = first ? first : looked;
        if (milliseconds > 0 && looked - first > milliseconds)
            return false;
    }
    return true;
}
