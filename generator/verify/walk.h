/* A run of all ranks' scripts without buffering, to the end or until nobody can go on. */
#pragma once

#include "verify/script.h"

/* One rank, or all ranks of a stage in lockstep. */
struct walker {
    const struct script *script;
    int rank;         /* this one, or the first of the stage */
    int at;           /* step; script->count: finished */
    int looked;       /* members in reach that were found to have signalled enough for step `at` */
    int watchers;     /* the first walker that waits for this one, -1: none */
    int next_watcher; /* the next that waits for the same, -1: none */
};

struct walk {
    const struct plan *plan;
    enum phase phase;
    bool lockstep;
    struct script *scripts; /* [class_count] */
    struct walker *walkers;
    int walker_count;
    int channels;
    int *signals;   /* [walker_count][channels] */
    int *walker_of; /* [world] */
};

/* Runs the phase. Release the walk with walk_free. */
struct walk walk_make(const struct plan *plan, enum phase phase);
void walk_free(struct walk *walk);

/* Whether every rank finished. */
bool walk_finished(const struct walk *walk);

/* The ranks in reach of a rank: `count` of them. */
const int *ranks_in_reach(const struct plan *plan, int rank, enum reach reach, int *count);

/* The step at which a rank stands; NULL when it has finished. */
const struct step *standing_at(const struct walk *walk, int rank);

/* How often a rank has signalled on a channel. */
int signals_of(const struct walk *walk, int rank, int channel);
