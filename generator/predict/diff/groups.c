/* The communication groups of both plans: how many, which have other members, which span nodes. */
#include "predict/diff/passes.h"

#include "base/heap.h"

#include <stdlib.h>
#include <string.h>

/* The groups of one axis of a plan: the ranks of group g are members[g * size .. (g + 1) * size), ascending. */
struct groups {
    int count, size;
    int *group_of; /* [world] */
    int *members;  /* [world] */
};

static int group_index(const struct plan *plan, const struct rank_row *row, enum axis axis)
{
    int index = 0;
    for (int other = 0; other < AXES; other++)
        if (other != (int)axis)
            index = index * plan->grid[other] + row->at[other];
    return index;
}

static struct groups groups_of(const struct plan *plan, enum axis axis)
{
    struct groups groups = {.size = plan->grid[axis], .count = plan->world / plan->grid[axis]};
    int *filled = heap_take((size_t)groups.count, sizeof *filled);
    groups.group_of = heap_take((size_t)plan->world, sizeof *groups.group_of);
    groups.members = heap_take((size_t)plan->world, sizeof *groups.members);
    for (int rank = 0; rank < plan->world; rank++) {
        int group = group_index(plan, &plan->ranks[rank], axis);
        groups.group_of[rank] = group;
        groups.members[group * groups.size + filled[group]++] = rank;
    }
    free(filled);
    return groups;
}

static void groups_free(struct groups *groups)
{
    free(groups->group_of);
    free(groups->members);
}

static int count_across(const struct plan *plan, const struct groups *groups)
{
    int across = 0;
    for (int group = 0; group < groups->count; group++) {
        const int *members = groups->members + group * groups->size;
        across += members[0] / plan->ranks_per_node != members[groups->size - 1] / plan->ranks_per_node;
    }
    return across;
}

/* Whether the members of a group are a group of the other plan. */
static bool is_group(const int *members, int size, const struct groups *other, int other_world)
{
    if (size != other->size)
        return false;
    for (int i = 0; i < size; i++)
        if (members[i] >= other_world || other->group_of[members[i]] != other->group_of[members[0]])
            return false;
    return true;
}

static int count_kept(const struct groups *groups, const struct groups *other, int other_world)
{
    int kept = 0;
    for (int group = 0; group < groups->count && groups->size > 1; group++)
        kept += is_group(groups->members + group * groups->size, groups->size, other, other_world);
    return kept;
}

/* The members of a rank's group; NULL when it has none, or is alone in it. */
static const int *members_of(const struct groups *groups, int world, int rank)
{
    return rank < world && groups->size > 1 ? groups->members + groups->group_of[rank] * groups->size : NULL;
}

static const int *keep_members(struct diff *diff, const struct groups *groups, const int *members)
{
    int *kept = members ? pool_take(&diff->pool, (size_t)groups->size, sizeof *kept) : NULL;
    return members ? memcpy(kept, members, (size_t)groups->size * sizeof *kept) : NULL;
}

/* The groups of the first rank that has others in its group than before. */
static void find_example(struct diff *diff, struct diff_axis *axis, const struct groups *before,
                         const struct groups *after)
{
    int old_world = diff->old.plan->world, new_world = diff->new.plan->world;
    for (int rank = 0; rank < old_world || rank < new_world; rank++) {
        const int *old = members_of(before, old_world, rank), *now = members_of(after, new_world, rank);
        if ((!old || is_group(old, before->size, after, new_world)) &&
            (!now || is_group(now, after->size, before, old_world)))
            continue;
        axis->old_example = keep_members(diff, before, old);
        axis->new_example = keep_members(diff, after, now);
        return;
    }
}

void diff_groups(struct diff *diff)
{
    const struct plan *old = diff->old.plan, *new = diff->new.plan;
    for (int i = 0; i < AXES; i++) {
        struct diff_axis *axis = &diff->axes[i];
        struct groups before = groups_of(old, i), after = groups_of(new, i);
        find_example(diff, axis, &before, &after);
        axis->kept = count_kept(&after, &before, old->world);
        axis->old_size = before.size;
        axis->new_size = after.size;
        axis->old_count = before.size > 1 ? before.count : 0;
        axis->new_count = after.size > 1 ? after.count : 0;
        axis->old_across = count_across(old, &before);
        axis->new_across = count_across(new, &after);
        groups_free(&before);
        groups_free(&after);
    }
}
