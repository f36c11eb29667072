/* Two schedules of a class as a short list of changes, in terms of ops, layers and micro-batches.
 *
 * An op is known by its kind, micro-batch and layer, and is once in a schedule. Ops of layers or micro-batches that
 * only one side has are added or removed together. Of the others, an op in one side alone was added or removed, or took
 * the place of the op that did its work (`replacements`). Those in both that are not in the longest common order moved;
 * an op that moved along with the op before it counts with that one. */
#include "predict/diff/changes.h"
#include "predict/diff/passes.h"

#include "base/heap.h"

#include <stdlib.h>

/* The ops that do the same work under another split, alone or with peers, or on another device. */
static const enum op_kind replacements[][2] = {
    {OP_EMBED, OP_EMBED_SLICE},
    {OP_EMBED, OP_RECEIVE_STAGE},
    {OP_EMBED_SLICE, OP_RECEIVE_STAGE},
    {OP_ADD_ATTENTION, OP_REDUCE_ATTENTION},
    {OP_GATHER, OP_DISPATCH_FINISH},
    {OP_SCATTER, OP_COMBINE_FINISH},
    {OP_ADD_EXPERTS, OP_REDUCE_EXPERTS},
    {OP_HEAD, OP_SEND_STAGE},
    {OP_REDUCE_EMBEDDING, OP_SUM_EMBEDDING},
    {OP_REDUCE_ATTENTION, OP_SUM_ATTENTION},
    {OP_REDUCE_EXPERTS, OP_SUM_EXPERTS},
    {OP_ROUTE, OP_ADD_AND_ROUTE},
};

/* One op list, its layers counted as those of the other. */
struct side {
    const struct op *ops;
    int count, base, layers, micros;
    int *position; /* [kind][micro][layer + 1 - lowest] index of the op + 1; 0: not there */
    int *order;    /* [count] of a common op: its place among the common ones of this side; -1: not common */
    int *common;   /* indices of common ops */
    int common_count;
};

struct comparison {
    struct side old, new;
    int lowest, span; /* layers -1, lowest .. lowest + span - 2 */
    struct changes changes;
};

static int layer_of(const struct side *side, int index)
{
    return side->ops[index].layer < 0 ? -1 : side->base + side->ops[index].layer;
}

static int *slot_of(const struct comparison *comparison, const struct side *side, int kind, int micro, int layer)
{
    int offset = layer < 0 ? 0 : layer - comparison->lowest + 1;
    return &side->position[(kind * MAX_MICRO_BATCHES + micro) * comparison->span + offset];
}

static bool has_layer(const struct side *side, int layer)
{
    return layer < 0 || (layer >= side->base && layer < side->base + side->layers);
}

static int find_op(const struct comparison *comparison, const struct side *side, int kind, int micro, int layer)
{
    if (micro >= side->micros || !has_layer(side, layer))
        return -1;
    return *slot_of(comparison, side, kind, micro, layer) - 1;
}

static int find_same(const struct comparison *comparison, const struct side *from, int index, const struct side *in)
{
    return find_op(comparison, in, from->ops[index].kind, from->ops[index].micro, layer_of(from, index));
}

/* ---- added, removed, replaced */

static int find_replaced(const struct comparison *comparison, const struct side *from, int index, const struct side *in)
{
    const struct op *op = &from->ops[index];
    for (size_t i = 0; i < sizeof replacements / sizeof *replacements; i++)
        for (int side = 0; side < 2; side++) {
            int other = replacements[i][1 - side];
            if (replacements[i][side] == op->kind &&
                find_op(comparison, from, other, op->micro, layer_of(from, index)) < 0 &&
                find_op(comparison, in, other, op->micro, layer_of(from, index)) >= 0)
                return other;
        }
    return -1;
}

/* Ops of `from` that are not in `in`: as a whole micro-batch or layer, replaced, or one by one. */
static void add_missing(struct comparison *comparison, const struct side *from, const struct side *in,
                        enum schedule_change_kind change)
{
    for (int i = 0; i < from->count; i++) {
        const struct op *op = &from->ops[i];
        int layer = layer_of(from, i), was;
        if (find_same(comparison, from, i, in) >= 0)
            continue;
        if (op->micro >= in->micros)
            changes_add(&comparison->changes, (struct schedule_change){.change = change, .kind = -1, .was = -1},
                        op->micro, -1, i);
        else if (!has_layer(in, layer))
            changes_add(&comparison->changes, (struct schedule_change){.change = change, .kind = -1, .was = -1},
                        op->micro, layer, i);
        else if ((was = find_replaced(comparison, from, i, in)) < 0)
            changes_add(&comparison->changes, (struct schedule_change){.change = change, .kind = op->kind, .was = -1},
                        op->micro, layer, i);
        else if (change == OPS_ADDED)
            changes_add(&comparison->changes,
                        (struct schedule_change){.change = OPS_REPLACED, .kind = op->kind, .was = was}, op->micro,
                        layer, i);
    }
}

/* ---- moved */

static void list_common(const struct comparison *comparison, struct side *side, const struct side *other)
{
    for (int i = 0; i < side->count; i++) {
        bool common = find_same(comparison, side, i, other) >= 0;
        side->order[i] = common ? side->common_count : -1;
        if (common)
            side->common[side->common_count++] = i;
    }
}

