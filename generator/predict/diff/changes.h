/* Changes of a schedule, op by op, and how they become a short list: those that are alike over several layers are one,
 * and those are one again over several micro-batches. */
#pragma once

#include "predict/diff/diff.h"

struct change {
    struct schedule_change of; /* but for its layers and micro-batches */
    int micro, layer, at;      /* layer -1: none; at: index of the op in its schedule, for the order of the list */
};

struct changes {
    struct change *items;
    int count;
};

/* Adds a change of one op. */
void changes_add(struct changes *changes, struct schedule_change of, int micro, int layer, int at);

/* Fills the list of `out`, whose arrays are in the pool, and frees the changes. */
void changes_join(struct changes *changes, int most_layers, struct pool *pool, struct diff_schedule *out);
