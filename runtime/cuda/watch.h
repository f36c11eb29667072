/* What a CUDA rank looks at while it waits: the job, its peers and its communicators. */
#pragma once

#include "cuda/gpu.h"

/* A rank's communicators by axis. */
enum { COMMUNICATORS = 3 };
struct communicator {
    const char *title; /* "the tp communicator" */
    int axis;          /* of enum axis in generator/plan.h */
    ncclComm_t *comm;  /* NULL inside: alone along the axis */
    int size, at;      /* members, and which of them this rank is */
};
struct communicator communicator_of(struct gpu *r, int index);

/* Leaves with a message, which names the op that has not ended, when the job has ended, a peer is gone or a
 * communicator has failed. */
void gpu_watch(struct gpu *r);

/* Waits, watching, until no call of NCCL goes on in the background any more; `milliseconds` at most, 0: for ever.
 * False: one still does. */
bool gpu_await_nccl(struct gpu *r, int64_t milliseconds);

/* Ends the rank because NCCL failed; when a peer's end is why, the message says that. `call`: what failed. */
_Noreturn void gpu_fail_nccl(struct gpu *r, ncclResult_t status, const char *call);

/* Before a rank fails for what may be a peer's fault: gives the head of the job time to end it for that reason. Returns
 * when it does not. */
void gpu_give_head_time(struct gpu *r);

/* Called over and over by what waits: watches once a millisecond. `*looked` begins as 0. */
void gpu_watch_now_and_then(struct gpu *r, int64_t *looked);
