/* How CUDA ranks find each other before they can talk over NCCL: each group of ranks needs an id that one of its
 * members makes. Rank 0 listens on a TCP port; every rank connects, says who it is, publishes the ids of the groups it
 * leads and gets those of the groups it is in. The connections stay open: when one closes during the job, rank 0 tells
 * the others who is gone.
 *
 * Knows nothing of CUDA: an id is 128 bytes. Nothing here waits longer than it is told to, and nothing ends the
 * process: callers look at the job between two calls. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RENDEZVOUS_ID_BYTES = 128,
    RENDEZVOUS_HASH_BYTES = 32,
    RENDEZVOUS_AXES = 4,   /* dp, pp, ep, tp: as enum axis of generator/plan.h */
    RENDEZVOUS_GROUPS = 3, /* that one rank can be in */
    RENDEZVOUS_TEXT_BYTES = 192
};

/* A group: the ranks that differ from this one along one axis only. Its leader has coordinate 0 there. */
struct rendezvous_group {
    int axis;
    bool known; /* the leader's from the start, the others' when it has arrived */
    unsigned char id[RENDEZVOUS_ID_BYTES];
};

/* Who a rank is. */
struct rendezvous_member {
    int rank, world;
    int sizes[RENDEZVOUS_AXES]; /* of the grid; their product is `world` */
    int at[RENDEZVOUS_AXES];
    unsigned char plan_hash[RENDEZVOUS_HASH_BYTES];
    int group_count;
    struct rendezvous_group groups[RENDEZVOUS_GROUPS];
};

struct rendezvous; /* one side's: rank 0's or another's */

/* Rank 0: listens at `address` (HOST:PORT; NULL: any free port of this machine, for this machine only). *port: which it
 * is. `milliseconds`: until the meeting gives up on those who have not come. NULL: it cannot; `message` says why. */
struct rendezvous *rendezvous_listen(const struct rendezvous_member *member, const char *address, int milliseconds,
                                     int *port, char *message, size_t room);

/* The others: will connect to rank 0 at `address` (HOST:PORT), which may not listen yet. */
struct rendezvous *rendezvous_join(const struct rendezvous_member *member, const char *address, int milliseconds,
                                   char *message, size_t room);

enum rendezvous_state { RENDEZVOUS_MEETING, RENDEZVOUS_MET, RENDEZVOUS_FAILED };

/* Goes on with the meeting, `milliseconds` at most. MET: everybody has come and knows the ids of all of its groups.
 * FAILED: rendezvous_message says why, in one line. */
enum rendezvous_state rendezvous_meet(struct rendezvous *meeting, int milliseconds);
const char *rendezvous_message(const struct rendezvous *meeting);
/* This rank's groups, in the order it gave them. */
const struct rendezvous_group *rendezvous_groups(const struct rendezvous *meeting);

/* During the job: a rank that is gone without a good-bye, -1: none. Rank 0 passes on what it learns, so it must call
 * this now and then. Never waits. */
int rendezvous_gone(struct rendezvous *meeting);

/* Says good-bye, so that nobody takes this rank for dead, and frees. */
void rendezvous_close(struct rendezvous *meeting);
