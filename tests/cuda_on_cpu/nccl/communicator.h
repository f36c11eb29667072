/* A communicator as its process sees it: its segment, what went wrong, and how far it has come. */
#pragma once

#include "segment.h"
#include "watch.h"

#include <chrono>
#include <memory>
#include <nccl.h>
#include <vector>

namespace nccl_on_cpu
{
struct postponed; /* group.h */
} // namespace nccl_on_cpu

struct ncclComm {
    struct nccl_on_cpu::segment segment;
    int number; /* from 1 in the order in which this process made them */
    bool blocking;

    ncclResult_t error;                   /* ncclSuccess: none */
    bool joined_all, finalized, released; /* released: the segment is gone, by ncclCommDestroy or ncclCommAbort */
    int polls;                            /* how often ncclCommGetAsyncError still says ncclInProgress after joining */
    std::shared_ptr<struct nccl_on_cpu::postponed> postponed; /* a group that its polls will enqueue */
    nccl_on_cpu::clock::time_point checked;                   /* that the peers are alive */
    struct nccl_on_cpu::watch watch;                          /* of the meeting */

    uint64_t collectives;                 /* that have begun */
    std::vector<uint64_t> sent, received; /* messages that have begun, by peer */
    int pending;                          /* operations that are enqueued and have not ended */
    uint64_t issued, begun;               /* operations: they begin in the order of their issue */
    cudaStream_t stream;                  /* of the last operation */
};

namespace nccl_on_cpu
{
using communicator = std::shared_ptr<struct ncclComm>;

/* The owner of the handle. Ends the process for one that is not a communicator (any more). */
communicator communicator_of(ncclComm_t handle);
const std::vector<communicator> &communicators(void);

/* Notes an error for ncclCommGetAsyncError; the first one counts. */
void fail(struct ncclComm *comm, ncclResult_t error, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same for the call that is under way only. Returns the error. */
ncclResult_t refuse(ncclResult_t error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ncclSuccess: ready for the next call; ncclInProgress; or what went wrong. Looks, but does not poll. */
ncclResult_t state_of(const struct ncclComm *comm);

/* Looks, now and then, whether a peer has aborted the communicator or is gone. */
void check_peers(struct ncclComm *comm);
} // namespace nccl_on_cpu
