#include "verify/extents.h"

#include <stdlib.h>

static int by_begin(const void *left, const void *right)
{
    const struct extent *a = left, *b = right;
    return (a->begin > b->begin) - (a->begin < b->begin);
}

const struct extent *extents_overlap(struct extent *extents, int count)
{
    qsort(extents, (size_t)count, sizeof *extents, by_begin);
    for (int i = 0; i + 1 < count; i++)
        if (extents[i].end > extents[i + 1].begin)
            return &extents[i];
    return (void *)0;
}
