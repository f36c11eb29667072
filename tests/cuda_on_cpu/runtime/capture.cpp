/* Which stream belongs to which capture, and how captures end. */
#include "capture.h"

#include "device.h"
#include "stream.h"

#include <algorithm>

namespace cuda_on_cpu
{

static std::vector<std::shared_ptr<capture>> in_progress;

cudaError_t refuse_in_capture()
{
    bool refused = false;
    for (const auto &c : in_progress)
        if (c->mode != cudaStreamCaptureModeRelaxed)
            refused = c->invalid = true;
    return refused ? cudaErrorStreamCaptureUnsupported : cudaSuccess;
}

cudaError_t capture_operation(cudaStream_t stream, step_maker make, const char *name)
{
    capture &c = *stream->captured;
    if (c.invalid)
        return failed(cudaErrorStreamCaptureInvalidated);
    c.into->nodes.push_back({std::move(make), name, stream->after});
    stream->after = {(int)c.into->nodes.size() - 1};
    return cudaSuccess;
}

static cudaError_t invalidate(capture &c, cudaError_t why)
{
    c.invalid = true;
    return why;
}

cudaError_t capture_wait(cudaStream_t stream, const std::shared_ptr<capture> &captured, const std::vector<int> &after)
{
    if (captured->ended)
        return stream->captured ? invalidate(*stream->captured, cudaErrorStreamCaptureIsolation)
                                : cudaErrorCapturedEvent;
    if (stream->captured && stream->captured != captured)
        return invalidate(*stream->captured, cudaErrorStreamCaptureMerge);
    if (captured->invalid)
        return cudaErrorStreamCaptureInvalidated;
    if (!stream->captured) {
        stream->captured = captured;
        stream->after.clear();
        captured->streams.push_back(stream);
    }
    for (int node : after)
        if (std::find(stream->after.begin(), stream->after.end(), node) == stream->after.end())
            stream->after.push_back(node);
    return cudaSuccess;
}

cudaError_t refuse_outside_event(cudaStream_t stream)
{
    return invalidate(*stream->captured, cudaErrorStreamCaptureIsolation);
}

/* Whether all nodes come before what the origin would do next. */
static bool all_joined(const graph &g, const std::vector<int> &last)
{
    std::vector<bool> joined(g.nodes.size());
    for (int node : last)
        joined[(size_t)node] = true;
    for (size_t i = g.nodes.size(); i-- > 0;) {
        if (!joined[i])
            return false;
        for (int node : g.nodes[i].after)
            joined[(size_t)node] = true;
    }
    return true;
}

static void leave(capture &c)
{
    c.ended = true;
    for (cudaStream_t stream : c.streams) {
        stream->captured = nullptr;
        stream->after.clear();
    }
    in_progress.erase(
        std::find_if(in_progress.begin(), in_progress.end(), [&](const auto &other) { return other.get() == &c; }));
}

} // namespace cuda_on_cpu

using namespace cuda_on_cpu;

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode)
{
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    check_stream(stream, "cudaStreamBeginCapture");
    if (stream->captured)
        return failed(cudaErrorStreamCaptureUnsupported);
    auto begun = std::make_shared<capture>();
    begun->origin = stream;
    begun->mode = mode;
    begun->streams = {stream};
    stream->captured = begun;
    stream->after.clear();
    in_progress.push_back(begun);
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    *graph = nullptr;
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    check_stream(stream, "cudaStreamEndCapture");
    std::shared_ptr<capture> c = stream->captured;
    if (!c)
        return failed(cudaErrorInvalidValue);
    if (c->origin != stream) {
        c->invalid = true;
        return failed(cudaErrorStreamCaptureUnmatched);
    }
    bool joined = all_joined(*c->into, stream->after);
    leave(*c);
    if (c->invalid)
        return failed(cudaErrorStreamCaptureInvalidated);
    if (!joined)
        return failed(cudaErrorStreamCaptureUnjoined);
    *graph = new CUgraph_st{c->into};
    return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus *status)
{
    check_stream(stream, "cudaStreamIsCapturing");
    *status = !stream->captured           ? cudaStreamCaptureStatusNone
              : stream->captured->invalid ? cudaStreamCaptureStatusInvalidated
                                          : cudaStreamCaptureStatusActive;
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    delete graph;
    return begin_call(CALL_ALWAYS);
}
