/* A timeline as Chrome's trace format, which Perfetto and chrome://tracing show: an object whose "traceEvents" are
 * slices in microseconds. Before them, under "rankc", lies what read/timeline.c reads back: compact arrays in
 * nanoseconds, and of the plan what gives the ops their names.
 *
 * A million ops are written here, so numbers are made by hand, and what an op's slices share is made once a rank. */
#include "base/heap.h"
#include "trace.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1 };

enum stream { COMPUTATION = 1, COMMUNICATION };

static int64_t nanoseconds(double seconds)
{
    return llround(seconds * 1e9);
}

static void add(struct text *out, const char *text)
{
    text_add(out, text, strlen(text));
}

/* ---- "rankc" */

static void numbers_json(struct text *out, const int32_t *numbers, size_t count)
{
    add(out, "[");
    for (size_t i = 0; i < count; i++) {
        add(out, i ? "," : "");
        text_number(out, numbers[i]);
    }
    add(out, "]");
}

static void schedule_json(struct text *out, const struct schedule *schedule, enum phase phase)
{
    text_format(out, ",\"%s\":[", phase_names[phase]);
    for (int i = 0; i < schedule->count; i++) {
        const struct op *op = &schedule->ops[i];
        text_format(out, "%s[\"%s\",%d,%d]", i ? "," : "", op_table[op->kind].function, op->micro, op->layer);
    }
    add(out, "]");
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
        add(out, "}");
    }
    add(out, "],\n\"ranks\":[");
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        const int32_t fields[] = {row->class_index, row->layer_base,  row->at[AXIS_DP],
                                  row->at[AXIS_PP], row->at[AXIS_EP], row->at[AXIS_TP]};
        add(out, rank ? "," : "");
        numbers_json(out, fields, sizeof fields / sizeof *fields);
    }
    add(out, "]");
}

static void counters_json(struct text *out, const struct plan *plan, const uint64_t *counters)
{
    add(out, "\"mailboxes\":[");
    for (int kind = 0; kind < MAILBOX_KINDS; kind++)
        text_format(out, "%s\"%s\"", kind ? "," : "", mailbox_names[kind]);
    add(out, "],\n\"counters\":[");
    for (int rank = 0; rank < plan->world; rank++, counters += MAILBOX_KINDS)
        for (int kind = 0; kind < MAILBOX_KINDS; kind++) {
            add(out, kind ? "," : rank ? "],[" : "[");
            text_number(out, (int64_t)counters[kind]);
        }
    add(out, "]],\n");
}

/* Four numbers a span: since the end of the one before it, or the step's begin; waiting; the rest of it; bytes. */
static void spans_json(struct text *out, const struct trace_step *step, int rank)
{
    const struct span *span = span_of(step, rank, 1);
    int64_t before = nanoseconds(step->begin_s);
    add(out, rank ? ",\n[" : "[");
    for (int i = 0; i < step->ops; i++, span++) {
        int64_t begin = nanoseconds(span->begin_s), start = nanoseconds(span->start_s);
        int64_t end = nanoseconds(span->end_s);
        add(out, i ? "," : "");
        text_number(out, begin - before);
        add(out, ",");
        text_number(out, start - begin);
        add(out, ",");
        text_number(out, end - start);
        add(out, ",");
        text_number(out, (int64_t)span->bytes);
        before = end;
    }
    add(out, "]");
}

static void step_json(struct text *out, const struct plan *plan, const struct trace_step *step)
{
    text_format(out, "{\"phase\":\"%s\",\"active\":%d,\"begin\":", phase_names[step->step.phase], step->step.active);
    text_number(out, nanoseconds(step->begin_s));
    add(out, ",\"end\":");
    text_number(out, nanoseconds(step->end_s));
    add(out, ",\"rows\":[");
    for (size_t i = 0; i < step_rows_count(plan, &step->step); i++) {
        const struct micro_rows *rows = &step->step.rows[i];
        text_format(out, "%s%d,%d,", i ? "," : "", rows->rows, rows->wanted);
        text_number(out, rows->positions);
    }
    add(out, "],\n\"slot_rows\":");
    numbers_json(out, step->step.routes.slot_rows, slot_rows_count(plan, &step->step));
    add(out, ",\n\"sent_rows\":");
    numbers_json(out, step->step.routes.sent_rows, sent_rows_count(plan, &step->step));
    add(out, ",\n\"spans\":[");
    for (int rank = 0; rank < plan->world; rank++)
        spans_json(out, step, rank);
    add(out, "]}");
}

static void contents_json(struct text *out, const struct plan *plan, const struct trace *trace)
{
    text_format(out, "{\"format\":%d,\"kind\":\"%s\",\"plan\":\"%s\",\"name\":\"%s\",\n", FORMAT, trace->kind,
                trace->hash, plan->name);
    plan_parts_json(out, plan);
    add(out, ",\n");
    if (trace->counters)
        counters_json(out, plan, trace->counters);
    add(out, "\"steps\":[");
    for (int i = 0; i < trace->count; i++) {
        add(out, i ? ",\n" : "");
        step_json(out, plan, &trace->steps[i]);
    }
    add(out, "]}");
}

/* ---- "traceEvents" */

static void microseconds_json(struct text *out, int64_t nanoseconds)
{
    char rest[5] = ".000";
    int64_t thousandths = nanoseconds % 1000;
    for (int i = 3; i > 0; i--, thousandths /= 10)
        rest[i] = (char)('0' + thousandths % 10);
    text_number(out, nanoseconds / 1000);
    text_add(out, rest, 4);
}

