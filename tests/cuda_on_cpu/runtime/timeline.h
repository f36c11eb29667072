/* A sequence of work in order, beside other sequences: a stream, or a chain of nodes of a graph. For ThreadSanitizer
 * each is a thread of its own, and so is each CUDA thread of its kernels: only events and the ends of operations order
 * two sequences. */
#pragma once

#include "fiber.h"
#include "sanitizers.h"

#include <vector>

namespace cuda_on_cpu
{

struct timeline {
    void *watched = nullptr;
    std::vector<fiber *> threads; /* by place; those of CUDA threads, made when first needed */
};

/* The sequence whose step runs; null: the host's own code. */
extern timeline *running_timeline;

/* Calls work() as part of the sequence, unwatched. */
template <class Work> auto run_on(timeline &line, Work work)
{
    timeline *before = running_timeline;
    void *watched_before = watched_for_races() ? __tsan_get_current_fiber() : nullptr;
    bool is_new = watched_for_races() && !line.watched;
    if (is_new)
        line.watched = __tsan_create_fiber(0);
    running_timeline = &line;
    switch_watched_thread(line.watched);
    if (is_new)
        stop_watching();
    auto result = work();
    switch_watched_thread(watched_before);
    running_timeline = before;
    return result;
}

} // namespace cuda_on_cpu
