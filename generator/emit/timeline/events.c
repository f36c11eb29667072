/* A timeline for Perfetto and chrome://tracing: slices in microseconds, a process a rank, a thread a stream. A million
 * ops are written here, so numbers are made by hand, and what an op's slices share is made once a rank. */
#include "base/heap.h"
#include "emit/timeline/timeline.h"

#include <stdio.h>
#include <stdlib.h>

enum track { COMPUTATION = 1, COMMUNICATION };

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
    put(out, "{\"ph\":\"X\",\"pid\":");
    text_number(out, process);
    put(out, ",\"tid\":");
    text_number(out, stream);
    put(out, ",\"ts\":");
    microseconds_json(out, begin);
    put(out, ",\"dur\":");
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

/* An op's track, and what is the same in all of its slices. */
struct label {
    enum track track;
    char text[200];
};

/* A stream a track, where a device has two: there a dispatch ends in a kernel, which is no communication. */
static enum track track_of(const struct rank_class *class, enum op_kind kind)
{
    bool computes = class->device == DEVICE_CUDA ? effects_of(class, kind)->stream == STREAM_COMPUTE
                                                 : op_table[kind].action == ACTION_COMPUTE;
    return computes ? COMPUTATION : COMMUNICATION;
}

static void label_op(struct label *label, const struct rank_row *row, const struct rank_class *class, enum phase phase,
                     const struct op *op, int id)
{
    char name[96], layer[32] = "";
    if (op_table[op->kind].has_layer)
        snprintf(layer, sizeof layer, ",\"layer\":%d", row->layer_base + op->layer);
    label->track = track_of(class, op->kind);
    snprintf(label->text, sizeof label->text,
             ",\"name\":\"%s\",\"args\":{\"op\":%d,\"phase\":\"%s\",\"micro_batch\":\"%c\"%s,\"step\":",
             op_text(op, row->layer_base, class->shape.micro_batches, name, sizeof name), id, phase_names[phase],
             'A' + op->micro, layer);
}

static void span_json(struct text *out, int rank, const struct label *label, int step, const struct span *span)
{
    int64_t begin = nanoseconds(span->begin_s), start = nanoseconds(span->start_s), end = nanoseconds(span->end_s);
    int process = process_of(rank);
    slice_json(out, process, label->track, begin, end);
    put(out, label->text);
    text_number(out, step);
    put(out, ",\"bytes\":");
    text_number(out, (int64_t)span->bytes);
    put(out, "}},\n");
    if (start <= begin)
        return;
    slice_json(out, process, label->track, begin, start);
    put(out, ",\"name\":\"wait\"},\n");
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
            label_op(&labels[op], row, class, phase, &schedule->ops[op], op + 1);
        for (int i = 0; i < trace->count; i++)
            for (int op = 0; trace->steps[i].step.phase == phase && op < schedule->count; op++)
                if (schedule->ops[op].micro < trace->steps[i].step.active)
                    span_json(out, rank, &labels[op], i + 1, span_of(&trace->steps[i], rank, op + 1));
    }
}

void timeline_events(const struct plan *plan, const struct trace *trace, struct text *out)
{
    int prefill = plan_most_ops(plan, PREFILL), decode = plan_most_ops(plan, DECODE);
    struct label *labels = heap_take((size_t)(prefill > decode ? prefill : decode), sizeof *labels);
    steps_json(out, plan, trace);
    for (int rank = 0; rank < plan->world; rank++)
        rank_json(out, plan, trace, rank, labels);
    free(labels);
    out->length -= 2; /* the comma after the last one */
}
