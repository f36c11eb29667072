/* The planner: a list of passes over the plan. */
#include "plan/make.h"
#include "plan/passes.h"

#include <string.h>

typedef bool class_pass(const struct strategy *, struct plan *, struct rank_class *, struct error *);

static class_pass *const class_passes[] = {plan_shapes, plan_tensors, plan_schedules, plan_arena, plan_mailboxes};

static void plan_job(const struct strategy *strategy, struct plan *plan)
{
    const struct model *model = &strategy->model;
    plan->name = pool_text(&plan->pool, strategy->name);
    plan->path = pool_text(&plan->pool, strategy->path);
    memcpy(plan->lines, strategy->lines, sizeof plan->lines);
    memcpy(plan->grid, strategy->grid, sizeof plan->grid);
    plan->world = strategy->world;
    plan->device = pool_text(&plan->pool, strategy->target.device);
    plan->transport = pool_text(&plan->pool, strategy->target.transport);
    plan->threads = strategy->target.threads;
    plan->ranks_per_node = strategy->target.ranks_per_node;
    plan->memory_bytes = strategy->target.memory_bytes;
    plan->family = pool_text(&plan->pool, model->family);
    plan->dispatch = strategy->capacity_factor > 0 ? "capacity" : "exact";
    memcpy(plan->stop_tokens, model->stop_tokens, sizeof plan->stop_tokens);
    plan->stop_token_count = model->stop_token_count;
}

void plan_ledgers(struct plan *plan)
{
    for (int i = 0; i < plan->class_count; i++)
        plan_ledger(plan, &plan->classes[i]);
}

bool plan_make(const struct strategy *strategy, struct plan *plan, struct error *error)
{
    *plan = (struct plan){0};
    plan_job(strategy, plan);
    if (!plan_ranks(strategy, plan, error) || !plan_placement(strategy, plan, error) ||
        !plan_classes(strategy, plan, error))
        return false;
    for (int i = 0; i < plan->class_count; i++)
        for (size_t pass = 0; pass < sizeof class_passes / sizeof *class_passes; pass++)
            if (!class_passes[pass](strategy, plan, &plan->classes[i], error))
                return false;
    plan_segment(plan);
    plan_ledgers(plan);
    plan_hash(plan);
    return true;
}

void plan_free(struct plan *plan)
{
    pool_free(&plan->pool);
    *plan = (struct plan){0};
}
