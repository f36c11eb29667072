/* A strategy with an alternative put in, and the plan that the planner makes of it: so that every size the audit speaks
 * of is the size of a real tensor or buffer. */
#include "plan/make.h"
#include "predict/audit/parts.h"

#include <string.h>

/* Heads grow with the hidden size; what an expert is given in width it loses in its own hidden size. */
static void change_hidden(struct model *model, int hidden)
{
    long long heads = model->heads, kv_heads = model->kv_heads;
    model->expert_hidden = (int)((long long)model->hidden * model->expert_hidden / hidden);
    model->heads = (int)(heads * hidden / model->hidden);
    model->kv_heads = (int)(kv_heads * hidden / model->hidden);
    model->hidden = hidden;
}

/* Equal stages, experts in blocks, ranks in the order of their coordinates: what a strategy has by default. */
static void change_grid(struct strategy *changed, const int *grid, struct pool *pool)
{
    const struct model *model = &changed->model;
    size_t placements = (size_t)model->layers * (size_t)model->experts;
    memcpy(changed->grid, grid, sizeof changed->grid);
    changed->rank_of = pool_take(pool, (size_t)changed->world, sizeof(int));
    changed->stage_layers = pool_take(pool, (size_t)grid[AXIS_PP], sizeof(int));
    changed->holders = pool_take(pool, placements, sizeof(int));
    changed->holder_room = 1;
    for (int rank = 0; rank < changed->world; rank++)
        changed->rank_of[rank] = rank;
    for (int stage = 0; stage < grid[AXIS_PP]; stage++)
        changed->stage_layers[stage] = model->layers / grid[AXIS_PP];
    for (size_t i = 0; i < placements; i++)
        changed->holders[i] = (int)(i % (size_t)model->experts) / (model->experts / grid[AXIS_EP]);
}

static void change_sequences(struct strategy *changed, int sequences)
{
    changed->batch.sequences = sequences / (changed->grid[AXIS_DP] * changed->grid[AXIS_EP]);
    int micro_batches = changed->batch.micro_batches;
    int decode_rows = (changed->batch.sequences + micro_batches - 1) / micro_batches;
    if (changed->batch.logit_rows < decode_rows)
        changed->batch.logit_rows = decode_rows;
}

bool variant_plan(const struct strategy *strategy, const struct change *change, struct pool *pool,
                  struct strategy *changed, struct plan *plan, struct error *error)
{
    *changed = *strategy;
    if (change->hidden_size)
        change_hidden(&changed->model, change->hidden_size);
    if (change->top_k)
        changed->model.top_k = change->top_k;
    if (change->context)
        changed->batch.context = change->context;
    if (change->grid)
        change_grid(changed, change->grid, pool);
    if (change->sequences)
        change_sequences(changed, change->sequences);
    return plan_make(changed, plan, error);
}
