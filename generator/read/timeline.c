/* Reads a timeline back. Only the "rankc" at its beginning is parsed: the events after it say the same again, in ten
 * times the text. */
#include "read/timeline.h"
#include "base/file.h"
#include "base/heap.h"

#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1 };

static const size_t most_bytes = (size_t)1 << 34;
static const char head[] = "{\"rankc\":\n", middle[] = ",\n\"displayTimeUnit\"", tail[] = "\n]}\n";

bool timeline_damaged(const struct timeline_reader *reader, const char *what)
{
    return fail(reader->error, reader->path, 0, "is damaged: %s; write it again with rankc run --trace or rankc sim -o",
                what);
}

bool timeline_numbers(const struct timeline_reader *reader, const json_t *array, const struct numbers *wanted,
                      int64_t *out)
{
    char what[160];
    if (json_array_size(array) != wanted->count) {
        snprintf(what, sizeof what, "%s are %zu numbers, not %zu", wanted->what, json_array_size(array), wanted->count);
        return timeline_damaged(reader, what);
    }
    for (size_t i = 0; i < wanted->count; i++) {
        const json_t *number = json_array_get(array, i);
        out[i] = json_integer_value(number);
        if (!json_is_integer(number) || out[i] < wanted->least || out[i] > wanted->most) {
            snprintf(what, sizeof what, "number %zu of %s is none from %lld to %lld", i + 1, wanted->what,
                     (long long)wanted->least, (long long)wanted->most);
            return timeline_damaged(reader, what);
        }
    }
    return true;
}

/* ---- steps */

/* Scratch for the longest array of a step. */
struct step_reader {
    const struct timeline_reader *base;
    const struct plan *plan;
    struct trace *trace;
    int64_t *numbers;
    size_t room;
};

/* The numbers of json[key], valid until the next call; NULL where they are not as wanted. */
static const int64_t *take_numbers(struct step_reader *reader, const json_t *array, const struct numbers *wanted)
{
    size_t count = json_array_size(array);
    if (!reader->numbers || count > reader->room) {
        reader->numbers = heap_grow(reader->numbers, count + 1, sizeof *reader->numbers);
        reader->room = count;
    }
    return timeline_numbers(reader->base, array, wanted, reader->numbers) ? reader->numbers : NULL;
}

static bool read_rows(struct step_reader *reader, const json_t *json, struct step *step)
{
    size_t count = step_rows_count(reader->plan, step);
    const struct numbers wanted = {"rows of a step", 3 * count, 0, INT32_MAX};
    const int64_t *numbers = take_numbers(reader, json_object_get(json, "rows"), &wanted);
    if (!numbers)
        return false;
    step->rows = pool_take(&reader->trace->pool, count, sizeof *step->rows);
    for (size_t i = 0; i < count; i++, numbers += 3)
        step->rows[i] = (struct micro_rows){(int)numbers[0], (int)numbers[1], numbers[2]};
    return true;
}

static int32_t *read_routes(struct step_reader *reader, const json_t *json, const char *key, size_t count)
{
    const struct numbers wanted = {key, count, 0, INT32_MAX};
    const int64_t *numbers = take_numbers(reader, json_object_get(json, key), &wanted);
    if (!numbers)
        return NULL;
    int32_t *routes = pool_take(&reader->trace->pool, count, sizeof *routes);
    for (size_t i = 0; i < count; i++)
        routes[i] = (int32_t)numbers[i];
    return routes;
}

static double seconds(int64_t nanoseconds)
{
    return (double)nanoseconds * 1e-9;
}

static bool read_rank_spans(struct step_reader *reader, const json_t *json, const struct trace_step *step,
                            int64_t begin, struct span *spans)
{
    const struct numbers wanted = {"spans of a rank", 4 * (size_t)step->ops, INT32_MIN, INT64_MAX >> 10};
    const int64_t *numbers = take_numbers(reader, json, &wanted);
    if (!numbers)
        return false;
    int64_t at = begin;
    for (int i = 0; i < step->ops; i++, numbers += 4) {
        if (numbers[1] < 0 || numbers[2] < 0 || numbers[3] < 0)
            return timeline_damaged(reader->base, "an op ends before it begins");
        int64_t start = at + numbers[0] + numbers[1];
        spans[i] =
            (struct span){seconds(at + numbers[0]), seconds(start), seconds(start + numbers[2]), (uint64_t)numbers[3]};
        at = start + numbers[2];
    }
    return true;
}

static bool read_spans(struct step_reader *reader, const json_t *json, struct trace_step *step, int64_t begin)
{
    const json_t *ranks = json_object_get(json, "spans");
    step->ops = plan_most_ops(reader->plan, step->step.phase);
    if (json_array_size(ranks) != (size_t)reader->plan->world)
        return timeline_damaged(reader->base, "a step has not the spans of every rank");
    step->spans = pool_take(&reader->trace->pool, (size_t)reader->plan->world * (size_t)step->ops, sizeof *step->spans);
    for (int rank = 0; rank < reader->plan->world; rank++)
        if (!read_rank_spans(reader, json_array_get(ranks, (size_t)rank), step, begin,
                             &step->spans[(size_t)rank * (size_t)step->ops]))
            return false;
    return true;
}

