/* The wait-for graph has an edge from a rank to each rank whose signal it lacks. Ranks that stopped either wait for one
 * that has finished, or some of them wait in a circle. */
#include "verify/deadlock.h"
#include "base/heap.h"
#include "verify/proofs.h"

#include <stdlib.h>

/* Cycles are sought from so many ranks at most; a plan has few kinds of them and any of a kind will do. */
enum { MOST_STARTS = 4096, MOST_SHOWN = 8 };

static bool waits_for(const struct walk *walk, int rank, int other)
{
    const struct move *move = standing_at(walk, rank);
    if (!move || other == rank || signals_of(walk, other, move->channel) >= move->needed)
        return false;
    int count;
    const int *ranks = ranks_in_reach(walk->plan, rank, move->reach, &count);
    if (move->reach == REACH_TP || move->reach == REACH_EP) {
        /* Groups are apart or the same, so they are told by their first member. */
        const int *others = ranks_in_reach(walk->plan, other, move->reach, &count);
        return others[0] == ranks[0];
    }
    return count > 0 && ranks[0] == other;
}

/* Looks for a rank that has finished and is still waited for. */
static bool explain_finished(const struct walk *walk, struct error *error)
{
    const struct plan *plan = walk->plan;
    for (int rank = 0; rank < plan->world; rank++) {
        const struct move *move = standing_at(walk, rank);
        if (!move)
            continue;
        int count;
        const int *ranks = ranks_in_reach(plan, rank, move->reach, &count);
        for (int i = 0; i < count; i++)
            if (!standing_at(walk, ranks[i]) && waits_for(walk, rank, ranks[i])) {
                refuse(error, plan, KEY_grid, "%s stops for good: rank %d waits in %s for rank %d, which has finished",
                       phase_names[walk->phase], rank, op_words(plan, rank, walk->phase, move->op_index).text,
                       ranks[i]);
                return true;
            }
    }
    return false;
}

/* A breadth-first search from one rank back to itself. */
struct search {
    const struct walk *walk;
    int *queue;
    int *found_from; /* [world] the rank that waits for this one on the way from the start; -1: not reached */
    int *depth;      /* [world] */
    int *asked;      /* [world][2] channel + 1 on which the tp or ep group led by this rank was looked through */
};

static void reset(struct search *search)
{
    for (int rank = 0; rank < search->walk->plan->world; rank++) {
        search->found_from[rank] = -1;
        search->asked[2 * rank] = search->asked[2 * rank + 1] = 0;
    }
}

/* The last rank of the shortest cycle through `start` of fewer than `limit` ranks, and its length; -1: none. */
static int search_cycle(struct search *search, int start, int limit, int *length)
{
    const struct walk *walk = search->walk;
    int head = 0, tail = 0;
    reset(search);
    search->queue[tail++] = start;
    search->found_from[start] = start;
    search->depth[start] = 1;
    while (head < tail) {
        int rank = search->queue[head++];
        if (search->depth[rank] >= limit)
            return -1;
        if (waits_for(walk, rank, start)) {
            *length = search->depth[rank];
            return rank;
        }
        const struct move *move = standing_at(walk, rank);
        if (!move)
            continue;
        int count;
        const int *ranks = ranks_in_reach(walk->plan, rank, move->reach, &count);
        bool group = move->reach == REACH_TP || move->reach == REACH_EP;
        int *asked = group ? &search->asked[2 * ranks[0] + (move->reach == REACH_TP)] : NULL;
        if (asked && *asked == move->channel + 1)
            continue; /* whom this rank waits for was found from a member that waits for the same */
        if (asked)
            *asked = move->channel + 1;
        for (int i = 0; i < count; i++) {
            if (search->found_from[ranks[i]] >= 0 || !waits_for(walk, rank, ranks[i]))
                continue;
            search->found_from[ranks[i]] = rank;
            search->depth[ranks[i]] = search->depth[rank] + 1;
            search->queue[tail++] = ranks[i];
        }
    }
    return -1;
}

/* Prints the cycle that ends in `last`, whose way from its start `found_from` tells. */
static void tell_cycle(const struct search *search, int last, int length, struct error *error)
{
    const struct walk *walk = search->walk;
    const struct plan *plan = walk->plan;
    int *cycle = heap_take((size_t)length, sizeof *cycle);
    for (int i = length - 1, rank = last; i >= 0; i--, rank = search->found_from[rank])
        cycle[i] = rank;
    struct text text = {0};
    for (int i = 0; i < length && i < MOST_SHOWN; i++)
        text_format(&text, "%s waits in %s for rank %d", i ? ", which" : words_of("rank %d", cycle[0]).text,
                    op_words(plan, cycle[i], walk->phase, standing_at(walk, cycle[i])->op_index).text,
                    cycle[(i + 1) % length]);
    if (length > MOST_SHOWN)
        text_format(&text, ", and so on through %d ranks", length);
    refuse(error, plan, KEY_grid, "%s stops for good: %s", phase_names[walk->phase], text.bytes);
    text_free(&text);
    free(cycle);
}

/* There is no cycle of two or more, so there is one of one: a rank waits for what it only signals itself later on. */
static void tell_self(const struct walk *walk, struct error *error)
{
    for (int rank = 0; rank < walk->plan->world; rank++) {
        const struct move *move = standing_at(walk, rank);
        if (!move || signals_of(walk, rank, move->channel) >= move->needed)
            continue;
        refuse(error, walk->plan, KEY_grid,
               "%s stops for good: rank %d waits in %s for what it signals itself later on", phase_names[walk->phase],
               rank, op_words(walk->plan, rank, walk->phase, move->op_index).text);
        return;
    }
}

static bool explain_cycle(const struct walk *walk, struct error *error)
{
    int world = walk->plan->world;
    struct search search = {.walk = walk,
                            .queue = heap_take((size_t)world, sizeof(int)),
                            .found_from = heap_take((size_t)world, sizeof(int)),
                            .depth = heap_take((size_t)world, sizeof(int)),
                            .asked = heap_take(2 * (size_t)world, sizeof(int))};
    int limit = world + 1, starts = 0;
    for (int start = 0; start < world && limit > 2 && starts < MOST_STARTS; start++) {
        if (!standing_at(walk, start))
            continue;
        starts++;
        int length, last = search_cycle(&search, start, limit, &length);
        if (last < 0)
            continue;
        limit = length;
        tell_cycle(&search, last, length, error);
    }
    if (limit > world)
        tell_self(walk, error);
    free(search.queue);
    free(search.found_from);
    free(search.depth);
    free(search.asked);
    return false;
}

bool explain_deadlock(const struct walk *walk, struct error *error)
{
    return explain_finished(walk, error) ? false : explain_cycle(walk, error);
}
