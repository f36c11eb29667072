/* Balance: of what is placed, which the plan decides, and of what is routed, which routers decide. */
#include "predict/audit/parts.h"

#include <limits.h>

struct computed audit_placement_imbalance(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    const struct plan *plan = scenario->plan;
    struct pool *pool = scenario->pool;
    double sum = 0;
    uint64_t most = 0, weights = 0, least_weights = UINT64_MAX;
    for (int i = 0; i < plan->class_count; i++) {
        const struct rank_class *class = &plan->classes[i];
        uint64_t experts = class->shard_bytes[SHARD_EXPERTS], all = class_weight_bytes(class, scenario->weights);
        sum += (double)experts * class->ranks;
        most = experts > most ? experts : most;
        weights = all > weights ? all : weights;
        least_weights = all < least_weights ? all : least_weights;
    }
    double mean = sum / plan->world;
    return exactly(
        (double)most / mean - 1,
        pool_format(pool,
                    "%s bytes of experts on the fullest GPU / %s on average; with embedding and head, weights "
                    "go from %s to %s bytes",
                    whole(pool, most), whole(pool, (uint64_t)mean), whole(pool, least_weights), whole(pool, weights)));
}

struct computed audit_load_imbalance(const struct scenario *scenario, const struct claim *claim)
{
    const struct strategy *strategy = scenario->strategy;
    const struct model *model = &strategy->model;
    double lanes = strategy->grid[AXIS_EP];
    double rows = strategy->batch.prefill_rows * lanes, decode_rows = strategy->batch.sequences * lanes;
    double prefill = uniform_imbalance(rows, model->experts, model->top_k);
    double decode = uniform_imbalance(decode_rows, model->experts, model->top_k);
    double zipf = zipf_imbalance(model->experts, model->top_k);
    struct computed computed = between(
        prefill, zipf > decode ? zipf : decode,
        pool_format(scenario->pool,
                    "rows are routed, not placed: %.0f rows that choose top %d of %d evenly at random leave the "
                    "busiest expert %.3g over the mean in prefill, %.0f rows %.3g in decode; routers that "
                    "follow Zipf's law %.3g",
                    rows, model->top_k, model->experts, prefill, decode_rows, decode, zipf));
    if (model->experts <= model->top_k)
        return exactly(0, "every row goes to every expert");
    double wanted = claim->figure.high > 0 ? rows * (prefill / claim->figure.high) * (prefill / claim->figure.high) : 0;
    computed.meets = pool_format(scenario->pool, "even routing of about %.2g rows in a step; no placement", wanted);
    return computed;
}
