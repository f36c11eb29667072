/* What is counted: ranks, layers, experts and their parts, sequences. All of it is exact. */
#include "predict/audit/parts.h"

#include <limits.h>
#include <string.h>

struct computed audit_gpus(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    const struct plan *plan = scenario->plan;
    return exactly(plan->world,
                   pool_format(scenario->pool, "%s = %d", grid_text(scenario->pool, plan->grid), plan->world));
}

static enum axis claimed_axis(const struct claim *claim)
{
    int axis = 0;
    while (strcmp(claim->label, axis_names[axis]) != 0)
        axis++;
    return axis;
}

struct computed audit_grid(const struct scenario *scenario, const struct claim *claim)
{
    const struct plan *plan = scenario->plan;
    return exactly(plan->grid[claimed_axis(claim)],
                   pool_format(scenario->pool, "the grid is %s", grid_text(scenario->pool, plan->grid)));
}

/* Coordinates of consecutive places of rank_of differ in tp first. */
static int place_stride(const int *grid, enum axis axis)
{
    int stride = 1;
    for (int inner = AXES - 1; inner > (int)axis; inner--)
        stride *= grid[inner];
    return stride;
}

struct computed audit_rank_stride(const struct scenario *scenario, const struct claim *claim)
{
    const struct strategy *strategy = scenario->strategy;
    enum axis axis = claimed_axis(claim);
    int stride = place_stride(strategy->grid, axis), low = INT_MAX, high = INT_MIN, pairs = 0;
    for (int place = 0; place < strategy->world; place++) {
        if (place / stride % strategy->grid[axis] == strategy->grid[axis] - 1)
            continue;
        int step = strategy->rank_of[place + stride] - strategy->rank_of[place];
        low = step < low ? step : low;
        high = step > high ? step : high;
        pairs++;
    }
    if (pairs == 0)
        return unknown(pool_format(scenario->pool, "%s has one coordinate: no step can be taken", claim->label));
    return between(low, high,
                   pool_format(scenario->pool, "rank(%s + 1) - rank(%s), over all %d such pairs of coordinates",
                               claim->label, claim->label, pairs));
}

struct computed audit_rank_numbers(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    const struct strategy *strategy = scenario->strategy;
    struct computed computed = between(
        0, strategy->world - 1,
        pool_format(scenario->pool, "the formula takes the %d coordinates to %d different numbers from 0: a bijection",
                    strategy->world, strategy->world));
    computed.whole_range = true; /* that it is one was a condition of reading the strategy */
    return computed;
}

struct computed audit_layers(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    return exactly(scenario->strategy->model.layers, "the model's layers");
}

struct computed audit_layers_per_stage(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    const struct strategy *strategy = scenario->strategy;
    int low = INT_MAX, high = 0, stages = strategy->grid[AXIS_PP];
    for (int stage = 0; stage < stages; stage++) {
        int layers = strategy->stage_layers[stage];
        low = layers < low ? layers : low;
        high = layers > high ? layers : high;
    }
    return between(low, high, pool_format(scenario->pool, "%d layers over %d stages", strategy->model.layers, stages));
}

struct computed audit_experts(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    const struct model *model = &scenario->strategy->model;
    return exactly(model->layers * model->experts,
                   pool_format(scenario->pool, "%d layers x %d experts", model->layers, model->experts));
}

struct computed audit_experts_per_layer(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    return exactly(scenario->strategy->model.experts, "the model's experts of a layer");
}

/* Experts of one layer that the ranks of an ep coordinate hold. */
static int held_experts(const struct plan *plan, int layer, int ep)
{
    const struct placement *placement = &plan->placement;
    int row = placement->rows == 1 ? 0 : layer, held = 0;
    const int *slots =
        placement->held + ((size_t)row * (size_t)plan->grid[AXIS_EP] + (size_t)ep) * placement->expert_slots;
    for (int slot = 0; slot < placement->expert_slots; slot++)
        held += slots[slot] >= 0;
    return held;
}

struct computed audit_experts_per_gpu_layer(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    const struct plan *plan = scenario->plan;
    int low = INT_MAX, high = 0, tp = plan->grid[AXIS_TP];
    for (int layer = 0; layer < scenario->strategy->model.layers; layer++)
        for (int ep = 0; ep < plan->grid[AXIS_EP]; ep++) {
            int held = held_experts(plan, layer, ep);
            low = held < low ? held : low;
            high = held > high ? held : high;
        }
    return between(low, high,
                   pool_format(scenario->pool,
                               "%d experts / ep %d in each layer of a GPU's own stage, 1/%d of each (tp %d); of the "
                               "other stages' layers it holds nothing",
                               scenario->strategy->model.experts, plan->grid[AXIS_EP], tp, tp));
}

