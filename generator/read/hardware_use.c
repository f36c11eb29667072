/* Which levels of links a strategy uses. Ranks talk to their tp group, their ep group and the stages beside theirs; the
 * replicas of dp do not talk to each other. Two ranks meet at the first level that joins both. */
#include "base/heap.h"
#include "read/hardware_parts.h"

#include <stdlib.h>

struct usage {
    const struct hardware *hardware;
    const struct strategy *strategy;
    bool used[MAX_LINK_LEVELS];
};

static void note_pair(struct usage *usage, int left, int right)
{
    int level = 0;
    while (left / usage->hardware->links[level].ranks != right / usage->hardware->links[level].ranks)
        level++;
    usage->used[level] = true;
}

static int by_number(const void *left, const void *right)
{
    return *(const int *)left - *(const int *)right;
}

/* The members are along `axis` from the index of the first: index + i * stride. What a level joins is a range of rank
 * numbers, so where any two of a group meet, two that are neighbours in the order of their numbers do. */
static void note_group(struct usage *usage, enum axis axis, int index, int stride, int *members)
{
    const int *rank_of = usage->strategy->rank_of;
    int count = usage->strategy->grid[axis];
    for (int i = 0; i < count; i++)
        members[i] = rank_of[index + i * stride];
    if (axis != AXIS_PP) /* a stage talks only to those beside it, in the order of stages */
        qsort(members, (size_t)count, sizeof *members, by_number);
    for (int i = 1; i < count; i++)
        note_pair(usage, members[i - 1], members[i]);
}

static void note_axis(struct usage *usage, enum axis axis, int *members)
{
    const struct strategy *strategy = usage->strategy;
    int stride = 1;
    for (int inner = axis + 1; inner < AXES; inner++)
        stride *= strategy->grid[inner];
    for (int index = 0; index < strategy->world; index++)
        if (index / stride % strategy->grid[axis] == 0)
            note_group(usage, axis, index, stride, members);
}

bool hardware_links_are_used(const struct hardware *hardware, const struct strategy *strategy, struct error *error)
{
    static const enum axis talking[] = {AXIS_PP, AXIS_EP, AXIS_TP};
    struct usage usage = {.hardware = hardware, .strategy = strategy};
    int *members = heap_take((size_t)strategy->world, sizeof *members);
    for (size_t i = 0; i < sizeof talking / sizeof *talking && hardware->link_count > 0; i++)
        note_axis(&usage, talking[i], members);
    free(members);
    for (int level = 0; level < hardware->link_count; level++)
        if (!usage.used[level])
            return fail(error, hardware->path, hardware->links[level].line,
                        "no two ranks that talk to each other meet at link level \"%s\"; leave it out, or change its "
                        "ranks, the grid or the rank formula",
                        hardware->links[level].name);
    return true;
}
