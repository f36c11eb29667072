/* Which ranks hold other weights than before, by rank number, and in what they differ. */
#include "predict/diff/passes.h"

#include "base/heap.h"

#include <stdlib.h>
#include <string.h>

/* What happens to one rank, as numbers that sort: equal ones go into one line. */
struct outcome {
    int fate, old_base, new_base, old_class, new_class, parts;
    int rank;
};

static bool same_experts(const struct plan *old, int old_layer, int old_ep, const struct plan *new, int new_layer,
                         int new_ep)
{
    const int *a = experts_held(old, old_layer, old_ep), *b = experts_held(new, new_layer, new_ep);
    int most = old->placement.expert_slots > new->placement.expert_slots ? old->placement.expert_slots
                                                                         : new->placement.expert_slots;
    for (int slot = 0; slot < most; slot++)
        if ((slot < old->placement.expert_slots ? a[slot] : -1) != (slot < new->placement.expert_slots ? b[slot] : -1))
            return false;
    return true;
}

/* In the layers that the rank has before and after; where there are none, in the first it has. */
static bool experts_differ(const struct plan *old, const struct rank_row *before, const struct plan *new,
                           const struct rank_row *after)
{
    int old_end = before->layer_base + old->classes[before->class_index].shape.layers;
    int new_end = after->layer_base + new->classes[after->class_index].shape.layers;
    int first = before->layer_base > after->layer_base ? before->layer_base : after->layer_base;
    int end = old_end < new_end ? old_end : new_end;
    int old_ep = before->at[AXIS_EP], new_ep = after->at[AXIS_EP];
    if (first >= end)
        return !same_experts(old, before->layer_base, old_ep, new, after->layer_base, new_ep);
    for (int layer = first; layer < end; layer++)
        if (!same_experts(old, layer, old_ep, new, layer, new_ep))
            return true;
    return false;
}

static int parts_of(const struct plan *old, const struct rank_row *before, const struct plan *new,
                    const struct rank_row *after)
{
    const struct rank_class *old_class = &old->classes[before->class_index];
    const struct rank_class *new_class = &new->classes[after->class_index];
    int parts = 0;
    if (before->layer_base != after->layer_base || old_class->shape.layers != new_class->shape.layers)
        parts |= PART_LAYERS;
    if (experts_differ(old, before, new, after))
        parts |= PART_EXPERTS;
    if (before->at[AXIS_TP] != after->at[AXIS_TP] || old->grid[AXIS_TP] != new->grid[AXIS_TP])
        parts |= PART_SLICE;
    if (strcmp(old_class->name, new_class->name) != 0)
        parts |= PART_CLASS;
    return parts;
}

static struct outcome outcome_of(const struct plan *old, const struct plan *new, int rank)
{
    const struct rank_row *before = rank < old->world ? &old->ranks[rank] : NULL;
    const struct rank_row *after = rank < new->world ? &new->ranks[rank] : NULL;
    struct outcome outcome = {.rank = rank,
                              .old_base = before ? before->layer_base : -1,
                              .new_base = after ? after->layer_base : -1,
                              .old_class = before ? before->class_index : -1,
                              .new_class = after ? after->class_index : -1};
    outcome.parts = before && after ? parts_of(old, before, new, after) : 0;
    outcome.fate = !before ? RANK_ADDED : !after ? RANK_REMOVED : outcome.parts ? RANK_MOVES : RANK_STAYS;
    return outcome;
}

/* All fields but the rank. */
static int compare_outcomes(const struct outcome *a, const struct outcome *b)
{
    const int left[] = {a->fate, a->old_base, a->new_base, a->old_class, a->new_class, a->parts};
    const int right[] = {b->fate, b->old_base, b->new_base, b->old_class, b->new_class, b->parts};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

static int by_outcome(const void *left, const void *right)
{
    const struct outcome *a = left, *b = right;
    int order = compare_outcomes(a, b);
    return order != 0 ? order : (a->rank > b->rank) - (a->rank < b->rank);
}

static void add_move(struct diff *diff, const struct outcome *outcomes, int count)
{
    int *ranks = pool_take(&diff->pool, (size_t)count, sizeof *ranks);
    struct rank_move *move = &diff->ranks.moves[diff->ranks.move_count++];
    *move = (struct rank_move){.fate = (enum rank_fate)outcomes->fate,
                               .parts = (unsigned)outcomes->parts,
                               .old_class = outcomes->old_class,
                               .old_base = outcomes->old_base,
                               .new_class = outcomes->new_class,
                               .new_base = outcomes->new_base,
                               .ranks = ranks,
                               .count = count,
                               .fetch_least = UINT64_MAX};
    for (int i = 0; i < count; i++) {
        ranks[i] = outcomes[i].rank;
        uint64_t bytes = ranks[i] < diff->new.plan->world ? diff->fetch.ranks[ranks[i]].all : 0;
        move->fetch += bytes;
        move->fetch_least = bytes < move->fetch_least ? bytes : move->fetch_least;
        move->fetch_most = bytes > move->fetch_most ? bytes : move->fetch_most;
    }
}

static int by_first_rank(const void *left, const void *right)
{
    const struct rank_move *a = left, *b = right;
    return a->fate != b->fate ? (int)a->fate - (int)b->fate : a->ranks[0] - b->ranks[0];
}

void diff_ranks(struct diff *diff)
{
    const struct plan *old = diff->old.plan, *new = diff->new.plan;
    int world = old->world > new->world ? old->world : new->world;
    struct outcome *outcomes = heap_take((size_t)world, sizeof *outcomes);
    diff->ranks.parts = pool_take(&diff->pool, (size_t)world, sizeof *diff->ranks.parts);
    diff->ranks.moves = pool_take(&diff->pool, (size_t)world, sizeof *diff->ranks.moves);
    for (int rank = 0; rank < world; rank++) {
        outcomes[rank] = outcome_of(old, new, rank);
        diff->ranks.parts[rank] = (unsigned char)outcomes[rank].parts;
        diff->ranks.fates[outcomes[rank].fate]++;
    }
    qsort(outcomes, (size_t)world, sizeof *outcomes, by_outcome);
    for (int begin = 0, end; begin < world; begin = end) {
        for (end = begin + 1; end < world && compare_outcomes(&outcomes[begin], &outcomes[end]) == 0;)
            end++;
        add_move(diff, outcomes + begin, end - begin);
    }
    qsort(diff->ranks.moves, (size_t)diff->ranks.move_count, sizeof *diff->ranks.moves, by_first_rank);
    free(outcomes);
}
