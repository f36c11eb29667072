#include "emit/timeline/comparison.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *mean_json(struct both sum, int64_t count)
{
    double over = count > 0 ? (double)count : 1;
    return json_pack("{s:f, s:f}", "measured", sum.measured / over, "simulated", sum.simulated / over);
}

static json_t *ops_json(const struct comparison *comparison, const struct compared_phase *phase)
{
    json_t *array = json_array();
    double all = comparison->plan->world * phase->step_s.measured;
    for (int kind = 0; kind < OP_KINDS; kind++) {
        const struct compared_op *op = &phase->ops[kind];
        if (op->count > 0)
            json_array_append_new(array, json_pack("{s:s, s:I, s:o, s:o, s:f}", "op", op_table[kind].function, "count",
                                                   (json_int_t)op->count, "work_s", mean_json(op->work_s, op->count),
                                                   "wait_s", mean_json(op->wait_s, op->count), "share",
                                                   all > 0 ? op->work_s.measured / all : 0));
    }
    return array;
}

static json_t *phases_json(const struct comparison *comparison)
{
    json_t *object = json_object();
    for (int i = 0; i < PHASES; i++) {
        const struct compared_phase *phase = &comparison->phases[i];
        int64_t rank_steps = (int64_t)phase->steps * comparison->plan->world;
        if (phase->steps > 0)
            json_object_set_new(object, phase_names[i],
                                json_pack("{s:i, s:o, s:f, s:o, s:o, s:o}", "steps", phase->steps, "step_s",
                                          mean_json(phase->step_s, phase->steps), "mean_error", phase->error,
                                          "rank_work_s", mean_json(phase->work_s, rank_steps), "rank_wait_s",
                                          mean_json(phase->wait_s, rank_steps), "ops", ops_json(comparison, phase)));
    }
    return object;
}

static json_t *steps_json(const struct comparison *comparison)
{
    json_t *array = json_array();
    for (int i = 0; i < comparison->measured->count; i++) {
        const struct trace_step *measured = &comparison->measured->steps[i];
        const struct trace_step *simulated = &comparison->simulated->steps[i];
        json_array_append_new(array, json_pack("{s:s, s:f, s:f}", "phase", phase_names[measured->step.phase],
                                               "measured_s", measured->end_s - measured->begin_s, "simulated_s",
                                               simulated->end_s - simulated->begin_s));
    }
    return array;
}

static json_t *apart_json(const struct comparison *comparison)
{
    const struct plan *plan = comparison->plan;
    json_t *array = json_array();
    for (int i = 0; i < comparison->apart_count; i++) {
        const struct compared_place *place = &comparison->apart[i];
        const struct rank_row *row = &plan->ranks[place->rank];
        const struct op *op = &schedule_of(plan, place->rank, place->phase)->ops[place->op_id - 1];
        char name[96];
        op_text(op, row->layer_base, plan->classes[row->class_index].shape.micro_batches, name, sizeof name);
        json_array_append_new(array, json_pack("{s:i, s:s, s:i, s:s, s:i, s:o}", "rank", place->rank, "phase",
                                               phase_names[place->phase], "op", place->op_id, "name", name, "count",
                                               place->count, "work_s", mean_json(place->work_s, place->count)));
    }
    return array;
}

static json_t *bytes_json(const struct comparison *comparison)
{
    json_t *object = json_object();
    for (int kind = 0; kind < MAILBOX_KINDS; kind++) {
        const struct compared_bytes *bytes = &comparison->bytes[kind];
        if (bytes->measured || bytes->simulated)
            json_object_set_new(object, mailbox_names[kind],
                                json_pack("{s:I, s:I, s:I}", "measured", (json_int_t)bytes->measured, "simulated",
                                          (json_int_t)bytes->simulated, "counted", (json_int_t)bytes->counted));
    }
    return object;
}

void comparison_json(const struct comparison *comparison, struct text *out)
{
    json_t *json =
        json_pack("{s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:I, s:b}", "name", comparison->plan->name, "plan",
                  comparison->plan->hash, "world", comparison->plan->world, "phases", phases_json(comparison), "steps",
                  steps_json(comparison), "furthest_apart", apart_json(comparison), "bytes", bytes_json(comparison),
                  "ops_with_other_bytes", (json_int_t)comparison->other_bytes, "same_routes", comparison->same_routes);
    char *text = json_dumps(json, JSON_INDENT(1));
    if (text) {
        text_add(out, text, strlen(text));
        text_add(out, "\n", 1);
    }
    free(text);
    json_decref(json);
}
