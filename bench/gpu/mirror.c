#include "mirror.h"

#include <assert.h>
#include <cuda_runtime_api.h>
#include <stdbool.h>

enum { MOST_MESSAGES = 4096 }; /* of a group */

struct message {
    void *memory;
    size_t bytes;
    int peer;
    cudaStream_t stream;
};

/* Of the group that is open, in the order of the calls. */
static struct message sent[MOST_MESSAGES], wanted[MOST_MESSAGES];
static int sent_count, wanted_count, depth;

static size_t bytes_of(size_t count, ncclDataType_t type)
{
    assert(type == ncclUint8 || type == ncclFloat32 || type == ncclBfloat16);
    return count * (type == ncclUint8 ? 1 : type == ncclBfloat16 ? 2 : 4);
}

static ncclResult_t group_start(void)
{
    depth++;
    return ncclSuccess;
}

/* Message by message, the first from a peer is the first that was sent to it. */
static ncclResult_t group_end(void)
{
    cudaError_t status = cudaSuccess;
    assert(depth > 0);
    if (--depth > 0)
        return ncclSuccess;
    for (int i = 0; i < wanted_count; i++)
        for (int j = 0; j < sent_count; j++) {
            if (!sent[j].memory || sent[j].peer != wanted[i].peer)
                continue;
            assert(sent[j].bytes == wanted[i].bytes);
            if (status == cudaSuccess)
                status = cudaMemcpyAsync(wanted[i].memory, sent[j].memory, wanted[i].bytes, cudaMemcpyDeviceToDevice,
                                         wanted[i].stream);
            sent[j].memory = NULL;
            break;
        }
    sent_count = wanted_count = 0;
    return status == cudaSuccess ? ncclSuccess : ncclUnhandledCudaError;
}

/* Outside of a group there is nothing to match: a stage's rows. */
static ncclResult_t note(struct message *messages, int *count, struct message message)
{
    assert(*count < MOST_MESSAGES);
    if (depth > 0)
        messages[(*count)++] = message;
    return ncclSuccess;
}

static ncclResult_t send_to(const void *memory, size_t count, ncclDataType_t type, int peer, ncclComm_t group,
                            cudaStream_t stream)
{
    (void)group;
    return note(sent, &sent_count, (struct message){(void *)memory, bytes_of(count, type), peer, stream});
}

static ncclResult_t receive_from(void *memory, size_t count, ncclDataType_t type, int peer, ncclComm_t group,
                                 cudaStream_t stream)
{
    (void)group;
    return note(wanted, &wanted_count, (struct message){memory, bytes_of(count, type), peer, stream});
}

static ncclResult_t all_reduce(const void *in, void *out, size_t count, ncclDataType_t type, ncclRedOp_t op,
                               ncclComm_t group, cudaStream_t stream)
{
    (void)count, (void)type, (void)op, (void)group, (void)stream;
    assert(in == out); /* as ops call it */
    return in == out ? ncclSuccess : ncclInvalidArgument;
}

const struct nccl_library mirror = {
    .ncclGroupStart = group_start,
    .ncclGroupEnd = group_end,
    .ncclSend = send_to,
    .ncclRecv = receive_from,
    .ncclAllReduce = all_reduce,
};
