/* One block of a kernel: its threads take turns on one operating-system thread, in an order of the seed, and change at
 * barriers and warp operations only. */
#pragma once

#include "../include/cuda_on_cpu/copy_async.h"
#include "../include/cuda_runtime.h"
#include "fiber.h"
#include "sanitizers.h"

#include <deque>
#include <vector>

namespace cuda_on_cpu
{

enum { BLOCK_THREADS = 1024, WARP_MASKS = 4 };

enum class thread_state { ready, at_barrier, at_meeting, exited };

/* Where the lanes of one mask meet. Values alternate between two places: a lane may come to the next meeting before
 * another has read what was left at this one. */
struct meeting {
    unsigned mask, arrived, count;
    const char *operation;
    place from;
    lane_value values[2][32];
    sync_point sync[2];
};

struct queued_copy {
    async_copy copy;
    unsigned group;
};

struct cuda_thread {
    unsigned number;
    uint3 index;
    thread_state state;
    fiber *on; /* null: not started yet */
    const char *waits_in;
    place from;
    meeting *at;
    std::deque<queued_copy> copies;
    unsigned groups; /* of copies, committed */
};

struct block {
    const char *kernel;
    const std::function<void()> *body;
    sync_point *begin, *end; /* of the launch */
    unsigned size, at_barrier, exited;
    cuda_thread threads[BLOCK_THREADS];
    meeting meetings[BLOCK_THREADS / 32][WARP_MASKS];
    std::vector<cuda_thread *> turn;  /* those that can run; the last is next */
    std::vector<cuda_thread *> added; /* those that can run since, to be put into the order of the seed */
    bool depth_first; /* whether added ones go first, so that a warp runs ahead of others as far as it can */
    cuda_thread *current;
    unsigned rotation; /* thread i runs on fiber i + rotation, where races are watched */
    unsigned barriers;
    votes vote;
    votes voted[2];
    sync_point barrier_sync[2];
};
extern block running_block;

/* The thread that runs; ends the process where the host called a function of kernels. */
cuda_thread &current_thread(const char *caller);

/* Lets the others run until this thread is ready again. */
void wait_for_turn();
void make_ready(cuda_thread &thread);

/* "kernel K, block (x,y,z), thread (x,y,z), file:line"; overwritten by the next call. */
const char *whereabouts(place from);

/* Runs block `index` to its end. begin is acquired by each thread at its start, end released at its end. */
void run_block(const kernel_launch &launch, const char *name, uint3 index, sync_point &begin, sync_point &end);

} // namespace cuda_on_cpu
