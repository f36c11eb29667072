/* The scheduler of streams, and the runtime's functions about streams. */
#include "stream.h"

#include "capture.h"
#include "device.h"
#include "memory.h"
#include "settings.h"

#include <cstdio>
#include <ctime>

namespace cuda_on_cpu
{

/* In the order in which they are asked to go on: changed now and then, so that one gets far ahead of another. Never
 * freed: what a program leaves at its end is not looked at. */
static std::vector<cudaStream_t> &streams = *new std::vector<cudaStream_t>;
enum { STEPS_IN_ONE_ORDER = 5 };

bool has_streams()
{
    return !streams.empty();
}

void check_stream(cudaStream_t stream, const char *caller)
{
    if (!stream)
        give_up("%s on the default stream, which is not modelled: use a stream of cudaStreamCreateWithFlags", caller);
    if (std::find(streams.begin(), streams.end(), stream) == streams.end())
        give_up("%s on a stream that does not exist, or no longer", caller);
}

/* ---- the scheduler */

static void reorder_streams()
{
    if (settings().seed > 1)
        seeded_order(streams);
}

static progress advance(cudaStream_t s)
{
    operation &front = *s->queue.front();
    progress came_to = run_on(s->line, [&] {
        if (!front.run) {
            front.enqueued.acquire();
            front.run = front.make();
        }
        progress result = front.run();
        if (result == progress::finished)
            s->finished.release();
        return result;
    });
    if (came_to == progress::finished)
        s->queue.pop_front();
    return came_to;
}

/* Advances one stream by one step. Else the least that stands in the way: `outside` if any waits for that. `finished`:
 * there is nothing to do. */
static progress advance_one()
{
    if (random_below(STEPS_IN_ONE_ORDER) == 1)
        reorder_streams();
    std::vector<cudaStream_t> candidates;
    for (cudaStream_t s : streams)
        if (!s->queue.empty())
            candidates.push_back(s);
    if (candidates.empty())
        return progress::finished;
    progress all = progress::blocked;
    for (cudaStream_t s : candidates) {
        progress came_to = advance(s);
        if (came_to == progress::some || came_to == progress::finished)
            return progress::some;
        if (came_to == progress::outside)
            all = progress::outside;
    }
    return all;
}

[[noreturn]] static void report_deadlock()
{
    char text[600];
    int length = 0;
    for (size_t i = 0; i < streams.size() && length < 400; i++)
        if (!streams[i]->queue.empty())
            length += snprintf(text + length, sizeof text - (size_t)length, "; stream %zu waits in %.60s", i,
                               streams[i]->queue.front()->name);
    give_up("the streams are in a deadlock%s", text);
}

static bool deadlocked(progress came_to)
{
    if (came_to == progress::blocked)
        report_deadlock();
    return false;
}

static void sleep_a_moment()
{
    const struct timespec moment = {0, 30000};
    nanosleep(&moment, nullptr);
}

static void (*wait_for_outside)() = sleep_a_moment;

void sleep_outside_by(void (*sleep)())
{
    wait_for_outside = sleep;
}

void run_until(const std::function<bool()> &is_done)
{
    if (is_done())
        return;
    unwatched own;
    device_memory_access access;
    reorder_streams();
    while (!is_done()) {
        progress came_to = advance_one();
        if (came_to == progress::outside)
            wait_for_outside();
        else if (came_to == progress::finished)
            give_up("a wait for what nobody has enqueued");
        else
            deadlocked(came_to);
    }
}

/* As many steps as the seed says: all that can run (0), none (1), now and then some. */
static uint32_t steps_at_once()
{
    if (settings().seed < 2)
        return settings().seed == 0 ? UINT32_MAX : 0;
    return random_below(4) == 0 ? random_below(16) : 0;
}

void make_progress()
{
    uint32_t steps = steps_at_once();
    if (steps == 0)
        return;
    unwatched own;
    device_memory_access access;
    reorder_streams();
    while (steps-- && advance_one() == progress::some)
        ;
}

void make_progress_polled()
{
    unwatched own;
    progress came_to;
    {
        device_memory_access access;
        came_to = advance_one();
        deadlocked(came_to);
        make_progress();
    }
    if (came_to == progress::outside) /* who polls has nothing else to do: other processes need the processor */
        wait_for_outside();
}

cudaError_t enqueue(cudaStream_t stream, step_maker make, const char *name)
{
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    unwatched own;
    check_stream(stream, name);
    if (stream->captured)
        return capture_operation(stream, std::move(make), name);
    auto added = std::make_unique<operation>();
    added->make = std::move(make);
    added->name = name;
    added->enqueued.release();
    stream->queue.push_back(std::move(added));
    make_progress();
    return cudaSuccess;
}

void finish_all_streams()
{
    run_until([] {
        for (cudaStream_t s : streams)
            if (!s->queue.empty())
                return false;
        return true;
    });
    for (cudaStream_t s : streams)
        s->finished.acquire();
}

static void finish(cudaStream_t stream)
{
    run_until([=] { return stream->queue.empty(); });
    stream->finished.acquire();
}

void note_read(const void *begin, size_t bytes)
{
    watched here;
    if (__tsan_read_range)
        __tsan_read_range((void *)begin, (long)bytes);
}

void note_write(void *begin, size_t bytes)
{
    watched here;
    if (__tsan_write_range)
        __tsan_write_range(begin, (long)bytes);
}

} // namespace cuda_on_cpu

using namespace cuda_on_cpu;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags)
{
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    if (flags != cudaStreamNonBlocking)
        give_up("a stream that waits for the default stream is not modelled: use cudaStreamNonBlocking");
    *stream = new CUstream_st();
    streams.push_back(*stream);
    return cudaSuccess;
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t *stream, unsigned flags, int priority)
{
    (void)priority; /* a hint: any order of the seed may come about */
    return cudaStreamCreateWithFlags(stream, flags);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    check_stream(stream, "cudaStreamDestroy");
    if (stream->captured)
        return failed(cudaErrorStreamCaptureUnsupported);
    finish(stream);
    streams.erase(std::find(streams.begin(), streams.end(), stream));
    delete stream;
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    cudaError_t unusable = begin_call(CALL_REFUSED_IN_CAPTURE);
    if (unusable)
        return unusable;
    check_stream(stream, "cudaStreamSynchronize");
    finish(stream);
    return cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t stream)
{
    cudaError_t unusable = begin_call(CALL_REFUSED_IN_CAPTURE);
    if (unusable)
        return unusable;
    check_stream(stream, "cudaStreamQuery");
    if (!stream->queue.empty())
        make_progress_polled();
    if (!stream->queue.empty())
        return cudaErrorNotReady;
    stream->finished.acquire();
    return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize(void)
{
    cudaError_t unusable = begin_call(CALL_REFUSED_IN_CAPTURE);
    if (unusable)
        return unusable;
    finish_all_streams();
    return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void *data)
{
    return enqueue(
        stream,
        [=] {
            return [=] {
                device_memory_hidden hidden;
                watched own;
                function(data);
                return progress::finished;
            };
        },
        "cudaLaunchHostFunc");
}
