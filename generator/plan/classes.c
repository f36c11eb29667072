/* Ranks whose code is identical: those of stages with the same role and the same number of layers. */
#include "plan/passes.h"

#include <string.h>

static const char *role_of(int stage, int stages)
{
    if (stages == 1)
        return "only";
    if (stage == 0)
        return "first";
    return stage == stages - 1 ? "last" : "middle";
}

/* The class of an earlier stage with this role and size, or a new one. */
static int class_of_stage(const struct strategy *strategy, struct plan *plan, int stage)
{
    const char *role = role_of(stage, strategy->grid[AXIS_PP]);
    int layers = strategy->stage_layers[stage];
    for (int i = 0; i < plan->class_count; i++)
        if (strcmp(plan->classes[i].name, role) == 0 && plan->classes[i].shape.layers == layers)
            return i;
    struct rank_class *class = &plan->classes[plan->class_count];
    class->name = role;
    class->shape.layers = layers;
    class->device = device_named(plan->device);
    class->first_stage = stage == 0;
    class->last_stage = stage == strategy->grid[AXIS_PP] - 1;
    return plan->class_count++;
}

/* Middle stages of several sizes: "middle-5-layers". */
static void tell_apart(struct plan *plan)
{
    int middles = 0;
    for (int i = 0; i < plan->class_count; i++)
        middles += strcmp(plan->classes[i].name, "middle") == 0;
    for (int i = 0; i < plan->class_count && middles > 1; i++)
        if (strcmp(plan->classes[i].name, "middle") == 0)
            plan->classes[i].name = pool_format(&plan->pool, "middle-%d-layers", plan->classes[i].shape.layers);
}

bool plan_classes(const struct strategy *strategy, struct plan *plan, struct error *error)
{
    (void)error;
    int stages = strategy->grid[AXIS_PP];
    plan->classes = pool_take(&plan->pool, (size_t)stages, sizeof *plan->classes);
    int *class_index = pool_take(&plan->pool, (size_t)stages, sizeof *class_index);
    for (int stage = 0; stage < stages; stage++)
        class_index[stage] = class_of_stage(strategy, plan, stage);
    tell_apart(plan);
    for (int rank = 0; rank < plan->world; rank++) {
        struct rank_row *row = &plan->ranks[rank];
        row->class_index = class_index[row->at[AXIS_PP]];
        plan->classes[row->class_index].ranks++;
    }
    return true;
}
