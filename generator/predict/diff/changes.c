#include "predict/diff/changes.h"
#include "base/heap.h"

#include <stdlib.h>
#include <string.h>

void changes_add(struct changes *changes, struct schedule_change of, int micro, int layer, int at)
{
    of.ops = 1;
    changes->items = heap_grow(changes->items, (size_t)changes->count + 1, sizeof *changes->items);
    changes->items[changes->count++] = (struct change){of, micro, layer, at};
}

static int compare_numbers(const int *left, const int *right, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

/* What must be equal for changes to become one, layers and micro-batches apart. */
static int compare_substance(const struct schedule_change *a, const struct schedule_change *b)
{
    const int left[] = {a->change, a->kind, a->was}, right[] = {b->change, b->kind, b->was};
    int order = compare_numbers(left, right, 3);
    order = order != 0 ? order : memcmp(&a->after, &b->after, sizeof a->after);
    return order != 0 ? order : memcmp(&a->was_after, &b->was_after, sizeof a->was_after);
}

static int by_substance(const void *left, const void *right)
{
    const struct change *a = left, *b = right;
    int order = compare_substance(&a->of, &b->of);
    const int places[] = {a->micro, a->layer, a->at}, others[] = {b->micro, b->layer, b->at};
    return order != 0 ? order : compare_numbers(places, others, 3);
}

/* A joined change and where it stands. */
struct joined {
    struct schedule_change of;
    int at;
};

/* The changes from `begin` on that differ in the layer alone become one; returns the index after them. */
static int join_layers(const struct changes *changes, int begin, int most_layers, struct pool *pool, struct joined *out)
{
    const struct change *first = &changes->items[begin];
    int end = begin, *layers = pool_take(pool, (size_t)most_layers, sizeof *layers);
    *out = (struct joined){first->of, first->at};
    out->of.ops = 0;
    out->of.micros = 1u << first->micro;
    out->of.layers = layers;
    for (; end < changes->count; end++) {
        const struct change *change = &changes->items[end];
        if (change->micro != first->micro || compare_substance(&change->of, &first->of) != 0)
            break;
        out->of.ops += change->of.ops;
        out->at = change->at < out->at ? change->at : out->at;
        if (change->layer >= 0 && (out->of.layer_count == 0 || layers[out->of.layer_count - 1] != change->layer))
            layers[out->of.layer_count++] = change->layer;
    }
    return end;
}

static bool same_layers(const struct schedule_change *left, const struct schedule_change *right)
{
    return left->layer_count == right->layer_count &&
           (left->layer_count == 0 ||
            memcmp(left->layers, right->layers, (size_t)left->layer_count * sizeof *left->layers) == 0);
}

static int by_place(const void *left, const void *right)
{
    const struct joined *a = left, *b = right;
    const int places[] = {a->of.change, a->at}, others[] = {b->of.change, b->at};
    return compare_numbers(places, others, 2);
}

void changes_join(struct changes *changes, int most_layers, struct pool *pool, struct diff_schedule *out)
{
    struct joined *joined = heap_take((size_t)changes->count + 1, sizeof *joined);
    int length = 0;
    if (changes->count > 0) /* items may be NULL before the first */
        qsort(changes->items, (size_t)changes->count, sizeof *changes->items, by_substance);
    for (int i = 0; i < changes->count;) {
        struct joined *next = &joined[length], *last = length > 0 ? next - 1 : NULL;
        i = join_layers(changes, i, most_layers, pool, next);
        if (last && compare_substance(&last->of, &next->of) == 0 && same_layers(&last->of, &next->of)) {
            last->of.micros |= next->of.micros;
            last->of.ops += next->of.ops;
            last->at = next->at < last->at ? next->at : last->at;
        } else {
            length++;
        }
    }
    qsort(joined, (size_t)length, sizeof *joined, by_place);
    out->changes = pool_take(pool, (size_t)length + 1, sizeof *out->changes);
    for (; out->change_count < length; out->change_count++)
        out->changes[out->change_count] = joined[out->change_count].of;
    free(joined);
    free(changes->items);
    *changes = (struct changes){0};
}
