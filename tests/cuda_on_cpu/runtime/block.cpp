/* The threads of a block: whose turn it is, on which fiber each runs, and the barrier. */
#include "block.h"

#include "settings.h"
#include "shared_memory.h"
#include "timeline.h"

#include <cstdio>
#include <cstring>

/* Kernels see these as constants. */
uint3 threadIdx_now asm("threadIdx"), blockIdx_now asm("blockIdx");
dim3 blockDim_now asm("blockDim"), gridDim_now asm("gridDim");

namespace cuda_on_cpu
{

block running_block;
timeline *running_timeline;

cuda_thread &current_thread(const char *caller)
{
    if (!running_block.current)
        give_up("%s was called outside a kernel", caller);
    return *running_block.current;
}

static void make_current(cuda_thread *thread)
{
    running_block.current = thread;
    threadIdx_now = thread->index;
}

const char *whereabouts(place from)
{
    static char text[400];
    const uint3 b = blockIdx_now, t = threadIdx_now;
    snprintf(text, sizeof text, "kernel %s, block (%u,%u,%u), thread (%u,%u,%u), %s:%d", running_block.kernel, b.x, b.y,
             b.z, t.x, t.y, t.z, from.file, from.line);
    return text;
}

/* ---- turns */

static bool waits_alike(const cuda_thread &a, const cuda_thread &b)
{
    return a.state == b.state && (a.state == thread_state::exited || a.from.line == b.from.line);
}

[[noreturn]] static void report_deadlock()
{
    char text[1200];
    int length = 0, groups = 0;
    for (unsigned i = 0, end; i < running_block.size && groups < 8; i = end, groups++) {
        const cuda_thread &t = running_block.threads[i];
        for (end = i + 1; end < running_block.size && waits_alike(t, running_block.threads[end]);)
            end++;
        length += snprintf(text + length, sizeof text - (size_t)length, "; thread%s %u", end > i + 1 ? "s" : "", i);
        if (end > i + 1)
            length += snprintf(text + length, sizeof text - (size_t)length, "-%u", end - 1);
        if (t.state == thread_state::exited)
            length += snprintf(text + length, sizeof text - (size_t)length, " exited");
        else
            length += snprintf(text + length, sizeof text - (size_t)length, " in %s at %.80s:%d", t.waits_in,
                               t.from.file, t.from.line);
        if ((size_t)length > sizeof text - 200)
            break;
    }
    give_up("deadlock in kernel %s%s", running_block.kernel, text);
}

/* The next thread that can run; null when all have exited. */
static cuda_thread *pick()
{
    block &b = running_block;
    if (!b.added.empty() && (b.turn.empty() || b.depth_first)) {
        seeded_order(b.added);
        b.turn.insert(b.turn.end(), b.added.rbegin(), b.added.rend());
        b.added.clear();
    }
    if (b.turn.empty()) {
        if (b.exited < b.size)
            report_deadlock();
        return nullptr;
    }
    cuda_thread *next = b.turn.back();
    b.turn.pop_back();
    return next;
}

void make_ready(cuda_thread &thread)
{
    thread.state = thread_state::ready;
    running_block.added.push_back(&thread);
}

/* ---- fibers: a thread gets one when it starts and leaves it when it exits. Where races are watched every place of a
 * block has its own, else a thread starts on the one that was left last. */

static std::vector<fiber *> &idle = *new std::vector<fiber *>; /* never freed: fibers are not */

static void thread_main();

static fiber *fiber_for(const cuda_thread &thread)
{
    if (watched_for_races()) {
        std::vector<fiber *> &threads = running_timeline->threads;
        size_t place = (thread.number + running_block.rotation) % running_block.size;
        while (threads.size() <= place)
            threads.push_back(new_fiber(thread_main));
        return threads[place];
    }
    if (idle.empty())
        return new_fiber(thread_main);
    fiber *last = idle.back();
    idle.pop_back();
    return last;
}

static void go_on_with(fiber *mine, cuda_thread *next)
{
    if (!next->on)
        next->on = fiber_for(*next);
    make_current(next);
    if (next->on != mine)
        switch_fiber(mine, next->on);
}

void wait_for_turn()
{
    fiber *mine = running_block.current->on;
    go_on_with(mine, pick());
}

static void release_barrier_if_complete();

static void thread_main()
{
    fiber_entered();
    stop_watching();
    for (;;) {
        block &b = running_block;
        b.begin->acquire();
        {
            watched kernel;
            (*b.body)();
        }
        b.end->release();
        cuda_thread *done = b.current;
        fiber *mine = done->on;
        done->state = thread_state::exited;
        b.exited++;
        release_barrier_if_complete();
        if (!watched_for_races())
            idle.push_back(mine);
        cuda_thread *next = pick();
        if (next) {
            go_on_with(mine, next);
        } else {
            b.current = nullptr;
            switch_fiber(mine, host_fiber());
        }
    }
}

/* ---- the barrier */

static void release_barrier_if_complete()
{
    block &b = running_block;
    if (b.at_barrier == 0 || b.at_barrier + b.exited < b.size)
        return;
    const cuda_thread *first = nullptr;
    for (unsigned i = 0; i < b.size; i++) {
        cuda_thread &t = b.threads[i];
        if (t.state != thread_state::at_barrier)
            continue;
        if (!first)
            first = &t;
        if (t.from.line != first->from.line || strcmp(t.from.file, first->from.file) != 0)
            give_up("kernel %s: threads of one block meet at different barriers: thread %u at %s:%d, thread %u at "
                    "%s:%d",
                    b.kernel, first->number, first->from.file, first->from.line, i, t.from.file, t.from.line);
        make_ready(t);
    }
    b.at_barrier = 0;
    b.voted[b.barriers & 1] = b.vote;
    b.vote = {0, 0};
    b.barriers++;
}

votes barrier(bool vote, place from)
{
    unwatched own;
    block &b = running_block;
    cuda_thread &t = current_thread("__syncthreads");
    unsigned which = b.barriers & 1; /* two in turn: who wakes late must not acquire the next barrier */
    t.state = thread_state::at_barrier;
    t.waits_in = "__syncthreads";
    t.from = from;
    b.at_barrier++;
    b.vote.yes += vote;
    b.vote.all++;
    b.barrier_sync[which].release();
    release_barrier_if_complete();
    wait_for_turn();
    b.barrier_sync[which].acquire();
    return b.voted[which];
}

void fence()
{
    static sync_point fences;
    fences.acquire();
    fences.release();
}

/* ---- a block from start to end */

void run_block(const kernel_launch &launch, const char *name, uint3 index, sync_point &begin, sync_point &end)
{
    block &b = running_block;
    gridDim_now = launch.grid;
    blockDim_now = launch.block;
    blockIdx_now = index;
    b.kernel = name;
    b.body = &launch.thread;
    b.begin = &begin;
    b.end = &end;
    b.size = launch.block.x * launch.block.y * launch.block.z;
    b.at_barrier = b.exited = 0;
    b.vote = {0, 0};
    b.rotation = random_below(b.size);
    b.turn.clear();
    b.added.clear();
    b.depth_first = random_below(2) != 0;
    for (unsigned warp = 0; warp < (b.size + 31) / 32; warp++)
        for (meeting &m : b.meetings[warp])
            m.mask = m.arrived = 0;
    for (unsigned i = 0; i < b.size; i++) {
        cuda_thread &t = b.threads[i];
        unsigned row = i / launch.block.x;
        t.number = i;
        t.index = {i % launch.block.x, row % launch.block.y, row / launch.block.y};
        t.on = nullptr;
        t.copies.clear();
        t.groups = 0;
        make_ready(t);
    }
    begin_shared_memory(launch.dynamic_bytes);
    host_fiber()->watched = watched_for_races() ? __tsan_get_current_fiber() : nullptr;
    go_on_with(host_fiber(), pick());
    check_shared_memory(name, launch.dynamic_bytes);
}

} // namespace cuda_on_cpu
