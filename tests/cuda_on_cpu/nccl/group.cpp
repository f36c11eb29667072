/* The calls that put operations on streams. */
#include "group.h"

using namespace nccl_on_cpu;

/* What the group under way has collected. */
static struct {
    int depth;
    ncclResult_t error; /* of a call in it: the group is then dropped */
    std::vector<struct call> calls;
    cudaStream_t stream;
} group;

/* ---- to the stream */

static ncclResult_t put_on_stream(std::vector<struct call> calls, cudaStream_t stream)
{
    cudaStreamCaptureStatus capture;
    if (cudaStreamIsCapturing(stream, &capture) != cudaSuccess)
        return refuse(ncclUnhandledCudaError, "not a stream");
    bool captured = capture != cudaStreamCaptureStatusNone;
    std::vector<struct ncclComm *> counted;
    for (struct call &call : calls) {
        struct ncclComm *comm = call.comm.get();
        bool again = false;
        for (const struct ncclComm *other : counted)
            again = again || other == comm;
        if (!captured && !again)
            comm->issued++;
        call.ticket = captured ? 0 : comm->issued;
        comm->pending += captured ? 0 : 1;
        comm->stream = stream;
        counted.push_back(comm);
    }
    auto make = [calls, captured] {
        for (const struct call &call : calls)
            call.comm->pending += captured ? 1 : 0;
        return begin_operation(calls);
    };
    cudaError_t error = cuda_on_cpu::enqueue(stream, make, "an NCCL operation");
    if (error != cudaSuccess)
        return refuse(ncclUnhandledCudaError, "cannot enqueue: %s", cudaGetErrorString(error));
    return ncclSuccess;
}

ncclResult_t nccl_on_cpu::poll_postponed(const communicator &comm)
{
    std::shared_ptr<struct postponed> postponed = comm->postponed;
    if (postponed->polls-- > 0)
        return ncclInProgress;
    for (const struct call &call : postponed->calls)
        call.comm->postponed = nullptr;
    return put_on_stream(postponed->calls, postponed->stream);
}

/* Puts the calls on the stream, or answers ncclInProgress and leaves that to later polls: one time in four, where no
 * communicator blocks. */
static ncclResult_t submit(const std::vector<struct call> &calls, cudaStream_t stream)
{
    bool blocking = false;
    for (const struct call &call : calls)
        blocking = blocking || call.comm->blocking;
    if (calls.empty())
        return ncclSuccess;
    if (blocking || cuda_on_cpu::random_below(4) != 3)
        return put_on_stream(calls, stream);
    auto postponed = std::make_shared<struct postponed>();
    *postponed = {(int)cuda_on_cpu::random_below(3), calls, stream};
    for (const struct call &call : calls)
        call.comm->postponed = postponed;
    return ncclInProgress;
}

/* ---- one call */

static bool reachable(const void *memory, size_t bytes)
{
    return bytes == 0 || cuda_on_cpu::is_device_memory(memory, bytes) || cuda_on_cpu::is_pinned_memory(memory, bytes);
}

/* The bytes that a call sends and receives. */
static size_t sent_bytes(const struct call *call)
{
    return call->kind == RECEIVE ? 0 : call->count * type_bytes(call->type);
}

static size_t received_bytes(const struct call *call)
{
    size_t bytes = call->kind == SEND ? 0 : call->count * type_bytes(call->type);
    return call->kind == ALL_GATHER ? bytes * (size_t)call->comm->segment.members : bytes;
}

static bool overlap(const struct call *call)
{
    return call->sent < call->received + received_bytes(call) && call->received < call->sent + sent_bytes(call);
}

static bool in_place(const struct call *call)
{
    size_t offset = call->kind == ALL_GATHER ? sent_bytes(call) * (size_t)call->comm->segment.rank : 0;
    return call->sent == call->received + offset;
}

