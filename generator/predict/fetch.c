#include "predict/fetch.h"
#include "base/heap.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct difference {
    const struct plan *old, *new;
    const struct shapes *shape, *old_shape;
    const struct rank_row **rows, **old_rows;
    enum dtype dtype[WEIGHT_KINDS]; /* in the new plan */
    bool kept[WEIGHT_KINDS];        /* what the old plan holds of this kind is of use */
    take_range *take;
    void *context;
};

/* Shards of processors hold panels, those of GPUs rows. */
static bool same_device(const struct plan *old, const struct plan *new)
{
    return old->classes[0].device == new->classes[0].device;
}

static struct difference difference_of(const struct plan *old, const struct plan *new)
{
    struct difference difference = {.old = old,
                                    .new = new,
                                    .shape = &new->classes[0].shape,
                                    .old_shape = old ? &old->classes[0].shape : NULL,
                                    .rows = holding_rows(new),
                                    .old_rows = holding_rows(old)};
    for (int kind = 0; kind < WEIGHT_KINDS; kind++) {
        difference.dtype[kind] = weight_dtype(new, kind);
        difference.kept[kind] =
            old && same_model(old, new) && same_device(old, new) && weight_dtype(old, kind) == difference.dtype[kind];
    }
    return difference;
}

static void difference_free(struct difference *difference)
{
    free(difference->rows);
    free(difference->old_rows);
}

/* ---- one tensor: slices of its cut side, new ones less old ones */

/* The pieces of one scope, which differ in tp alone: slices go up with tp. */
struct scope {
    const piece *pieces;
    int count;
};

static void take_slice(const struct difference *difference, enum weight_kind kind, piece of, int first, int end)
{
    const struct weight_info *info = &weight_table[kind];
    bool by_rows = info->side == CUT_ROWS, layered = info->scope == OF_LAYER || info->scope == OF_EXPERT;
    int count = end - first, hidden = difference->shape->hidden;
    const struct weight_range range = {.kind = kind,
                                       .layer = layered ? piece_layer(of) : -1,
                                       .expert = piece_expert(of),
                                       .first_row = by_rows ? first : 0,
                                       .rows = by_rows ? count : hidden,
                                       .first_column = by_rows ? 0 : first,
                                       .columns = by_rows ? hidden : count,
                                       .bytes = (uint64_t)count * (uint64_t)hidden *
                                                (difference->dtype[kind] == DTYPE_BF16 ? 2 : 4)};
    difference->take(difference->context, &range);
}

/* The first slice of `held` that reaches beyond `at`; a slice at the end of everything when there is none. Slices that
 * do not are left behind for good. */
static struct slice next_held(const struct difference *difference, enum weight_kind kind, struct scope *held, int at)
{
    for (; held->count > 0; held->pieces++, held->count--) {
        struct slice slice = weight_slice(difference->old_shape, kind, piece_tp(held->pieces[0]));
        if (slice.first + slice.count > at)
            return slice;
    }
    return (struct slice){INT_MAX, 0};
}

static void subtract_slices(const struct difference *difference, enum weight_kind kind, const struct scope *wanted,
                            struct scope held)
{
    int done = 0; /* all values before it are dealt with */
    if (!difference->kept[kind])
        held.count = 0;
    for (int i = 0; i < wanted->count; i++) {
        struct slice slice = weight_slice(difference->shape, kind, piece_tp(wanted->pieces[i]));
        int end = slice.first + slice.count;
        int at = slice.first > done ? slice.first : done;
        while (at < end) {
            struct slice there = next_held(difference, kind, &held, at);
            if (there.first <= at) {
                at = there.first + there.count;
                continue;
            }
            int until = there.first < end ? there.first : end;
            take_slice(difference, kind, wanted->pieces[i], at, until);
            at = until;
        }
        done = at;
    }
}

/* ---- all tensors of a place */

static bool same_scope(piece left, piece right)
{
    return piece_layer(left) == piece_layer(right) && piece_expert(left) == piece_expert(right);
}

