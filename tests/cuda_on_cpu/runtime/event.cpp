/* Events: a wait is for the record that is in force when the wait is enqueued. */
#include "event.h"
#include "capture.h"
#include "device.h"
#include "settings.h"
#include "stream.h"

#include <chrono>

using namespace cuda_on_cpu;

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags)
{
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    *event = new CUevent_st();
    (*event)->timed = !(flags & cudaEventDisableTiming);
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *event)
{
    return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    delete event; /* operations in flight share what they need */
    return begin_call(CALL_ALWAYS);
}

static double now()
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    check_stream(stream, "cudaEventRecord");
    event->record = nullptr;
    event->captured = stream->captured;
    event->after = stream->after;
    if (stream->captured)
        return cudaSuccess;
    auto record = std::make_shared<event_record>();
    event->record = record;
    return enqueue(
        stream,
        [=] {
            return [=] {
                record->reached.release();
                record->milliseconds = now();
                record->done = true;
                return progress::finished;
            };
        },
        "cudaEventRecord");
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags)
{
    (void)flags;
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    check_stream(stream, "cudaStreamWaitEvent");
    if (event->captured)
        return failed(capture_wait(stream, event->captured, event->after));
    if (stream->captured)
        return failed(refuse_outside_event(stream));
    if (!event->record)
        return cudaSuccess;
    auto record = event->record;
    return enqueue(
        stream,
        [=] {
            return [=] {
                if (!record->done)
                    return progress::blocked;
                record->reached.acquire();
                return progress::finished;
            };
        },
        "cudaStreamWaitEvent");
}

/* What the host may ask: not about an event whose record is part of a graph. */
static cudaError_t begin_host_wait(cudaEvent_t event)
{
    cudaError_t unusable = begin_call(CALL_REFUSED_IN_CAPTURE);
    if (unusable)
        return unusable;
    return failed(event->captured ? cudaErrorCapturedEvent : cudaSuccess);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    cudaError_t unusable = begin_host_wait(event);
    if (unusable || !event->record)
        return unusable;
    auto record = event->record;
    run_until([=] { return record->done; });
    record->reached.acquire();
    return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event)
{
    cudaError_t unusable = begin_host_wait(event);
    if (unusable || !event->record)
        return unusable;
    if (!event->record->done)
        make_progress_polled();
    if (!event->record->done)
        return cudaErrorNotReady;
    event->record->reached.acquire();
    return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t begin, cudaEvent_t end)
{
    if (!begin->timed || !end->timed || !begin->record || !end->record)
        return failed(cudaErrorInvalidResourceHandle);
    if (!begin->record->done || !end->record->done)
        return failed(cudaErrorNotReady);
    *milliseconds = (float)(end->record->milliseconds - begin->record->milliseconds);
    return cudaSuccess;
}
