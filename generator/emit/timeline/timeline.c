/* A timeline as a file: under "rankc" what read/timeline.c reads back, compact arrays in nanoseconds, and of the plan
 * what gives the ops their names; after it the same as events for viewers. */
#include "emit/timeline/timeline.h"

enum { FORMAT = 1 };

static void numbers_json(struct text *out, const int32_t *numbers, size_t count)
{
    put(out, "[");
    for (size_t i = 0; i < count; i++) {
        put(out, i ? "," : "");
        text_number(out, numbers[i]);
    }
    put(out, "]");
}

static void schedule_json(struct text *out, const struct schedule *schedule, enum phase phase)
{
    text_format(out, ",\"%s\":[", phase_names[phase]);
    for (int i = 0; i < schedule->count; i++) {
        const struct op *op = &schedule->ops[i];
        text_format(out, "%s[\"%s\",%d,%d]", i ? "," : "", op_table[op->kind].function, op->micro, op->layer);
    }
    put(out, "]");
}

static void plan_parts_json(struct text *out, const struct plan *plan)
{
    text_format(out, "\"grid\":[%d,%d,%d,%d],\"model_layers\":%d,\"expert_slots\":%d,\n\"classes\":[", plan->grid[0],
                plan->grid[1], plan->grid[2], plan->grid[3], plan->classes[0].shape.model_layers,
                plan->placement.expert_slots);
    for (int i = 0; i < plan->class_count; i++) {
        const struct rank_class *class = &plan->classes[i];
        text_format(out, "%s{\"name\":\"%s\",\"micro_batches\":%d", i ? ",\n" : "", class->name,
                    class->shape.micro_batches);
        for (enum phase phase = 0; phase < PHASES; phase++)
            schedule_json(out, &class->schedules[phase], phase);
        put(out, "}");
    }
    put(out, "],\n\"ranks\":[");
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        const int32_t fields[] = {row->class_index, row->layer_base,  row->at[AXIS_DP],
                                  row->at[AXIS_PP], row->at[AXIS_EP], row->at[AXIS_TP]};
        put(out, rank ? "," : "");
        numbers_json(out, fields, sizeof fields / sizeof *fields);
    }
    put(out, "]");
}

static void counters_json(struct text *out, const struct plan *plan, const uint64_t *counters)
{
    put(out, "\"mailboxes\":[");
    for (int kind = 0; kind < MAILBOX_KINDS; kind++)
        text_format(out, "%s\"%s\"", kind ? "," : "", mailbox_names[kind]);
    put(out, "],\n\"counters\":[");
    for (int rank = 0; rank < plan->world; rank++, counters += MAILBOX_KINDS)
        for (int kind = 0; kind < MAILBOX_KINDS; kind++) {
            put(out, kind ? "," : rank ? "],[" : "[");
            text_number(out, (int64_t)counters[kind]);
        }
    put(out, "]],\n");
}

/* Four numbers a span: since the end of the one before it, or the step's begin; waiting; the rest of it; bytes. */
static void spans_json(struct text *out, const struct trace_step *step, int rank)
{
    const struct span *span = span_of(step, rank, 1);
    int64_t before = nanoseconds(step->begin_s);
    put(out, rank ? ",\n[" : "[");
    for (int i = 0; i < step->ops; i++, span++) {
        int64_t begin = nanoseconds(span->begin_s), start = nanoseconds(span->start_s);
        int64_t end = nanoseconds(span->end_s);
        put(out, i ? "," : "");
        text_number(out, begin - before);
        put(out, ",");
        text_number(out, start - begin);
        put(out, ",");
        text_number(out, end - start);
        put(out, ",");
        text_number(out, (int64_t)span->bytes);
        before = end;
    }
    put(out, "]");
}

static void step_json(struct text *out, const struct plan *plan, const struct trace_step *step)
{
    text_format(out, "{\"phase\":\"%s\",\"active\":%d,\"begin\":", phase_names[step->step.phase], step->step.active);
    text_number(out, nanoseconds(step->begin_s));
    put(out, ",\"end\":");
    text_number(out, nanoseconds(step->end_s));
    put(out, ",\"rows\":[");
    for (size_t i = 0; i < step_rows_count(plan, &step->step); i++) {
        const struct micro_rows *rows = &step->step.rows[i];
        text_format(out, "%s%d,%d,", i ? "," : "", rows->rows, rows->wanted);
        text_number(out, rows->positions);
    }
    put(out, "],\n\"slot_rows\":");
    numbers_json(out, step->step.routes.slot_rows, slot_rows_count(plan, &step->step));
    put(out, ",\n\"sent_rows\":");
    numbers_json(out, step->step.routes.sent_rows, sent_rows_count(plan, &step->step));
    put(out, ",\n\"spans\":[");
    for (int rank = 0; rank < plan->world; rank++)
        spans_json(out, step, rank);
    put(out, "]}");
}

static void contents_json(struct text *out, const struct plan *plan, const struct trace *trace)
{
    text_format(out, "{\"format\":%d,\"kind\":\"%s\",\"plan\":\"%s\",\"name\":\"%s\",\n", FORMAT, trace->kind,
                trace->hash, plan->name);
    plan_parts_json(out, plan);
    put(out, ",\n");
    if (trace->counters)
        counters_json(out, plan, trace->counters);
    put(out, "\"steps\":[");
    for (int i = 0; i < trace->count; i++) {
        put(out, i ? ",\n" : "");
        step_json(out, plan, &trace->steps[i]);
    }
    put(out, "]}");
}

void trace_json(const struct plan *plan, const struct trace *trace, struct text *out)
{
    put(out, "{\"rankc\":\n");
    contents_json(out, plan, trace);
    put(out, ",\n\"displayTimeUnit\":\"ns\",\n\"traceEvents\":[\n");
    timeline_events(plan, trace, out);
    put(out, "\n]}\n");
}
