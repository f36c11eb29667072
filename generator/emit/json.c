#include "emit/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *bytes_json(uint64_t bytes)
{
    return json_integer((json_int_t)bytes);
}

static json_t *group_json(const int *ranks, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(array, json_integer(ranks[i]));
    return array;
}

static json_t *schedule_json(const struct schedule *schedule)
{
    json_t *array = json_array();
    for (int i = 0; i < schedule->count; i++) {
        const struct op *op = &schedule->ops[i];
        const char micro[2] = {(char)('A' + op->micro), '\0'};
        json_t *json =
            json_pack("{s:i, s:s, s:s}", "id", i + 1, "op", op_table[op->kind].function, "micro_batch", micro);
        if (op->layer >= 0)
            json_object_set_new(json, "layer", json_integer(op->layer));
        json_array_append_new(array, json);
    }
    return array;
}

static json_t *arena_json(const struct rank_class *class)
{
    json_t *array = json_array();
    for (int i = 0; i < class->buffer_count; i++) {
        const struct buffer *buffer = &class->buffers[i];
        json_t *json = json_pack("{s:s, s:o, s:o}", "buffer", buffer_names[buffer->kind], "offset",
                                 bytes_json(buffer->offset), "bytes", bytes_json(buffer->bytes));
        if (buffer->micro >= 0)
            json_object_set_new(json, "micro_batch", json_integer(buffer->micro));
        json_array_append_new(array, json);
    }
    return array;
}

static json_t *ledger_json(const struct rank_class *class)
{
    json_t *array = json_array();
    for (int i = 0; i < class->ledger_count; i++)
        json_array_append_new(array, json_pack("{s:s, s:o}", "purpose", class->ledger[i].purpose, "bytes",
                                               bytes_json(class->ledger[i].bytes)));
    return array;
}

static json_t *class_json(const struct plan *plan, const struct rank_class *class)
{
    json_t *shape = json_object();
#define X(field, NAME, text) json_object_set_new(shape, #field, json_integer(class->shape.field));
    SHAPES(X)
#undef X
    return json_pack("{s:s, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", class->name, "ranks", class->ranks,
                     "weights", class->weights == DTYPE_BF16 ? "bf16" : "f32", "shape", shape, "ledger",
                     ledger_json(class), "ledger_bytes", bytes_json(class->ledger_bytes), "headroom_bytes",
                     bytes_json(plan->memory_bytes - class->ledger_bytes), "arena", arena_json(class), "prefill",
                     schedule_json(&class->schedules[PREFILL]), "decode", schedule_json(&class->schedules[DECODE]));
}

static json_t *rank_json(const struct plan *plan, const struct rank_row *row)
{
    json_t *json = json_pack("{s:i, s:s, s:i, s:i, s:i, s:i, s:i, s:o, s:o, s:[s, s]}", "rank", row->rank, "class",
                             plan->classes[row->class_index].name, "dp", row->at[AXIS_DP], "pp", row->at[AXIS_PP], "ep",
                             row->at[AXIS_EP], "tp", row->at[AXIS_TP], "layer_base", row->layer_base, "tp_group",
                             group_json(row->tp_group, plan->grid[AXIS_TP]), "ep_group",
                             group_json(row->ep_group, plan->grid[AXIS_EP]), "shards", row->shards[SHARD_DENSE],
                             row->shards[SHARD_EXPERTS]);
    json_object_set_new(json, "previous", row->previous < 0 ? json_null() : json_integer(row->previous));
    json_object_set_new(json, "next", row->next < 0 ? json_null() : json_integer(row->next));
    return json;
}

void plan_json(const struct plan *plan, struct text *out)
{
    json_t *classes = json_array(), *ranks = json_array();
    for (int i = 0; i < plan->class_count; i++)
        json_array_append_new(classes, class_json(plan, &plan->classes[i]));
    for (int rank = 0; rank < plan->world; rank++)
        json_array_append_new(ranks, rank_json(plan, &plan->ranks[rank]));
    json_t *json =
        json_pack("{s:s, s:s, s:s, s:i, s:{s:i, s:i, s:i, s:i}, s:{s:s, s:s, s:o}, s:s, s:o, s:o}", "name", plan->name,
                  "hash", plan->hash, "family", plan->family, "world", plan->world, "grid", "dp", plan->grid[AXIS_DP],
                  "pp", plan->grid[AXIS_PP], "ep", plan->grid[AXIS_EP], "tp", plan->grid[AXIS_TP], "target", "device",
                  plan->device, "transport", plan->transport, "memory_bytes", bytes_json(plan->memory_bytes),
                  "dispatch", plan->dispatch, "classes", classes, "ranks", ranks);
    char *text = json_dumps(json, JSON_INDENT(1));
    if (text) {
        text_add(out, text, strlen(text));
        text_add(out, "\n", 1);
    }
    free(text);
    json_decref(json);
}
