/* The NCCL communicators of a rank: one for each group that it is in. They do not block, so that a rank whose peer does
 * not come, or goes, can leave. */
#include "cuda/start/rendezvous.h"
#include "cuda/start/start.h"
#include "cuda/watch.h"

#include <poll.h>
#include <string.h>

enum { COMING_MILLISECONDS = 120000, LEAVING_MILLISECONDS = 2000 };

/* In the order in which meet_ranks named the groups. */
void make_communicators(struct gpu *r)
{
    int group = 0;
    for (int i = 0; i < COMMUNICATORS; i++) {
        struct communicator communicator = communicator_of(r, i);
        if (communicator.size == 1)
            continue;
        ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
        config.blocking = 0;
        ncclUniqueId id;
        memcpy(id.internal, rendezvous_groups(r->rendezvous)[group++].id, sizeof id.internal);
        ncclResult_t status =
            r->nccl->ncclCommInitRankConfig(communicator.comm, communicator.size, id, communicator.at, &config);
        if (status != ncclSuccess && status != ncclInProgress)
            gpu_fail_nccl(r, status, "ncclCommInitRankConfig");
    }
    if (!gpu_await_nccl(r, COMING_MILLISECONDS))
        rank_fail(r->rank, "the ranks met, but NCCL did not connect them within %d s; see what NCCL_DEBUG=INFO says",
                  COMING_MILLISECONDS / 1000);
}

void abort_communicators(struct gpu *r)
{
    for (int i = 0; i < COMMUNICATORS; i++) {
        struct communicator communicator = communicator_of(r, i);
        ncclComm_t comm = *communicator.comm;
        *communicator.comm = NULL;
        if (comm)
            r->nccl->ncclCommAbort(comm);
    }
}

/* Whether a communicator is still being finalized; one that failed at it is not. */
static bool is_leaving(struct gpu *r, ncclComm_t comm)
{
    ncclResult_t state = ncclSuccess;
    return comm && r->nccl->ncclCommGetAsyncError(comm, &state) == ncclSuccess && state == ncclInProgress;
}

void finish_communicators(struct gpu *r)
{
    for (int i = 0; i < COMMUNICATORS; i++) {
        ncclComm_t comm = *communicator_of(r, i).comm;
        if (comm)
            r->nccl->ncclCommFinalize(comm);
    }
    for (int waited = 0; waited < LEAVING_MILLISECONDS; waited++) {
        bool leaving = false;
        for (int i = 0; i < COMMUNICATORS; i++)
            leaving |= is_leaving(r, *communicator_of(r, i).comm);
        if (!leaving)
            break;
        poll(NULL, 0, 1);
    }
    for (int i = 0; i < COMMUNICATORS; i++) {
        struct communicator communicator = communicator_of(r, i);
        if (!*communicator.comm || is_leaving(r, *communicator.comm))
            continue;
        r->nccl->ncclCommDestroy(*communicator.comm);
        *communicator.comm = NULL;
    }
    abort_communicators(r); /* those that do not come to an end */
}
