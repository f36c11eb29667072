/* Ranks of one stage that run the same list go in lockstep: tp and ep groups lie within a stage, so peers are equals,
 * and the neighbours of equals are equals (the proof ranks has shown both). One walker then stands for all of them,
 * and a world of 4096 costs what its stages cost. Where a stage has several classes every rank walks by itself.
 *
 * A walker that cannot go on watches one rank that it waits for, looks again when that one signals, and then goes on
 * down its list of peers; so a wait costs one pass over the peers, however often they signal. */
#include "verify/walk.h"
#include "verify/proofs.h"

#include <stdlib.h>

const int *ranks_in_reach(const struct plan *plan, int rank, enum reach reach, int *count)
{
    const struct rank_row *row = &plan->ranks[rank];
    const int *const ranks[] = {[REACH_TP] = row->tp_group,
                                [REACH_EP] = row->ep_group,
                                [REACH_NEXT] = &row->next,
                                [REACH_PREVIOUS] = &row->previous};
    const int counts[] = {[REACH_TP] = plan->grid[AXIS_TP],
                          [REACH_EP] = plan->grid[AXIS_EP],
                          [REACH_NEXT] = row->next >= 0,
                          [REACH_PREVIOUS] = row->previous >= 0};
    *count = counts[reach];
    return ranks[reach];
}

const struct step *standing_at(const struct walk *walk, int rank)
{
    const struct walker *walker = &walk->walkers[walk->walker_of[rank]];
    return walker->at < walker->script->count ? &walker->script->steps[walker->at] : NULL;
}

int signals_of(const struct walk *walk, int rank, int channel)
{
    return walk->signals[(size_t)walk->walker_of[rank] * walk->channels + channel];
}

/* The walker that this one must still wait for in its step; -1: none. A rank does not wait for itself; in lockstep the
 * walker itself stands for its peers. */
static int still_missing(const struct walk *walk, struct walker *walker)
{
    const struct step *step = &walker->script->steps[walker->at];
    bool group = step->reach == REACH_TP || step->reach == REACH_EP;
    if (walk->lockstep && group)
        return signals_of(walk, walker->rank, step->channel) < step->needed ? walk->walker_of[walker->rank] : -1;
    int count;
    const int *ranks = ranks_in_reach(walk->plan, walker->rank, step->reach, &count);
    for (; walker->looked < count; walker->looked++) {
        int rank = ranks[walker->looked];
        if (rank != walker->rank && signals_of(walk, rank, step->channel) < step->needed)
            return walk->walker_of[rank];
    }
    walker->looked = 0;
    return -1;
}

/* Goes on until the walker has finished or must wait. Puts those it wakes on the stack `ready`. */
static void go_on(struct walk *walk, int index, int *ready, int *ready_count)
{
    struct walker *walker = &walk->walkers[index];
    for (; walker->at < walker->script->count; walker->at++) {
        const struct step *step = &walker->script->steps[walker->at];
        if (step->waits) {
            int missing = still_missing(walk, walker);
            if (missing < 0)
                continue;
            walker->next_watcher = walk->walkers[missing].watchers;
            walk->walkers[missing].watchers = index;
            return;
        }
        walk->signals[(size_t)index * walk->channels + step->channel]++;
        for (int watcher = walker->watchers; watcher >= 0; watcher = walk->walkers[watcher].next_watcher)
            ready[(*ready_count)++] = watcher;
        walker->watchers = -1;
    }
}

static bool stages_are_alike(const struct plan *plan)
{
    int *class_of = take_array((size_t)plan->grid[AXIS_PP], sizeof *class_of); /* 1 + class; 0: not yet seen */
    bool alike = true;
    for (int rank = 0; rank < plan->world && alike; rank++) {
        int *class = &class_of[plan->ranks[rank].at[AXIS_PP]];
        alike = *class == 0 || *class == plan->ranks[rank].class_index + 1;
        *class = plan->ranks[rank].class_index + 1;
    }
    free(class_of);
    return alike;
}

static void start_walkers(struct walk *walk)
{
    const struct plan *plan = walk->plan;
    walk->lockstep = stages_are_alike(plan);
    walk->walker_count = walk->lockstep ? plan->grid[AXIS_PP] : plan->world;
    walk->walkers = take_array((size_t)walk->walker_count, sizeof *walk->walkers);
    walk->walker_of = take_array((size_t)plan->world, sizeof *walk->walker_of);
    for (int rank = plan->world - 1; rank >= 0; rank--) {
        int index = walk->lockstep ? plan->ranks[rank].at[AXIS_PP] : rank;
        walk->walker_of[rank] = index;
        walk->walkers[index] = (struct walker){
            .script = &walk->scripts[plan->ranks[rank].class_index], .rank = rank, .watchers = -1, .next_watcher = -1};
    }
}

struct walk walk_make(const struct plan *plan, enum phase phase)
{
    struct walk walk = {.plan = plan, .phase = phase};
    walk.scripts = take_array((size_t)plan->class_count, sizeof *walk.scripts);
    for (int i = 0; i < plan->class_count; i++)
        walk.scripts[i] = script_make(&plan->classes[i], phase);
    start_walkers(&walk);
    walk.channels = channel_count(&plan->classes[0]);
    walk.signals = take_array((size_t)walk.walker_count * (size_t)walk.channels, sizeof *walk.signals);

    /* A walker is on the stack, waiting or finished, never two of these: the stack has room for all. */
    int *ready = take_array((size_t)walk.walker_count, sizeof *ready), ready_count = 0;
    for (int index = walk.walker_count - 1; index >= 0; index--)
        ready[ready_count++] = index;
    while (ready_count > 0)
        go_on(&walk, ready[--ready_count], ready, &ready_count);
    free(ready);
    return walk;
}

void walk_free(struct walk *walk)
{
    for (int i = 0; i < walk->plan->class_count; i++)
        script_free(&walk->scripts[i]);
    free(walk->scripts);
    free(walk->walkers);
    free(walk->walker_of);
    free(walk->signals);
}

bool walk_finished(const struct walk *walk)
{
    for (int i = 0; i < walk->walker_count; i++)
        if (walk->walkers[i].at < walk->walkers[i].script->count)
            return false;
    return true;
}
