/* Calls on their way to a stream: collected until the outermost group ends, and now and then kept back on
 * communicators that do not block, until they are polled. */
#pragma once

#include "operation.h"

namespace nccl_on_cpu
{
/* A group that was answered with ncclInProgress. */
struct postponed {
    int polls;
    std::vector<struct call> calls;
    cudaStream_t stream;
};

/* One poll of a communicator with a postponed group; enqueues it after the last. ncclInProgress: not yet. */
ncclResult_t poll_postponed(const communicator &comm);
} // namespace nccl_on_cpu