static void name_json(struct text *out, const char *what, int process, int stream, const char *name)
{
    text_format(out, "{\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"name\":\"%s\",\"args\":{\"name\":\"%s\"}},\n", process,
                stream, what, name);
}

/* Begins a slice: all but its name and what belongs to it. */
static void slice_json(struct text *out, int process, int stream, int64_t begin, int64_t end)
{
    add(out, "{\"ph\":\"X\",\"pid\":");
    text_number(out, process);
    add(out, ",\"tid\":");
    text_number(out, stream);
    add(out, ",\"ts\":");
    microseconds_json(out, begin);
    add(out, ",\"dur\":");
    microseconds_json(out, end - begin);
}

/* Processes are numbered from 1: 0 is special to viewers. The steps come after the ranks. */
static int process_of(int rank)
{
    return rank + 1;
}

static void steps_json(struct text *out, const struct plan *plan, const struct trace *trace)
{
    int process = process_of(plan->world);
    name_json(out, "process_name", process, 0, "steps");
    name_json(out, "thread_name", process, COMPUTATION, trace->kind);
    text_format(out, "{\"ph\":\"M\",\"pid\":%d,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":-1}},\n",
                process);
    for (int i = 0; i < trace->count; i++) {
        const struct trace_step *step = &trace->steps[i];
        int64_t rows = 0;
        for (size_t at = 0; at < step_rows_count(plan, &step->step); at++)
            rows += step->step.rows[at].rows;
        slice_json(out, process, COMPUTATION, nanoseconds(step->begin_s), nanoseconds(step->end_s));
        text_format(out, ",\"name\":\"step %d, %s\",\"args\":{\"step\":%d,\"rows\":%lld,\"micro_batches\":%d}},\n",
                    i + 1, phase_names[step->step.phase], i + 1, (long long)rows, step->step.active);
    }
}

/* An op's stream, and what is the same in all of its slices. */
struct label {
    enum stream stream;
    char text[200];
};

static void label_op(struct label *label, const struct rank_row *row, int micro_batches, enum phase phase,
                     const struct op *op, int id)
{
    char name[96], layer[32] = "";
    if (op_table[op->kind].has_layer)
        snprintf(layer, sizeof layer, ",\"layer\":%d", row->layer_base + op->layer);
    label->stream = op_table[op->kind].action == ACTION_COMPUTE ? COMPUTATION : COMMUNICATION;
    snprintf(label->text, sizeof label->text,
             ",\"name\":\"%s\",\"args\":{\"op\":%d,\"phase\":\"%s\",\"micro_batch\":\"%c\"%s,\"step\":",
             op_text(op, row->layer_base, micro_batches, name, sizeof name), id, phase_names[phase], 'A' + op->micro,
             layer);
}

static void span_json(struct text *out, int rank, const struct label *label, int step, const struct span *span)
{
    int64_t begin = nanoseconds(span->begin_s), start = nanoseconds(span->start_s), end = nanoseconds(span->end_s);
    int process = process_of(rank);
    slice_json(out, process, label->stream, begin, end);
    add(out, label->text);
    text_number(out, step);
    add(out, ",\"bytes\":");
    text_number(out, (int64_t)span->bytes);
    add(out, "}},\n");
    if (start <= begin)
        return;
    slice_json(out, process, label->stream, begin, start);
    add(out, ",\"name\":\"wait\"},\n");
}

static void rank_json(struct text *out, const struct plan *plan, const struct trace *trace, int rank,
                      struct label *labels)
{
    const struct rank_row *row = &plan->ranks[rank];
    const struct rank_class *class = &plan->classes[row->class_index];
    char name[160];
    snprintf(name, sizeof name, "rank %d (%s, dp %d pp %d ep %d tp %d)", rank, class->name, row->at[AXIS_DP],
             row->at[AXIS_PP], row->at[AXIS_EP], row->at[AXIS_TP]);
    name_json(out, "process_name", process_of(rank), 0, name);
    name_json(out, "thread_name", process_of(rank), COMPUTATION, "compute");
    name_json(out, "thread_name", process_of(rank), COMMUNICATION, "communication");
    for (enum phase phase = 0; phase < PHASES; phase++) {
        const struct schedule *schedule = &class->schedules[phase];
        for (int op = 0; op < schedule->count; op++)
            label_op(&labels[op], row, class->shape.micro_batches, phase, &schedule->ops[op], op + 1);
        for (int i = 0; i < trace->count; i++)
            for (int op = 0; trace->steps[i].step.phase == phase && op < schedule->count; op++)
                if (schedule->ops[op].micro < trace->steps[i].step.active)
                    span_json(out, rank, &labels[op], i + 1, span_of(&trace->steps[i], rank, op + 1));
    }
}

static void events_json(struct text *out, const struct plan *plan, const struct trace *trace)
{
    int prefill = plan_most_ops(plan, PREFILL), decode = plan_most_ops(plan, DECODE);
    struct label *labels = heap_take((size_t)(prefill > decode ? prefill : decode), sizeof *labels);
    steps_json(out, plan, trace);
    for (int rank = 0; rank < plan->world; rank++)
        rank_json(out, plan, trace, rank, labels);
    free(labels);
    out->length -= 2; /* the comma after the last one */
}

void trace_json(const struct plan *plan, const struct trace *trace, struct text *out)
{
    add(out, "{\"rankc\":\n");
    contents_json(out, plan, trace);
    add(out, ",\n\"displayTimeUnit\":\"ns\",\n\"traceEvents\":[\n");
    events_json(out, plan, trace);
    add(out, "\n]}\n");
}