struct computed audit_experts_per_token(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    const struct model *model = &scenario->strategy->model;
    return exactly(model->top_k, pool_format(scenario->pool, "top %d of %d", model->top_k, model->experts));
}

struct computed audit_gpus_per_expert(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    const struct strategy *strategy = scenario->strategy;
    int copies = strategy->grid[AXIS_DP] * strategy->grid[AXIS_TP], low = INT_MAX, high = 0;
    for (int i = 0; i < strategy->model.layers * strategy->model.experts; i++) {
        int holders = 0;
        while (holders < strategy->holder_room && strategy->holders[i * strategy->holder_room + holders] >= 0)
            holders++;
        low = holders * copies < low ? holders * copies : low;
        high = holders * copies > high ? holders * copies : high;
    }
    struct computed computed =
        between(low, high,
                pool_format(scenario->pool, "dp %d replicas x tp %d parts: each expert is on %d GPUs",
                            strategy->grid[AXIS_DP], strategy->grid[AXIS_TP], low));
    bool one_each = aim(claim) == 1 && strategy->model.layers * strategy->model.experts == strategy->world;
    const int grid[AXES] = {1, strategy->model.layers, strategy->model.experts, 1};
    computed.meets = one_each ? pool_format(scenario->pool, "%s: one whole expert of one layer on each GPU",
                                            grid_text(scenario->pool, grid))
                              : pool_format(scenario->pool, "dp x tp = %.4g", aim(claim));
    return computed;
}

struct computed audit_shards_per_expert(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    int tp = scenario->plan->grid[AXIS_TP];
    return exactly(tp, pool_format(scenario->pool, "tp %d: gate and up by column, down by row", tp));
}

struct computed audit_shards_per_gpu(const struct scenario *scenario, const struct claim *claim)
{
    const struct plan *plan = scenario->plan;
    const struct model *model = &scenario->strategy->model;
    int low = INT_MAX, high = 0, layers = 0;
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        int held = 0;
        layers = plan->classes[row->class_index].shape.layers;
        for (int layer = 0; layer < layers; layer++)
            held += held_experts(plan, row->layer_base + layer, row->at[AXIS_EP]);
        low = held < low ? held : low;
        high = held > high ? held : high;
    }
    struct computed computed = between(
        low, high,
        pool_format(scenario->pool, "%d layers a stage x %d experts of a layer / ep %d; each 1/%d of an expert (tp %d)",
                    layers, model->experts, plan->grid[AXIS_EP], plan->grid[AXIS_TP], plan->grid[AXIS_TP]));
    double layers_of_stage = aim(claim) * plan->grid[AXIS_EP] / model->experts;
    bool whole_stages = layers_of_stage >= 1 && fmod(model->layers, layers_of_stage) == 0;
    int stages = whole_stages ? (int)(model->layers / layers_of_stage) : 0;
    int ranks = stages * plan->grid[AXIS_EP] * plan->grid[AXIS_TP];
    const int grid[AXES] = {ranks ? plan->world / ranks : 0, stages, plan->grid[AXIS_EP], plan->grid[AXIS_TP]};
    computed.meets = ranks && plan->world % ranks == 0
                         ? pool_format(scenario->pool, "%s: stages of %d layers", grid_text(scenario->pool, grid),
                                       model->layers / stages)
                         : "no number of equal stages with this ep and tp";
    return computed;
}

struct computed audit_sequences(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    const struct strategy *strategy = scenario->strategy;
    int lanes = strategy->grid[AXIS_DP] * strategy->grid[AXIS_EP];
    struct computed computed =
        exactly(strategy->batch.sequences * lanes,
                pool_format(scenario->pool, "%d sequences of a lane x dp %d x ep %d", strategy->batch.sequences,
                            strategy->grid[AXIS_DP], strategy->grid[AXIS_EP]));
    computed.meets = pool_format(scenario->pool, "batch.sequences = %.4g", aim(claim) / lanes);
    return computed;
}

struct computed audit_sequences_per_replica(const struct scenario *scenario, const struct claim *claim)
{
    const struct strategy *strategy = scenario->strategy;
    int ep = strategy->grid[AXIS_EP];
    struct computed computed =
        exactly(strategy->batch.sequences * ep,
                pool_format(scenario->pool, "%d sequences of a lane x ep %d", strategy->batch.sequences, ep));
    computed.meets = pool_format(scenario->pool, "batch.sequences = %.4g", aim(claim) / ep);
    return computed;
}

struct computed audit_context(const struct scenario *scenario, const struct claim *claim)
{
    struct computed computed = exactly(scenario->strategy->batch.context, "the strategy's batch.context");
    computed.meets = pool_format(scenario->pool, "batch.context = %.0f", aim(claim));
    return computed;
}
