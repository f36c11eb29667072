/* An NCCL operation: the calls of a group, or one call alone, as a step of a stream. Its messages progress together;
 * collectives go one after another before them. A process runs one operation at a time, as GPUs do that have no room
 * for two: what is enqueued on two communicators in different orders on two ranks stands still here, too. */
#pragma once

#include "communicator.h"

#include "../stream.h"

namespace nccl_on_cpu
{
enum kind { NOTHING, SEND, RECEIVE, ALL_REDUCE, ALL_GATHER, KINDS };

struct call {
    enum kind kind;
    communicator comm;
    const unsigned char *sent;
    unsigned char *received;
    size_t count; /* elements: of the message, of the sum, of what each rank gives to a gather */
    ncclDataType_t type;
    int peer;
    uint64_t ticket; /* among the communicator's operations; 0: of a captured graph, whose turn is its launch's */
};

const char *kind_text(uint32_t kind);
const char *type_text(uint64_t type);
size_t type_bytes(ncclDataType_t type);

/* One operation of these calls, from its beginning; each call counts as pending on its communicator until its end. */
cuda_on_cpu::step begin_operation(const std::vector<struct call> &calls);

/* Sleeps until a peer may have done what the operation that runs waits for; a millisecond at most. */
void sleep_until_peers_move(void);

/* From one member to another, or its other end. */
struct transfer {
    struct ncclComm *comm;
    int peer;
    bool sends;
    struct message message;
    unsigned char *data;
    size_t bytes, done;
    bool posted, finished; /* posted: all of it, but the peer has not taken the last chunk yet */
};

/* Sends or receives a chunk if the other end is ready; says whether it did. Ends the process where the other end means
 * another message. */
bool advance(struct transfer *transfer);

/* Puts the sum of `members` rows of `count` elements into `sum`, in a random order; bf16 is rounded at the end or, as
 * often, after every addition. */
void add_up(ncclDataType_t type, const std::vector<const unsigned char *> &rows, size_t count, unsigned char *sum);
} // namespace nccl_on_cpu