/* Marks, of the numbers [count], those of one longest ascending run through them: patience sorting. */
static void mark_ascending(const int *numbers, int count, bool *marked)
{
    int *tails = heap_take((size_t)count + 1, sizeof *tails), *before = heap_take((size_t)count + 1, sizeof *before);
    int length = 0;
    for (int i = 0; i < count; i++) {
        int low = 0, high = length;
        while (low < high) {
            int middle = (low + high) / 2;
            if (numbers[tails[middle]] < numbers[i])
                low = middle + 1;
            else
                high = middle;
        }
        before[i] = low > 0 ? tails[low - 1] : -1;
        tails[low] = i;
        length += low == length;
    }
    for (int i = length > 0 ? tails[length - 1] : -1; i >= 0; i = before[i])
        marked[i] = true;
    free(tails);
    free(before);
}

/* What comes before an op of both schedules among those of both. */
static struct anchor anchor_of(const struct side *side, int place)
{
    if (place == 0)
        return (struct anchor){-1, 0, 0};
    const struct op *op = &side->ops[side->common[place]], *before = &side->ops[side->common[place - 1]];
    bool both = op->layer >= 0 && before->layer >= 0;
    return (struct anchor){before->kind, before->micro - op->micro, both ? before->layer - op->layer : 0};
}

static void add_moved(struct comparison *comparison)
{
    struct side *old = &comparison->old, *new = &comparison->new;
    list_common(comparison, old, new);
    list_common(comparison, new, old);
    int count = new->common_count;
    int *old_order = heap_take((size_t)count + 1, sizeof *old_order);
    bool *stays = heap_take((size_t)count + 1, sizeof *stays);
    for (int i = 0; i < count; i++)
        old_order[i] = old->order[find_same(comparison, new, new->common[i], old)];
    mark_ascending(old_order, count, stays);
    for (int i = 0; i < count; i++) {
        if (stays[i])
            continue;
        if (i > 0 && !stays[i - 1] && old_order[i - 1] + 1 == old_order[i]) {
            comparison->changes.items[comparison->changes.count - 1].of.ops++;
            continue;
        }
        int now = new->common[i];
        const struct schedule_change moved = {.change = OPS_MOVED,
                                              .kind = new->ops[now].kind,
                                              .was = -1,
                                              .after = anchor_of(new, i),
                                              .was_after = anchor_of(old, old_order[i])};
        changes_add(&comparison->changes, moved, new->ops[now].micro, layer_of(new, now), now);
    }
    free(old_order);
    free(stays);
}

/* ---- one class and phase */

static struct side side_of(const struct rank_class *class, enum phase phase, int base)
{
    const struct schedule *schedule = &class->schedules[phase];
    size_t room = (size_t)schedule->count + 1;
    return (struct side){.ops = schedule->ops,
                         .count = schedule->count,
                         .base = base,
                         .layers = class->shape.layers,
                         .micros = class->shape.micro_batches,
                         .order = heap_take(room, sizeof(int)),
                         .common = heap_take(room, sizeof(int))};
}

static void index_side(const struct comparison *comparison, struct side *side)
{
    side->position = heap_take((size_t)OP_KINDS * MAX_MICRO_BATCHES * (size_t)comparison->span, sizeof *side->position);
    for (int i = 0; i < side->count; i++)
        *slot_of(comparison, side, side->ops[i].kind, side->ops[i].micro, layer_of(side, i)) = i + 1;
}

static void side_free(struct side *side)
{
    free(side->order);
    free(side->common);
    free(side->position);
}

static void compare_schedules(struct diff *diff, const struct diff_class *pair, enum phase phase,
                              struct diff_schedule *out)
{
    struct comparison comparison = {.old = side_of(pair->old, phase, pair->old_base),
                                    .new = side_of(pair->new, phase, pair->new_base)};
    struct side *old = &comparison.old, *new = &comparison.new;
    int old_end = old->base + old->layers, new_end = new->base + new->layers;
    comparison.lowest = old->base < new->base ? old->base : new->base;
    comparison.span = (old_end > new_end ? old_end : new_end) - comparison.lowest + 1;
    index_side(&comparison, old);
    index_side(&comparison, new);
    add_missing(&comparison, new, old, OPS_ADDED);
    add_missing(&comparison, old, new, OPS_REMOVED);
    add_moved(&comparison);
    changes_join(&comparison.changes, comparison.span, &diff->pool, out);
    side_free(old);
    side_free(new);
}

void diff_schedules(struct diff *diff)
{
    for (int i = 0; i < diff->class_count; i++)
        for (int phase = 0; phase < PHASES; phase++) {
            struct diff_class *pair = &diff->classes[i];
            struct diff_schedule *schedule = &pair->phases[phase];
            schedule->old_ops = pair->old ? pair->old->schedules[phase].count : 0;
            schedule->new_ops = pair->new ? pair->new->schedules[phase].count : 0;
            if (pair->old && pair->new)
                compare_schedules(diff, pair, phase, schedule);
        }
}
