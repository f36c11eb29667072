/* Stretches of memory that must not overlap. */
#pragma once

#include <stdint.h>

struct extent {
    uint64_t begin, end;
    int owner;       /* what lies there: an index that the caller knows */
    int layer, slot; /* which part of it, for tensors */
};

/* Sorts the extents and returns the first of two neighbours that overlap, the second of them right behind it; NULL when
 * none do. */
const struct extent *extents_overlap(struct extent *extents, int count);
