/* What a timeline holds of its plan: enough to name its ops and to know how much its steps hold. */
#include "read/timeline.h"

#include <string.h>

static bool find_op(const char *function, enum op_kind *kind)
{
    for (*kind = 0; function && *kind < OP_KINDS; (*kind)++)
        if (strcmp(op_table[*kind].function, function) == 0)
            return true;
    return false;
}

static bool read_schedule(const struct timeline_reader *reader, struct pool *pool, const json_t *json,
                          struct schedule *schedule)
{
    schedule->ops = pool_take(pool, json_array_size(json), sizeof *schedule->ops);
    schedule->count = (int)json_array_size(json);
    for (int i = 0; i < schedule->count; i++) {
        const json_t *op = json_array_get(json, (size_t)i);
        json_int_t micro = json_integer_value(json_array_get(op, 1)), layer = json_integer_value(json_array_get(op, 2));
        if (!find_op(json_string_value(json_array_get(op, 0)), &schedule->ops[i].kind) || micro < 0 ||
            micro >= MAX_MICRO_BATCHES || layer < -1 || layer >= MAX_LAYERS)
            return timeline_damaged(reader, "it has an op that no schedule has");
        schedule->ops[i].micro = (int)micro;
        schedule->ops[i].layer = (int)layer;
    }
    return true;
}

static bool read_classes(const struct timeline_reader *reader, struct plan *plan, int model_layers)
{
    const json_t *classes = json_object_get(reader->json, "classes");
    plan->class_count = (int)json_array_size(classes);
    plan->classes = pool_take(&plan->pool, json_array_size(classes), sizeof *plan->classes);
    for (int i = 0; i < plan->class_count; i++) {
        const json_t *json = json_array_get(classes, (size_t)i);
        struct rank_class *class = &plan->classes[i];
        const char *name = json_string_value(json_object_get(json, "name"));
        class->name = pool_text(&plan->pool, name ? name : "");
        class->shape.model_layers = model_layers;
        class->shape.micro_batches = (int)json_integer_value(json_object_get(json, "micro_batches"));
        for (enum phase phase = 0; phase < PHASES; phase++)
            if (!read_schedule(reader, &plan->pool, json_object_get(json, phase_names[phase]),
                               &class->schedules[phase]))
                return false;
    }
    return plan->class_count > 0 || timeline_damaged(reader, "it has no classes of ranks");
}

static bool read_ranks(const struct timeline_reader *reader, struct plan *plan)
{
    const json_t *ranks = json_object_get(reader->json, "ranks");
    const struct numbers wanted = {"fields of a rank", 2 + AXES, 0, MAX_WORLD};
    if (json_array_size(ranks) != (size_t)plan->world)
        return timeline_damaged(reader, "its ranks do not fill its grid");
    plan->ranks = pool_take(&plan->pool, (size_t)plan->world, sizeof *plan->ranks);
    for (int rank = 0; rank < plan->world; rank++) {
        int64_t fields[2 + AXES];
        struct rank_row *row = &plan->ranks[rank];
        if (!timeline_numbers(reader, json_array_get(ranks, (size_t)rank), &wanted, fields))
            return false;
        *row = (struct rank_row){.rank = rank, .class_index = (int)fields[0], .layer_base = (int)fields[1]};
        bool fits = row->class_index < plan->class_count;
        for (int axis = 0; axis < AXES; axis++) {
            row->at[axis] = (int)fields[2 + axis];
            fits = fits && row->at[axis] < plan->grid[axis];
        }
        if (!fits)
            return timeline_damaged(reader, "a rank lies outside of its grid, or is of no class");
    }
    return true;
}

bool timeline_read_plan(const struct timeline_reader *reader, struct plan *plan)
{
    const char *hash = json_string_value(json_object_get(reader->json, "plan"));
    const char *name = json_string_value(json_object_get(reader->json, "name"));
    const struct numbers wanted = {"sizes of the grid", AXES, 1, MAX_WORLD};
    json_int_t layers = json_integer_value(json_object_get(reader->json, "model_layers"));
    json_int_t slots = json_integer_value(json_object_get(reader->json, "expert_slots"));
    int64_t grid[AXES], world = 1;
    if (!hash || strlen(hash) != sizeof plan->hash - 1 || !name)
        return timeline_damaged(reader, "it names no plan");
    if (!timeline_numbers(reader, json_object_get(reader->json, "grid"), &wanted, grid))
        return false;
    for (int axis = 0; axis < AXES && world <= MAX_WORLD; axis++) {
        plan->grid[axis] = (int)grid[axis];
        world *= grid[axis];
    }
    if (world > MAX_WORLD || layers < 1 || layers > MAX_LAYERS || slots < 1 || slots > MAX_EXPERTS)
        return timeline_damaged(reader, "no plan has these sizes");
    memcpy(plan->hash, hash, sizeof plan->hash);
    plan->name = pool_text(&plan->pool, name);
    plan->world = (int)world;
    plan->placement.expert_slots = (int)slots;
    return read_classes(reader, plan, (int)layers) && read_ranks(reader, plan);
}
