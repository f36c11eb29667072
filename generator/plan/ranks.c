/* One row a rank: coordinates by the strategy's formula, neighbours, groups, shard names. */
#include "plan/passes.h"

static int rank_at(const struct strategy *strategy, const int at[AXES])
{
    const int *grid = strategy->grid;
    int index = ((at[AXIS_DP] * grid[AXIS_PP] + at[AXIS_PP]) * grid[AXIS_EP] + at[AXIS_EP]) * grid[AXIS_TP];
    return strategy->rank_of[index + at[AXIS_TP]];
}

/* The ranks that share all coordinates of `at` but the one along `axis`, by that coordinate. */
static int *group_along(const struct strategy *strategy, struct pool *pool, const int at[AXES], enum axis axis)
{
    int *group = pool_take(pool, (size_t)strategy->grid[axis], sizeof *group);
    int member[AXES] = {at[0], at[1], at[2], at[3]};
    for (int i = 0; i < strategy->grid[axis]; i++) {
        member[axis] = i;
        group[i] = rank_at(strategy, member);
    }
    return group;
}

static int neighbour(const struct strategy *strategy, const int at[AXES], int stage)
{
    if (stage < 0 || stage >= strategy->grid[AXIS_PP])
        return -1;
    const int there[AXES] = {at[AXIS_DP], stage, at[AXIS_EP], at[AXIS_TP]};
    return rank_at(strategy, there);
}

/* The members of a group share one list, made when its first member (coordinate 0 along the axis) is met. */
static const int *join_group(const struct strategy *strategy, struct plan *plan, const int at[AXES], enum axis axis)
{
    if (at[axis] == 0)
        return group_along(strategy, &plan->pool, at, axis);
    int first[AXES] = {at[0], at[1], at[2], at[3]};
    first[axis] = 0;
    const struct rank_row *leader = &plan->ranks[rank_at(strategy, first)];
    return axis == AXIS_TP ? leader->tp_group : leader->ep_group;
}

/* Data-parallel replicas read the same files; dense weights are the same on all ep coordinates too. */
static void name_shards(struct plan *plan, struct rank_row *row)
{
    row->shards[SHARD_DENSE] = pool_format(&plan->pool, "stage%d-tp%d.dense", row->at[AXIS_PP], row->at[AXIS_TP]);
    row->shards[SHARD_EXPERTS] =
        pool_format(&plan->pool, "stage%d-ep%d-tp%d.experts", row->at[AXIS_PP], row->at[AXIS_EP], row->at[AXIS_TP]);
}

bool plan_ranks(const struct strategy *strategy, struct plan *plan, struct error *error)
{
    (void)error; /* the reader has shown that the formula is a bijection */
    const int *grid = strategy->grid;
    plan->ranks = pool_take(&plan->pool, (size_t)strategy->world, sizeof *plan->ranks);
    int *layer_base = pool_take(&plan->pool, (size_t)grid[AXIS_PP], sizeof *layer_base);
    for (int stage = 1; stage < grid[AXIS_PP]; stage++)
        layer_base[stage] = layer_base[stage - 1] + strategy->stage_layers[stage - 1];

    for (int i = 0; i < strategy->world; i++) {
        struct rank_row *row = &plan->ranks[strategy->rank_of[i]];
        row->rank = strategy->rank_of[i];
        for (int axis = AXES - 1, rest = i; axis >= 0; rest /= grid[axis], axis--)
            row->at[axis] = rest % grid[axis];
        row->layer_base = layer_base[row->at[AXIS_PP]];
        row->previous = neighbour(strategy, row->at, row->at[AXIS_PP] - 1);
        row->next = neighbour(strategy, row->at, row->at[AXIS_PP] + 1);
        row->tp_group = join_group(strategy, plan, row->at, AXIS_TP);
        row->ep_group = join_group(strategy, plan, row->at, AXIS_EP);
        name_shards(plan, row);
    }
    return true;
}
