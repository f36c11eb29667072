/* The bytes that ranks and nodes must fetch, summed up. */
#include "predict/diff/passes.h"

static struct fetch_total sum_of(const struct fetch_total *totals, int count, int *fetching, int *most)
{
    struct fetch_total sum = {0};
    *fetching = *most = 0;
    for (int i = 0; i < count; i++) {
        for (int kind = 0; kind < TENSOR_KINDS; kind++)
            sum.bytes[kind] += totals[i].bytes[kind];
        sum.all += totals[i].all;
        sum.ranges += totals[i].ranges;
        *fetching += totals[i].all > 0;
        if (totals[i].all > totals[*most].all)
            *most = i;
    }
    return sum;
}

void diff_fetches(struct diff *diff)
{
    const struct plan *old = diff->old.plan, *new = diff->new.plan;
    struct diff_fetch *fetch = &diff->fetch;
    int unused[2];
    fetch->same_model = same_model(old, new);
    fetch->same_dtype = old->classes[0].weights == new->classes[0].weights;
    fetch->ranks_per_node = new->ranks_per_node;
    fetch->node_count = place_count(new, new->ranks_per_node);
    fetch->ranks = pool_take(&diff->pool, (size_t) new->world, sizeof *fetch->ranks);
    fetch->nodes = pool_take(&diff->pool, (size_t)fetch->node_count, sizeof *fetch->nodes);
    fetch_totals(NULL, new, 1, fetch->ranks);
    fetch->held = sum_of(fetch->ranks, new->world, &unused[0], &unused[1]);
    fetch_totals(old, new, 1, fetch->ranks);
    fetch_totals(old, new, new->ranks_per_node, fetch->nodes);
    fetch->sum = sum_of(fetch->ranks, new->world, &fetch->fetching_ranks, &fetch->most_rank);
    fetch->node_sum = sum_of(fetch->nodes, fetch->node_count, &fetch->fetching_nodes, &fetch->most_node);
}
