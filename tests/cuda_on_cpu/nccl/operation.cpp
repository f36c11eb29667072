/* Operations as lists of exchanges; an exchange is transfers that progress together. */
#include "operation.h"
#include "watch.h"

#include <algorithm>
#include <string.h>
#include <time.h>

namespace nccl_on_cpu
{
using cuda_on_cpu::progress;

constexpr long LONGEST_SLEEP = 1000; /* microseconds: other streams may wait for something else */

struct operation {
    std::vector<struct call> calls; /* collectives first */
    size_t collectives;             /* how many of them are */
    size_t collective;              /* that runs; == collectives: the messages do */
    uint32_t part;                  /* of the collective, from 0 */
    uint32_t patience;              /* steps before it tries to begin: of two streams either may be first */
    bool begun, exchanging;
    std::vector<struct transfer> transfers; /* of the exchange that runs */
    std::vector<unsigned char> gathered;    /* an all-reduce: what the others give to this rank's slice */
    struct ncclComm *waited; /* the last step could do nothing: the communicator of what waits; else NULL */
    uint32_t heard;          /* its bell before that step */
    struct watch watch;
};

static struct operation *running; /* of this process: at most one */

/* ---- exchanges */

static struct transfer transfer_of(const struct call *call, int peer, bool sends, const unsigned char *data,
                                   size_t count)
{
    struct transfer transfer = {};
    transfer.comm = call->comm.get();
    transfer.peer = peer;
    transfer.sends = sends;
    transfer.message = {(uint32_t)call->kind, 0, call->comm->collectives, (uint64_t)call->type, call->count};
    transfer.data = (unsigned char *)data;
    transfer.bytes = count * type_bytes(call->type);
    return transfer;
}

/* Where the slice of a sum that member `i` makes begins. */
static size_t slice_begin(const struct call *call, int i)
{
    return call->count * (size_t)i / (size_t)call->comm->segment.members;
}

static size_t slice_count(const struct call *call, int i)
{
    return slice_begin(call, i + 1) - slice_begin(call, i);
}

/* Part 0: every member gets its slice from all; part 1: it gives the sum of its slice to all. */
static void open_all_reduce(struct operation *operation, const struct call *call)
{
    const struct segment *segment = &call->comm->segment;
    size_t element = type_bytes(call->type), own = slice_count(call, segment->rank);
    operation->gathered.resize(own * element * (size_t)segment->members);
    for (int i = 0; i < segment->members; i++) {
        if (i == segment->rank)
            continue;
        size_t theirs = slice_begin(call, i) * element, mine = slice_begin(call, segment->rank) * element;
        const unsigned char *out = operation->part ? call->received + mine : call->sent + theirs;
        const unsigned char *in =
            operation->part ? call->received + theirs : operation->gathered.data() + own * element * (size_t)i;
        size_t there = slice_count(call, i);
        operation->transfers.push_back(transfer_of(call, i, true, out, operation->part ? own : there));
        operation->transfers.push_back(transfer_of(call, i, false, in, operation->part ? there : own));
    }
    for (struct transfer &transfer : operation->transfers)
        transfer.message.part = operation->part;
}

static void sum_own_slice(const struct operation *operation, const struct call *call)
{
    const struct segment *segment = &call->comm->segment;
    size_t own = slice_count(call, segment->rank), bytes = own * type_bytes(call->type);
    size_t begin = slice_begin(call, segment->rank) * type_bytes(call->type);
    std::vector<const unsigned char *> rows;
    for (int i = 0; i < segment->members; i++)
        rows.push_back(i == segment->rank ? call->sent + begin : operation->gathered.data() + bytes * (size_t)i);
    cuda_on_cpu::note_read(call->sent + begin, bytes);
    cuda_on_cpu::note_write(call->received + begin, bytes);
    std::vector<unsigned char> sum(bytes); /* apart, since the sum may be in place */
    if (own == 0)
        return;
    add_up(call->type, rows, own, sum.data());
    memcpy(call->received + begin, sum.data(), bytes);
}

static void open_all_gather(struct operation *operation, const struct call *call)
{
    const struct segment *segment = &call->comm->segment;
    size_t bytes = call->count * type_bytes(call->type);
    unsigned char *own = call->received + bytes * (size_t)segment->rank;
    cuda_on_cpu::note_read(call->sent, bytes);
    cuda_on_cpu::note_write(own, bytes);
    if (bytes)
        memmove(own, call->sent, bytes);
    for (int i = 0; i < segment->members; i++) {
        if (i == segment->rank)
            continue;
        operation->transfers.push_back(transfer_of(call, i, true, call->sent, call->count));
        operation->transfers.push_back(transfer_of(call, i, false, call->received + bytes * (size_t)i, call->count));
    }
}

static void open_messages(struct operation *operation)
{
    for (size_t i = operation->collectives; i < operation->calls.size(); i++) {
        const struct call *call = &operation->calls[i];
        bool sends = call->kind == SEND;
        struct transfer transfer =
            transfer_of(call, call->peer, sends, sends ? call->sent : call->received, call->count);
        transfer.message.kind = SEND;
        transfer.message.number = ++(sends ? call->comm->sent : call->comm->received)[(size_t)call->peer];
        operation->transfers.push_back(transfer);
    }
}

static void open_exchange(struct operation *operation)
{
    operation->transfers.clear();
    operation->exchanging = true;
    if (operation->collective == operation->collectives) {
        open_messages(operation);
        return;
    }
    const struct call *call = &operation->calls[operation->collective];
    if (operation->part == 0)
        call->comm->collectives++;
    (call->kind == ALL_REDUCE ? open_all_reduce : open_all_gather)(operation, call);
}

/* True: there is no exchange after this one. */
static bool close_exchange(struct operation *operation)
{
    operation->exchanging = false;
    if (operation->collective == operation->collectives)
        return true;
    const struct call *call = &operation->calls[operation->collective];
    if (call->kind == ALL_REDUCE && operation->part == 0 && !call->comm->released) {
        sum_own_slice(operation, call);
        operation->part = 1;
        return false;
    }
    operation->part = 0;
    operation->collective++;
    return operation->collective == operation->collectives && operation->collectives == operation->calls.size();
}

/* ---- steps */

static bool same_way(const struct transfer *one, const struct transfer *other)
{
    return one->comm == other->comm && one->peer == other->peer && one->sends == other->sends;
}

/* Messages of one way go in order: only the first that is unfinished. */
static bool may_advance(const std::vector<struct transfer> &transfers, size_t i)
{
    if (transfers[i].finished)
        return false;
    for (size_t j = 0; j < i; j++)
        if (!transfers[j].finished && same_way(&transfers[j], &transfers[i]))
            return false;
    return true;
}

static const struct transfer *first_unfinished(const std::vector<struct transfer> &transfers)
{
    for (const struct transfer &transfer : transfers)
        if (!transfer.finished)
            return &transfer;
    return nullptr;
}

/* Each transfer by a chunk at most, in the order from a random one. Says whether any moved. */
static bool advance_all(std::vector<struct transfer> *transfers)
{
    size_t count = transfers->size(), first = count ? cuda_on_cpu::random_below((uint32_t)count) : 0;
    bool moved = false;
    for (size_t k = 0; k < count; k++) {
        size_t i = (first + k) % count;
        struct transfer *transfer = &(*transfers)[i];
        if (transfer->comm->released)
            transfer->finished = true; /* aborted: there is nothing to wait for */
        else if (may_advance(*transfers, i))
            moved |= advance(transfer);
    }
    return moved;
}

static bool may_begin(const struct operation *operation)
{
    return !running && !std::any_of(operation->calls.begin(), operation->calls.end(), [](const struct call &call) {
        return !call.comm->released && call.ticket && call.ticket != call.comm->begun + 1;
    });
}

static void begin(struct operation *operation)
{
    running = operation;
    operation->begun = true;
    operation->watch.moved = clock::now();
    for (const struct call &call : operation->calls)
        if (call.ticket)
            call.comm->begun = call.ticket;
}

static void finish(struct operation *operation)
{
    running = nullptr;
    for (const struct call &call : operation->calls)
        call.comm->pending--;
}

/* Advances an operation that has begun. */
static progress advance_exchange(struct operation *operation)
{
    if (!operation->exchanging)
        open_exchange(operation);
    const struct transfer *stuck = first_unfinished(operation->transfers);
    bool listens = stuck && !stuck->comm->released;
    operation->heard = listens ? bell_of(&stuck->comm->segment) : 0;
    bool moved = advance_all(&operation->transfers);
    operation->waited = listens && !moved && !stuck->finished ? stuck->comm : nullptr;
    if (moved)
        note_move(&operation->watch);
    stuck = first_unfinished(operation->transfers);
    if (!stuck) {
        if (!close_exchange(operation))
            return progress::some;
        finish(operation);
        return progress::finished;
    }
    if (!moved)
        note_wait(&operation->watch, stuck);
    return moved ? progress::some : progress::outside;
}

static progress advance_operation(struct operation *operation)
{
    if (!operation->begun && operation->patience > 0) {
        operation->patience--;
        return progress::some;
    }
    if (!operation->begun && !may_begin(operation))
        return progress::outside;
    if (!operation->begun)
        begin(operation);
    return advance_exchange(operation);
}

void sleep_until_peers_move(void)
{
    struct ncclComm *comm = running ? running->waited : nullptr;
    const struct timespec moment = {0, 30000};
    if (comm && !comm->released)
        sleep_until_rung(&comm->segment, running->heard, LONGEST_SLEEP);
    else
        nanosleep(&moment, nullptr);
}

cuda_on_cpu::step begin_operation(const std::vector<struct call> &calls)
{
    auto operation = std::make_shared<struct operation>();
    operation->calls = calls;
    operation->patience = cuda_on_cpu::random_below(4);
    auto messages =
        std::stable_partition(operation->calls.begin(), operation->calls.end(), [](const struct call &call) {
            return call.kind == ALL_REDUCE || call.kind == ALL_GATHER;
        });
    operation->collectives = (size_t)(messages - operation->calls.begin());
    return [operation] { return advance_operation(operation.get()); };
}
} // namespace nccl_on_cpu
