/* The weights that must travel when one plan takes the place of another: ranges of the checkpoint's tensors that ranks
 * need under the new plan and do not hold already under the old one, at the same rank number.
 *
 * What a place must fetch is its part of the model in the new plan less its part in the old one, exactly, in rectangles
 * of tensors of which none is there twice. A tensor whose dtype changes is fetched anew, and so is all of another
 * model, or for another device, whose shards are laid out otherwise. */
#pragma once

#include "predict/holdings.h"

/* A rectangle of one stored tensor. */
struct weight_range {
    enum weight_kind kind;
    int layer, expert; /* of the model; -1: of none */
    int first_row, rows, first_column, columns;
    uint64_t bytes; /* in the new plan's dtype, unpadded */
};

typedef void take_range(void *context, const struct weight_range *range);

/* Calls `take` for each range that the place must fetch, by layer, expert and kind, in the order of rows or columns.
 * `old` may be NULL: all that the place holds in `new`. */
void fetch_ranges(const struct plan *old, const struct plan *new, struct place place, take_range *take, void *context);

struct fetch_total {
    uint64_t bytes[TENSOR_KINDS]; /* by the plan's tensors */
    uint64_t all;                 /* their sum */
    int ranges;
};

/* How many places of `ranks_per_place` ranks there are in a plan. */
int place_count(const struct plan *plan, int ranks_per_place);

/* The totals of every place of `new`, into out [place_count]. Places that held the same and need the same are worked
 * out once, so 4096 ranks take milliseconds. */
void fetch_totals(const struct plan *old, const struct plan *new, int ranks_per_place, struct fetch_total *out);
