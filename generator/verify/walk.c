/* Ranks of one stage that run the same list go in lockstep: tp and ep groups lie within a stage, so peers are equals,
 * and the neighbours of equals are equals (the proof ranks has shown both). One walker then stands for all of them,
 * and a world of 4096 costs what its stages cost. Where a stage has several classes every rank walks by itself.
 *
 * Waits are for the slowest member of a group. A tally knows how often that one has signalled and is looked through
 * only when the last member has caught up; so the cost of a walk grows with its signals and waits, not with group
 * sizes. */
#include "verify/walk.h"
#include "base/heap.h"
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

const struct move *standing_at(const struct walk *walk, int rank)
{
    const struct walker *walker = &walk->walkers[walk->walker_of[rank]];
    return walker->at < walker->script->count ? &walker->script->moves[walker->at] : NULL;
}

int signals_of(const struct walk *walk, int rank, int channel)
{
    return walk->signals[(size_t)walk->walker_of[rank] * walk->channels + channel];
}

/* The members of the group that hears a walker's signals on a channel: its tp or ep group, or for STAGE itself. In
 * lockstep a walker is all of its group. */
static const int *listeners(const struct walk *walk, int walker, int channel, int *count)
{
    const struct rank_row *row = &walk->plan->ranks[walk->walkers[walker].rank];
    const struct shapes *shape = &walk->plan->classes[row->class_index].shape;
    enum axis axis = walk->lockstep ? AXIS_NONE : axis_of_channel(shape, channel);
    *count = axis == AXIS_NONE ? 1 : walk->plan->grid[axis];
    return axis == AXIS_TP ? row->tp_group : axis == AXIS_EP ? row->ep_group : &row->rank;
}

/* Groups share one tally, that of their first member. */
static struct tally *tally_of(const struct walk *walk, int walker, int channel)
{
    int count;
    int leader = walk->walker_of[listeners(walk, walker, channel, &count)[0]];
    return &walk->tallies[(size_t)leader * walk->channels + channel];
}

/* Walkers that are ready to go on. One is ready, waiting or finished, never two of these, so there is room for all. */
struct stack {
    int *walkers;
    int count;
};

/* Counts a signal; when it was the slowest member's, wakes all who wait for the group. */
static void signal_group(struct walk *walk, int walker, int channel, struct stack *ready)
{
    int before = walk->signals[(size_t)walker * walk->channels + channel]++, count;
    struct tally *tally = tally_of(walk, walker, channel);
    const int *members = listeners(walk, walker, channel, &count);
    if (before != tally->minimum || ++tally->ahead < count)
        return;
    tally->minimum++;
    tally->ahead = 0;
    for (int i = 0; i < count; i++)
        tally->ahead += signals_of(walk, members[i], channel) > tally->minimum;
    for (int waiter = tally->waiters - 1; waiter >= 0; waiter = walk->walkers[waiter].next_waiter)
        ready->walkers[ready->count++] = waiter;
    tally->waiters = 0;
}

/* The tally that a wait is for. */
static struct tally *awaited(const struct walk *walk, int walker, const struct move *move)
{
    int count;
    if (move->reach == REACH_TP || move->reach == REACH_EP)
        return tally_of(walk, walker, move->channel);
    const int *neighbour = ranks_in_reach(walk->plan, walk->walkers[walker].rank, move->reach, &count);
    return count ? tally_of(walk, walk->walker_of[*neighbour], move->channel) : NULL;
}

/* Goes on until the walker has finished or must wait. */
static void go_on(struct walk *walk, int index, struct stack *ready)
{
    struct walker *walker = &walk->walkers[index];
    for (; walker->at < walker->script->count; walker->at++) {
        const struct move *move = &walker->script->moves[walker->at];
        if (!move->waits) {
            signal_group(walk, index, move->channel, ready);
            continue;
        }
        struct tally *tally = awaited(walk, index, move);
        if (tally && tally->minimum < move->needed) {
            walker->next_waiter = tally->waiters - 1;
            tally->waiters = index + 1;
            return;
        }
    }
}

static bool stages_are_alike(const struct plan *plan)
{
    int *class_of = heap_take((size_t)plan->grid[AXIS_PP], sizeof *class_of); /* 1 + class; 0: not yet seen */
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
    walk->walkers = heap_take((size_t)walk->walker_count, sizeof *walk->walkers);
    walk->walker_of = heap_take((size_t)plan->world, sizeof *walk->walker_of);
    for (int rank = plan->world - 1; rank >= 0; rank--) {
        int index = walk->lockstep ? plan->ranks[rank].at[AXIS_PP] : rank;
        walk->walker_of[rank] = index;
        walk->walkers[index] = (struct walker){.script = &walk->scripts[plan->ranks[rank].class_index], .rank = rank};
    }
}

struct walk walk_make(const struct plan *plan, enum phase phase)
{
    struct walk walk = {.plan = plan, .phase = phase};
    walk.scripts = heap_take((size_t)plan->class_count, sizeof *walk.scripts);
    for (int i = 0; i < plan->class_count; i++)
        walk.scripts[i] = script_make(&plan->classes[i], phase);
    start_walkers(&walk);
    walk.channels = channel_count(&plan->classes[0]);
    walk.signals = heap_take((size_t)walk.walker_count * (size_t)walk.channels, sizeof *walk.signals);
    walk.tallies = heap_take((size_t)walk.walker_count * (size_t)walk.channels, sizeof *walk.tallies);

    struct stack ready = {.walkers = heap_take((size_t)walk.walker_count, sizeof *ready.walkers)};
    for (int index = walk.walker_count - 1; index >= 0; index--)
        ready.walkers[ready.count++] = index;
    while (ready.count > 0)
        go_on(&walk, ready.walkers[--ready.count], &ready);
    free(ready.walkers);
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
    free(walk->tallies);
}

bool walk_finished(const struct walk *walk)
{
    for (int i = 0; i < walk->walker_count; i++)
        if (walk->walkers[i].at < walk->walkers[i].script->count)
            return false;
    return true;
}
