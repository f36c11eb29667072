/* The memory that the members of a communicator share: a file in /dev/shm named by the unique id, who has joined, who
 * is alive, and a channel from every member to every other.
 *
 * A member holds a lock on its byte of the file; the system lets go of it when the process ends, however it ends, which
 * is how its peers learn of it. */
#pragma once

#include <atomic>
#include <stddef.h>
#include <stdint.h>

namespace nccl_on_cpu
{
constexpr int MAX_MEMBERS = 64;
constexpr size_t CHUNK_BYTES = 32 * 1024;
constexpr size_t NAME_BYTES = 64;

/* What both ends of a message must agree on. */
struct message {
    uint32_t kind;   /* enum kind of operation.h */
    uint32_t part;   /* of a collective that takes several exchanges */
    uint64_t number; /* of the collective in its communicator; of the message from this sender to this receiver */
    uint64_t type, count;
};

/* From one member to another: one chunk at a time. The sender fills it and posts; the receiver copies it out and takes
 * it. No more than that is ever under way, so that a send ends only when its receive has run. */
struct channel {
    alignas(64) std::atomic<uint32_t> posted; /* chunks */
    alignas(64) std::atomic<uint32_t> taken;
    alignas(64) struct message message;
    uint64_t bytes;
    alignas(64) unsigned char chunk[CHUNK_BYTES];
};

/* What a process waits for, for the report of a peer: 0 is nothing. */
struct waits {
    uint8_t kind, communicator;
    uint16_t peer;
    uint32_t number;
};

struct member {
    alignas(64) std::atomic<uint32_t> bell; /* futex: rung when something happened that this member may wait for */
    std::atomic<uint32_t> sleepers;
    std::atomic<uint32_t> joined, left;
    alignas(64) std::atomic<uint64_t> moves; /* of all communicators of the process: chunks sent and received */
    std::atomic<struct waits> waits;
};

struct meeting {
    std::atomic<uint32_t> members; /* the size, as the first one gave it */
    std::atomic<uint32_t> joined;
    std::atomic<uint32_t> aborted; /* 1 + the rank that did */
    struct member member[MAX_MEMBERS];
};

/* This process's view of it. */
struct segment {
    char name[NAME_BYTES];
    int file, rank, members;
    struct meeting *meeting;
    struct channel *channels; /* [from][to] */
};

/* A name that no other communicator has. */
void new_name(char name[NAME_BYTES]);
bool is_name(const char *name);

/* Maps the file, creating it if need be, and joins as `rank`. NULL: done; else what is wrong. */
const char *join(struct segment *segment, const char *name, int rank, int members);
bool all_joined(const struct segment *segment); /* removes the file's name once they have */
void remove_name(const struct segment *segment);
/* Tells the peers that this member takes part in nothing any more, and unmaps. */
void leave(struct segment *segment);

/* A member that has joined and whose process ended without leaving; -1: none. */
int dead_member(const struct segment *segment);

struct channel *channel_between(const struct segment *segment, int from, int to);

/* Wakes that member if it sleeps. */
void ring(const struct segment *segment, int rank);
void ring_all(const struct segment *segment);
/* Sleeps until somebody rings after bell_of() gave `heard`, at most that long. */
uint32_t bell_of(const struct segment *segment);
void sleep_until_rung(const struct segment *segment, uint32_t heard, long microseconds);
} // namespace nccl_on_cpu