/* The pieces from the `begin`th on that are of the scope of `of`. */
static struct scope scope_at(const struct part *part, int begin, piece of)
{
    int end = begin;
    while (end < part->count && same_scope(part->pieces[end], of))
        end++;
    return (struct scope){part->pieces + begin, end - begin};
}

static void subtract_parts(const struct difference *difference, const struct part *wanted, const struct part *held)
{
    int next = 0; /* of the held pieces */
    for (int i = 0; i < wanted->count;) {
        piece first = wanted->pieces[i];
        while (next < held->count && held->pieces[next] < first && !same_scope(held->pieces[next], first))
            next++;
        struct scope now = scope_at(wanted, i, first), before = scope_at(held, next, first);
        for (int kind = 0; kind < WEIGHT_KINDS; kind++)
            if (weight_table[kind].scope == piece_scope(first, difference->shape))
                subtract_slices(difference, kind, &now, before);
        i += now.count;
    }
}

static void subtract(const struct difference *difference, const struct holdings *now, const struct holdings *before)
{
    struct part wanted = holdings_part(difference->new, now, difference->rows);
    struct part held = holdings_part(difference->old, before, difference->old_rows);
    subtract_parts(difference, &wanted, &held);
    free(wanted.pieces);
    free(held.pieces);
}

void fetch_ranges(const struct plan *old, const struct plan *new, struct place place, take_range *take, void *context)
{
    struct difference difference = difference_of(old, new);
    difference.take = take;
    difference.context = context;
    int *ids = heap_take(2 * (size_t)place.ranks, sizeof *ids);
    struct holdings now = place_holdings(new, place, ids), before = place_holdings(old, place, ids + place.ranks);
    subtract(&difference, &now, &before);
    free(ids);
    difference_free(&difference);
}

/* ---- totals of all places */

/* What a place needs and had. */
struct change {
    struct holdings now, before;
    int place;
};

static int compare_holdings(const struct holdings *left, const struct holdings *right)
{
    if (left->count != right->count)
        return left->count < right->count ? -1 : 1;
    return left->count > 0 ? memcmp(left->ids, right->ids, (size_t)left->count * sizeof *left->ids) : 0;
}

static int by_holdings(const void *left, const void *right)
{
    const struct change *a = left, *b = right;
    int order = compare_holdings(&a->now, &b->now);
    return order != 0 ? order : compare_holdings(&a->before, &b->before);
}

static void add_range(void *context, const struct weight_range *range)
{
    struct fetch_total *total = context;
    total->bytes[weight_table[range->kind].tensor] += range->bytes;
    total->all += range->bytes;
    total->ranges++;
}

int place_count(const struct plan *plan, int ranks_per_place)
{
    return (plan->world - 1) / ranks_per_place + 1;
}

void fetch_totals(const struct plan *old, const struct plan *new, int ranks_per_place, struct fetch_total *out)
{
    int places = place_count(new, ranks_per_place);
    size_t room = (size_t)ranks_per_place;
    int *ids = heap_take(2 * room * (size_t)places, sizeof *ids);
    struct change *changes = heap_take((size_t)places, sizeof *changes);
    for (int i = 0; i < places; i++) {
        struct place place = {i * ranks_per_place, ranks_per_place};
        int *own = ids + 2 * room * (size_t)i;
        changes[i] = (struct change){place_holdings(new, place, own), place_holdings(old, place, own + room), i};
    }
    qsort(changes, (size_t)places, sizeof *changes, by_holdings);
    struct difference difference = difference_of(old, new);
    difference.take = add_range;
    for (int i = 0; i < places; i++) {
        struct fetch_total *total = difference.context = &out[changes[i].place];
        *total = (struct fetch_total){0};
        if (i > 0 && by_holdings(&changes[i - 1], &changes[i]) == 0)
            *total = out[changes[i - 1].place];
        else
            subtract(&difference, &changes[i].now, &changes[i].before);
    }
    difference_free(&difference);
    free(changes);
    free(ids);
}