static bool read_step(struct step_reader *reader, const json_t *json, struct trace_step *step)
{
    const char *phase = json_string_value(json_object_get(json, "phase"));
    int64_t begin = json_integer_value(json_object_get(json, "begin"));
    int64_t end = json_integer_value(json_object_get(json, "end"));
    json_int_t active = json_integer_value(json_object_get(json, "active"));
    step->step.phase = phase && strcmp(phase, phase_names[DECODE]) == 0 ? DECODE : PREFILL;
    if (!phase || strcmp(phase, phase_names[step->step.phase]) != 0 || active < 1 || active > MAX_MICRO_BATCHES)
        return timeline_damaged(reader->base, "a step has no phase or no micro-batches");
    if (begin < 0 || end < begin)
        return timeline_damaged(reader->base, "a step ends before it begins");
    step->step.active = (int)active;
    step->begin_s = seconds(begin);
    step->end_s = seconds(end);
    return read_rows(reader, json, &step->step) &&
           (step->step.routes.slot_rows =
                read_routes(reader, json, "slot_rows", slot_rows_count(reader->plan, &step->step))) &&
           (step->step.routes.sent_rows =
                read_routes(reader, json, "sent_rows", sent_rows_count(reader->plan, &step->step))) &&
           read_spans(reader, json, step, begin);
}

static bool read_steps(struct step_reader *reader)
{
    const json_t *steps = json_object_get(reader->base->json, "steps");
    if (!json_is_array(steps))
        return timeline_damaged(reader->base, "it has no steps");
    reader->trace->steps = pool_take(&reader->trace->pool, json_array_size(steps), sizeof *reader->trace->steps);
    for (size_t i = 0; i < json_array_size(steps); i++, reader->trace->count++)
        if (!read_step(reader, json_array_get(steps, i), &reader->trace->steps[i]))
            return false;
    return true;
}

static bool read_counters(struct step_reader *reader)
{
    const json_t *counters = json_object_get(reader->base->json, "counters");
    if (!counters)
        return true; /* of a simulation */
    if (json_array_size(counters) != (size_t)reader->plan->world)
        return timeline_damaged(reader->base, "not every rank has counters");
    const struct numbers wanted = {"counters of a rank", MAILBOX_KINDS, 0, INT64_MAX};
    reader->trace->counters =
        pool_take(&reader->trace->pool, (size_t)reader->plan->world * MAILBOX_KINDS, sizeof *reader->trace->counters);
    for (int rank = 0; rank < reader->plan->world; rank++) {
        const int64_t *numbers = take_numbers(reader, json_array_get(counters, (size_t)rank), &wanted);
        if (!numbers)
            return false;
        for (int kind = 0; kind < MAILBOX_KINDS; kind++)
            reader->trace->counters[rank * MAILBOX_KINDS + kind] = (uint64_t)numbers[kind];
    }
    return true;
}

/* ---- the file */

/* Parses the "rankc" of the file, whose text must begin and end as trace_json writes it. */
static bool parse(struct timeline_reader *reader, const struct text *text)
{
    size_t skipped = sizeof head - 1, ending = sizeof tail - 1;
    if (text->length < skipped || memcmp(text->bytes, head, skipped) != 0)
        return fail(reader->error, reader->path, 0,
                    "is no timeline of rankc; write one with rankc run --trace or rankc sim -o");
    if (text->length < skipped + ending || memcmp(text->bytes + text->length - ending, tail, ending) != 0)
        return timeline_damaged(reader, "it ends too early");
    json_error_t problem;
    reader->json = json_loadb(text->bytes + skipped, text->length - skipped,
                              JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &problem);
    if (!reader->json)
        return timeline_damaged(reader, problem.text);
    if (problem.position < 0 || strncmp(text->bytes + skipped + problem.position, middle, sizeof middle - 1) != 0)
        return timeline_damaged(reader, "its events are not where they should be");
    if (json_integer_value(json_object_get(reader->json, "format")) != FORMAT)
        return fail(reader->error, reader->path, 0, "was written by another version of rankc; write it again");
    return true;
}

static bool read_trace(const struct timeline_reader *base, const struct plan *plan, struct trace *trace)
{
    const char *kind = json_string_value(json_object_get(base->json, "kind"));
    const char *hash = json_string_value(json_object_get(base->json, "plan"));
    const char *name = json_string_value(json_object_get(base->json, "name"));
    if (!kind || !hash || !name)
        return timeline_damaged(base, "its kind, its plan or its name is missing");
    if (strcmp(hash, plan->hash) != 0)
        return fail(base->error, base->path, 0, "is of plan %.12s of %s, not of plan %.12s of %s; make it again", hash,
                    name, plan->hash, plan->name);
    memcpy(trace->hash, plan->hash, sizeof plan->hash);
    trace->kind = pool_text(&trace->pool, kind);
    struct step_reader reader = {.base = base, .plan = plan, .trace = trace};
    bool done = read_steps(&reader) && read_counters(&reader);
    free(reader.numbers);
    return done;
}

/* `alone`: fill `own` with what the file holds of its plan; else the plan is given. */
static bool read_file(const char *path, struct plan *own, const struct plan *plan, struct trace *trace,
                      struct error *error)
{
    struct text text = {0};
    struct timeline_reader reader = {.path = path, .error = error};
    *trace = (struct trace){0};
    bool done = file_read(path, most_bytes, &text, error) && parse(&reader, &text);
    text_free(&text);
    done = done && (!own || timeline_read_plan(&reader, own)) && read_trace(&reader, plan, trace);
    json_decref(reader.json);
    return done;
}

bool trace_read(const char *path, const struct plan *plan, struct trace *trace, struct error *error)
{
    return read_file(path, NULL, plan, trace, error);
}

bool trace_read_alone(const char *path, struct plan *plan, struct trace *trace, struct error *error)
{
    *plan = (struct plan){0};
    return read_file(path, plan, plan, trace, error);
}
