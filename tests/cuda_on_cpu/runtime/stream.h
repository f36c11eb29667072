/* Streams are queues of operations; nothing runs but in calls of the runtime, where a seeded scheduler chooses whose
 * front operation goes on by one step. */
#pragma once

#include "../stream.h"
#include "sanitizers.h"
#include "timeline.h"

#include <deque>
#include <memory>

namespace cuda_on_cpu
{

struct capture;

struct operation {
    step_maker make;
    step run; /* empty until it begins */
    const char *name;
    sync_point enqueued;
};

} // namespace cuda_on_cpu

struct CUstream_st {
    std::deque<std::unique_ptr<cuda_on_cpu::operation>> queue;
    cuda_on_cpu::timeline line;
    cuda_on_cpu::sync_point finished;               /* released at the end of each operation */
    std::shared_ptr<cuda_on_cpu::capture> captured; /* null: runs */
    std::vector<int> after;                         /* while captured: nodes that the next one comes after */
};

namespace cuda_on_cpu
{

/* Runs steps until is_done(); ends the process when none can run and none waits for the outside. */
void run_until(const std::function<bool()> &is_done);
void finish_all_streams();

/* Runs at least a step: for functions that a program polls, which must come to an end whatever the seed. */
void make_progress_polled();

bool has_streams();

/* Ends the process where a stream is null (the default stream is not modelled) or none of cudaStreamCreate's. */
void check_stream(cudaStream_t stream, const char *caller);

} // namespace cuda_on_cpu
