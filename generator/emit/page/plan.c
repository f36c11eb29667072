/* What the page shows of the plan alone: the title block, where each rank is, and what it owns. */
#include "emit/page/parts.h"

json_t *page_title(const struct page_facts *facts)
{
    const struct plan *plan = facts->plan;
    const struct shapes *shape = &plan->classes[0].shape;
    json_t *grid = json_array(), *axes = json_array();
    for (int axis = 0; axis < AXES; axis++) {
        json_array_append_new(axes, json_string(axis_names[axis]));
        json_array_append_new(grid, json_integer(plan->grid[axis]));
    }
    json_t *model =
        json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:s}", "family", plan->family, "layers", shape->model_layers,
                  "hidden", shape->hidden, "experts", shape->experts, "top_k", shape->top_k, "vocabulary",
                  shape->vocabulary, "weights", plan->classes[0].weights == DTYPE_BF16 ? "bf16" : "f32");
    json_t *target =
        json_pack("{s:s, s:s, s:i, s:i, s:o}", "device", plan->device, "transport", plan->transport, "threads",
                  plan->threads, "ranks_per_node", plan->ranks_per_node, "memory", page_bytes(plan->memory_bytes));
    json_t *batch = json_pack("{s:i, s:i, s:i, s:i, s:i, s:s}", "sequences", shape->sequences, "context",
                              shape->context, "micro_batches", shape->micro_batches, "prefill_rows",
                              shape->prefill_rows, "decode_rows", shape->decode_rows, "dispatch", plan->dispatch);
    return json_pack("{s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o}", "name", plan->name, "hash", plan->hash, "world",
                     plan->world, "axes", axes, "grid", grid, "model", model, "target", target, "batch", batch);
}

/* By rank number: its place among the coordinates (dp outermost, tp innermost), its class, its first layer. Groups and
 * neighbours follow from the coordinates, so that 4096 ranks stay small. */
json_t *page_ranks(const struct page_facts *facts)
{
    const struct plan *plan = facts->plan;
    json_t *places = json_array(), *classes = json_array(), *layers = json_array();
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        int place = 0;
        for (int axis = 0; axis < AXES; axis++)
            place = place * plan->grid[axis] + row->at[axis];
        json_array_append_new(places, json_integer(place));
        json_array_append_new(classes, json_integer(row->class_index));
        json_array_append_new(layers, json_integer(row->layer_base));
    }
    return json_pack("{s:o, s:o, s:o}", "places", places, "classes", classes, "first_layers", layers);
}

json_t *page_ledger(const struct page_facts *facts)
{
    json_t *classes = json_array();
    for (int i = 0; i < facts->plan->class_count; i++) {
        const struct rank_class *class = &facts->plan->classes[i];
        json_t *lines = json_array();
        for (int line = 0; line < class->ledger_count; line++)
            json_array_append_new(
                lines, json_pack("[s, o]", class->ledger[line].purpose, page_bytes(class->ledger[line].bytes)));
        json_array_append_new(classes, json_pack("{s:s, s:i, s:i, s:o, s:o}", "name", class->name, "ranks",
                                                 class->ranks, "layers", class->shape.layers, "lines", lines, "bytes",
                                                 page_bytes(class->ledger_bytes)));
    }
    return classes;
}
