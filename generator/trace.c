#include "trace.h"

int plan_lanes(const struct plan *plan)
{
    return plan->grid[AXIS_DP] * plan->grid[AXIS_EP];
}

int plan_most_ops(const struct plan *plan, enum phase phase)
{
    int most = 0;
    for (int i = 0; i < plan->class_count; i++)
        if (plan->classes[i].schedules[phase].count > most)
            most = plan->classes[i].schedules[phase].count;
    return most;
}

size_t step_rows_count(const struct plan *plan, const struct step *step)
{
    return (size_t)plan_lanes(plan) * (size_t)step->active;
}

static size_t layers_times_active(const struct plan *plan, const struct step *step)
{
    return step_rows_count(plan, step) * (size_t)plan->classes[0].shape.model_layers;
}

size_t slot_rows_count(const struct plan *plan, const struct step *step)
{
    return layers_times_active(plan, step) * (size_t)plan->placement.expert_slots;
}

size_t sent_rows_count(const struct plan *plan, const struct step *step)
{
    return layers_times_active(plan, step) * (size_t)plan->grid[AXIS_EP];
}

void step_take_rows(const struct plan *plan, struct pool *pool, struct step *step)
{
    step->rows = pool_take(pool, step_rows_count(plan, step), sizeof *step->rows);
}

void step_take_routes(const struct plan *plan, struct pool *pool, struct step *step)
{
    step->routes.slot_rows = pool_take(pool, slot_rows_count(plan, step), sizeof *step->routes.slot_rows);
    step->routes.sent_rows = pool_take(pool, sent_rows_count(plan, step), sizeof *step->routes.sent_rows);
}

void trace_free(struct trace *trace)
{
    pool_free(&trace->pool);
    *trace = (struct trace){0};
}
