/* When nothing moves: see watch.h. */
#include "watch.h"
#include "operation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string>
#include <unistd.h>

namespace nccl_on_cpu
{
constexpr auto LOOK_EVERY = std::chrono::milliseconds(50);

static std::chrono::duration<double> standstill(void)
{
    static const char *text = getenv(STANDSTILL_VARIABLE);
    static double seconds = text ? atof(text) : 10;
    return std::chrono::duration<double>(seconds > 0 ? seconds : 10);
}

static struct member *own_member(const communicator &comm)
{
    return comm->released ? nullptr : &comm->segment.meeting->member[comm->segment.rank];
}

static uint64_t total_moves; /* of this process */

static void publish(struct waits waits)
{
    for (const communicator &comm : communicators())
        if (struct member *member = own_member(comm))
            member->waits.store(waits);
}

void note_move(struct watch *watch)
{
    watch->moved = clock::now();
    total_moves++;
    for (const communicator &comm : communicators())
        if (struct member *member = own_member(comm)) {
            member->moves.store(total_moves);
            member->waits.store({});
        }
}

/* Says whether the standstill has lasted too long. */
static bool lasts(struct watch *watch, struct ncclComm *comm)
{
    clock::time_point now = clock::now();
    if (now - watch->looked < LOOK_EVERY)
        return false;
    watch->looked = now;
    check_peers(comm);
    uint64_t moves = 0;
    for (int i = 0; i < comm->segment.members; i++)
        moves += i == comm->segment.rank ? 0 : comm->segment.meeting->member[i].moves.load();
    if (moves != watch->peer_moves || watch->moved == clock::time_point())
        watch->moved = now;
    watch->peer_moves = moves;
    return now - watch->moved > standstill();
}

[[noreturn]] static void leave_with(const std::string &report)
{
    std::string line = "nccl_on_cpu: " + report + "\n";
    fflush(nullptr);
    (void)!write(STDERR_FILENO, line.data(), line.size());
    _exit(STANDSTILL_STATUS);
}

static std::string text_of(struct waits waits)
{
    return std::string(kind_text(waits.kind)) + " number " + std::to_string(waits.number) + " of its communicator " +
           std::to_string(waits.communicator) + " for rank " + std::to_string(waits.peer);
}

static std::string state_of_peer(const struct ncclComm *comm, int peer)
{
    const struct member *member = &comm->segment.meeting->member[peer];
    struct waits waits = member->waits.load();
    if (member->left.load())
        return "has left";
    bool gone = dead_member(&comm->segment) == peer;
    if (waits.kind == NOTHING)
        return gone ? "is gone" : "runs no operation that waits";
    return (gone ? "is gone; it waited in " : "waits in ") + text_of(waits);
}

void note_wait(struct watch *watch, const struct transfer *stuck)
{
    struct ncclComm *comm = stuck->comm;
    bool too_long = lasts(watch, comm);
    if (watch->looked - watch->moved < LOOK_EVERY / 2)
        return;
    uint32_t kind = stuck->message.kind == SEND && !stuck->sends ? (uint32_t)RECEIVE : stuck->message.kind;
    struct waits waits = {(uint8_t)kind, (uint8_t)comm->number, (uint16_t)stuck->peer, (uint32_t)stuck->message.number};
    publish(waits);
    if (too_long)
        leave_with("rank " + std::to_string(comm->segment.rank) + " waits in " + text_of(waits) + ", which " +
                   state_of_peer(comm, stuck->peer));
}

void note_absence(struct watch *watch, struct ncclComm *comm)
{
    if (!lasts(watch, comm))
        return;
    unsigned joined = comm->segment.meeting->joined.load();
    remove_name(&comm->segment);
    leave_with("rank " + std::to_string(comm->segment.rank) + " waits for all to join its communicator " +
               std::to_string(comm->number) + ": " + std::to_string(joined) + " of " +
               std::to_string(comm->segment.members) + " have");
}
} // namespace nccl_on_cpu
