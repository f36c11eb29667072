/* A run of all ranks' scripts without buffering, to the end or until nobody can go on. */
#pragma once

#include "verify/script.h"

/* One rank, or all ranks of a stage in lockstep. */
struct walker {
    const struct script *script;
    int rank;        /* this one, or the first of the stage */
    int at;          /* move; script->count: finished */
    int next_waiter; /* the next that waits for the same tally, -1: none */
};

/* What a group has signalled on one channel: every member `minimum` times, `ahead` of them more often. */
struct tally {
    int minimum, ahead;
    int waiters; /* 1 + the first walker that waits for a higher minimum, 0: none */
};

struct walk {
    const struct plan *plan;
    enum phase phase;
    bool lockstep;
    struct script *scripts; /* [class_count] */
    struct walker *walkers;
    int walker_count;
    int channels;
    int *signals;          /* [walker_count][channels] */
    struct tally *tallies; /* [walker_count][channels], at the first member of each group */
    int *walker_of;        /* [world] */
};

/* Runs the phase. Release the walk with walk_free. */
struct walk walk_make(const struct plan *plan, enum phase phase);
void walk_free(struct walk *walk);

/* Whether every rank finished. */
bool walk_finished(const struct walk *walk);

/* The ranks in reach of a rank: `count` of them. */
const int *ranks_in_reach(const struct plan *plan, int rank, enum reach reach, int *count);

/* The move at which a rank stands; NULL when it has finished. */
const struct move *standing_at(const struct walk *walk, int rank);

/* How often a rank has signalled on a channel. */
int signals_of(const struct walk *walk, int rank, int channel);