static void must_have_memory(const struct call *call)
{
    const char *what = kind_text(call->kind);
    if (!reachable(call->sent, sent_bytes(call)) || !reachable(call->received, received_bytes(call)))
        cuda_on_cpu::give_up("%s of %zu x %s: its memory is not all in one allocation of the device", what, call->count,
                             type_text(call->type));
    bool collective = call->kind == ALL_REDUCE || call->kind == ALL_GATHER;
    if (collective && overlap(call) && !in_place(call))
        cuda_on_cpu::give_up("%s of %zu x %s: its memory overlaps but is not in place", what, call->count,
                             type_text(call->type));
}

/* What is wrong with a call, for its answer. */
static ncclResult_t check(const struct call *call)
{
    ncclResult_t state = state_of(call->comm.get());
    if (state == ncclInProgress)
        return refuse(ncclInvalidArgument, "the communicator was used before ncclCommGetAsyncError said ncclSuccess");
    if (state != ncclSuccess)
        return state;
    if (type_bytes(call->type) == 0)
        return refuse(ncclInvalidArgument, "%d is not a type", (int)call->type);
    if (call->peer < 0 || call->peer >= call->comm->segment.members)
        return refuse(ncclInvalidArgument, "%d is not a rank of the communicator", call->peer);
    must_have_memory(call);
    return ncclSuccess;
}

static ncclResult_t issue(const struct call &call, cudaStream_t stream)
{
    ncclResult_t error = check(&call);
    if (group.depth == 0)
        return error == ncclSuccess ? submit({call}, stream) : error;
    if (error != ncclSuccess)
        return group.error = error;
    if (!group.calls.empty() && group.stream != stream)
        cuda_on_cpu::give_up("a group of NCCL calls on two streams is not emulated; use one stream");
    group.stream = stream;
    group.calls.push_back(call);
    return ncclSuccess;
}

static struct call call_of(enum kind kind, const void *sent, void *received, size_t count, ncclDataType_t type,
                           ncclComm_t comm)
{
    return {kind, communicator_of(comm), (const unsigned char *)sent, (unsigned char *)received, count, type, 0, 0};
}

ncclResult_t ncclSend(const void *sent, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream)
{
    struct call call = call_of(SEND, sent, nullptr, count, type, comm);
    call.peer = peer;
    return issue(call, stream);
}

ncclResult_t ncclRecv(void *received, size_t count, ncclDataType_t type, int peer, ncclComm_t comm, cudaStream_t stream)
{
    struct call call = call_of(RECEIVE, nullptr, received, count, type, comm);
    call.peer = peer;
    return issue(call, stream);
}

ncclResult_t ncclAllReduce(const void *sent, void *received, size_t count, ncclDataType_t type, ncclRedOp_t op,
                           ncclComm_t comm, cudaStream_t stream)
{
    if (op != ncclSum || (type != ncclFloat32 && type != ncclBfloat16))
        cuda_on_cpu::give_up("only sums of f32 and bf16 are emulated; teach nccl/sum.cpp the others");
    return issue(call_of(ALL_REDUCE, sent, received, count, type, comm), stream);
}

ncclResult_t ncclAllGather(const void *sent, void *received, size_t count, ncclDataType_t type, ncclComm_t comm,
                           cudaStream_t stream)
{
    return issue(call_of(ALL_GATHER, sent, received, count, type, comm), stream);
}

/* ---- groups */

ncclResult_t ncclGroupStart(void)
{
    group.depth++;
    return ncclSuccess;
}

ncclResult_t ncclGroupEnd(void)
{
    if (group.depth == 0)
        return refuse(ncclInvalidUsage, "ncclGroupEnd without ncclGroupStart");
    if (--group.depth > 0)
        return ncclSuccess;
    ncclResult_t error = group.error;
    std::vector<struct call> calls;
    calls.swap(group.calls);
    group.error = ncclSuccess;
    return error == ncclSuccess ? submit(calls, group.stream) : error;
}
