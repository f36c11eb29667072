/* Chunks from one member to another. */
#include "operation.h"

#include <algorithm>
#include <string.h>

namespace nccl_on_cpu
{
const char *kind_text(uint32_t kind)
{
    static const char *const TEXTS[] = {"nothing", "send", "receive", "all-reduce", "all-gather"};
    static_assert(sizeof TEXTS / sizeof TEXTS[0] == KINDS, "a text for each kind");
    return kind < KINDS ? TEXTS[kind] : "an unknown operation";
}

static const struct {
    ncclDataType_t type;
    const char *text;
    size_t bytes;
} TYPES[] = {
    {ncclInt8, "int8", 1},   {ncclUint8, "uint8", 1},   {ncclInt32, "int32", 4},     {ncclUint32, "uint32", 4},
    {ncclInt64, "int64", 8}, {ncclUint64, "uint64", 8}, {ncclFloat16, "f16", 2},     {ncclFloat32, "f32", 4},
    {ncclFloat64, "f64", 8}, {ncclBfloat16, "bf16", 2}, {ncclFloat8e4m3, "e4m3", 1}, {ncclFloat8e5m2, "e5m2", 1},
};

const char *type_text(uint64_t type)
{
    return type < ncclNumTypes ? TYPES[type].text : "an unknown type";
}

size_t type_bytes(ncclDataType_t type)
{
    return (unsigned)type < ncclNumTypes ? TYPES[type].bytes : 0;
}

static bool send_chunk(struct transfer *transfer, struct channel *channel)
{
    uint32_t posted = channel->posted.load();
    if (channel->taken.load() != posted)
        return false;
    if (transfer->posted) {
        transfer->finished = true;
        return true;
    }
    size_t bytes = std::min(transfer->bytes - transfer->done, CHUNK_BYTES);
    channel->message = transfer->message;
    channel->bytes = bytes;
    cuda_on_cpu::note_read(transfer->data + transfer->done, bytes);
    if (bytes) /* an empty message may have no memory */
        memcpy(channel->chunk, transfer->data + transfer->done, bytes);
    transfer->done += bytes;
    transfer->posted = transfer->done == transfer->bytes;
    channel->posted.store(posted + 1);
    return true;
}

static void must_match(const struct transfer *transfer, const struct message *sent)
{
    const struct message *wanted = &transfer->message;
    if (memcmp(sent, wanted, sizeof *sent) == 0)
        return;
    const char *what = wanted->kind == SEND ? "receive" : kind_text(wanted->kind);
    cuda_on_cpu::give_up("rank %d of communicator %d waits in %s number %llu (part %u, %llu x %s) for rank %d, which "
                         "sends for %s number %llu (part %u, %llu x %s); both must make the same calls",
                         transfer->comm->segment.rank, transfer->comm->number, what, (unsigned long long)wanted->number,
                         wanted->part, (unsigned long long)wanted->count, type_text(wanted->type), transfer->peer,
                         kind_text(sent->kind), (unsigned long long)sent->number, sent->part,
                         (unsigned long long)sent->count, type_text(sent->type));
}

static bool receive_chunk(struct transfer *transfer, struct channel *channel)
{
    uint32_t taken = channel->taken.load();
    if (channel->posted.load() == taken)
        return false;
    must_match(transfer, &channel->message);
    cuda_on_cpu::note_write(transfer->data + transfer->done, channel->bytes);
    if (channel->bytes)
        memcpy(transfer->data + transfer->done, channel->chunk, channel->bytes);
    transfer->done += channel->bytes;
    transfer->finished = transfer->done == transfer->bytes;
    channel->taken.store(taken + 1);
    return true;
}

bool advance(struct transfer *transfer)
{
    const struct segment *segment = &transfer->comm->segment;
    int from = transfer->sends ? segment->rank : transfer->peer, to = transfer->sends ? transfer->peer : segment->rank;
    struct channel *channel = channel_between(segment, from, to);
    bool moved = transfer->sends ? send_chunk(transfer, channel) : receive_chunk(transfer, channel);
    if (moved && !(transfer->sends && transfer->finished))
        ring(segment, transfer->peer);
    return moved;
}
} // namespace nccl_on_cpu
