/* Timelines: what is written is read back the same, whatever is in it; what was not written is refused. */
#include "trace.h"
#include "base/file.h"
#include "plan/make.h"
#include "read/strategy.h"

#include "run_case.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef TEST_SOURCE_DIR
#define TEST_SOURCE_DIR "."
#endif

static struct pool pool;
static struct plan plan; /* of strategies/demo-8.lua */
static char path[64];
static unsigned seed;

static void make_plan(const char *strategy_path, struct plan *out)
{
    struct strategy strategy;
    struct error error;
    ck_assert_msg(strategy_read(strategy_path, NULL, &pool, &strategy, &error) && plan_make(&strategy, out, &error),
                  "%s", error.text);
}

static void set_up(void)
{
    seed = 7;
    strcpy(path, "/tmp/rankc-trace-XXXXXX");
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    close(file);
    make_plan(TEST_SOURCE_DIR "/strategies/demo-8.lua", &plan);
}

static void tear_down(void)
{
    unlink(path);
    plan_free(&plan);
    pool_free(&pool);
}

/* ---- made up timelines */

static int64_t draw(int64_t most)
{
    seed = seed * 1664525 + 1013904223;
    return (int64_t)(seed >> 4) % (most + 1);
}

static double draw_seconds(int64_t most_ns)
{
    return (double)draw(most_ns) * 1e-9;
}

static void draw_rows(struct step *step)
{
    for (size_t i = 0; i < step_rows_count(&plan, step); i++)
        step->rows[i] = (struct micro_rows){(int)draw(99), (int)draw(9), draw(1 << 20)};
    for (size_t i = 0; i < slot_rows_count(&plan, step); i++)
        step->routes.slot_rows[i] = (int32_t)draw(99);
    for (size_t i = 0; i < sent_rows_count(&plan, step); i++)
        step->routes.sent_rows[i] = (int32_t)draw(99);
}

/* One op after the other; one in three waits, one in eight is skipped. */
static void draw_spans(struct trace_step *step)
{
    for (int rank = 0; rank < plan.world; rank++) {
        double now = step->begin_s;
        struct span *span = &step->spans[rank * step->ops];
        for (int op = 0; op < step->ops; op++, span++) {
            bool skipped = draw(7) == 0;
            span->begin_s = now += skipped ? 0 : draw_seconds(2000);
            span->start_s = now += skipped || draw(2) ? 0 : draw_seconds(1 << 30);
            span->end_s = now += skipped ? 0 : draw_seconds(1 << 20);
            span->bytes = skipped ? 0 : (uint64_t)draw(1 << 20);
        }
    }
}

static void draw_trace(struct trace *trace, int steps, bool counters)
{
    *trace = (struct trace){.kind = counters ? "measured" : "simulated", .count = steps};
    memcpy(trace->hash, plan.hash, sizeof plan.hash);
    trace->steps = pool_take(&trace->pool, (size_t)steps, sizeof *trace->steps);
    double now = 0;
    for (int i = 0; i < steps; i++) {
        struct trace_step *step = &trace->steps[i];
        step->step = (struct step){.phase = draw(1) ? DECODE : PREFILL, .active = 1 + (int)draw(1)};
        step_take_rows(&plan, &trace->pool, &step->step);
        step_take_routes(&plan, &trace->pool, &step->step);
        draw_rows(&step->step);
        step->ops = plan_most_ops(&plan, step->step.phase);
        step->spans = pool_take(&trace->pool, (size_t)plan.world * (size_t)step->ops, sizeof *step->spans);
        step->begin_s = now += draw_seconds(1 << 20);
        step->end_s = now += draw_seconds(INT64_C(1) << 32);
        draw_spans(step);
    }
    if (!counters)
        return;
    trace->counters = pool_take(&trace->pool, (size_t)plan.world * MAILBOX_KINDS, sizeof *trace->counters);
    for (int i = 0; i < plan.world * MAILBOX_KINDS; i++)
        trace->counters[i] = (uint64_t)draw(1 << 24) << 20;
}

static void write_trace(const struct trace *trace)
{
    struct text text = {0};
    struct error error;
    trace_json(&plan, trace, &text);
    ck_assert_msg(file_write(path, text.bytes, text.length, 0644, &error), "%s", error.text);
    text_free(&text);
}

/* ---- the same again */

/* To the nanosecond; a sum of doubles may be off by less. */
static void expect_same_time(double left, double right)
{
    ck_assert_double_eq_tol(left, right, 1e-10);
}

static void expect_same_step(const struct trace_step *left, const struct trace_step *right)
{
    ck_assert_int_eq(left->step.phase, right->step.phase);
    ck_assert_int_eq(left->step.active, right->step.active);
    ck_assert_int_eq(left->ops, right->ops);
    expect_same_time(left->begin_s, right->begin_s);
    expect_same_time(left->end_s, right->end_s);
    for (size_t i = 0; i < step_rows_count(&plan, &left->step); i++) {
        ck_assert_int_eq(left->step.rows[i].rows, right->step.rows[i].rows);
        ck_assert_int_eq(left->step.rows[i].wanted, right->step.rows[i].wanted);
        ck_assert_int_eq(left->step.rows[i].positions, right->step.rows[i].positions);
    }
    ck_assert_mem_eq(left->step.routes.slot_rows, right->step.routes.slot_rows,
                     slot_rows_count(&plan, &left->step) * sizeof(int32_t));
    ck_assert_mem_eq(left->step.routes.sent_rows, right->step.routes.sent_rows,
                     sent_rows_count(&plan, &left->step) * sizeof(int32_t));
    for (int i = 0; i < plan.world * left->ops; i++) {
        const struct span *one = &left->spans[i], *other = &right->spans[i];
        expect_same_time(one->begin_s, other->begin_s);
        expect_same_time(one->start_s, other->start_s);
        expect_same_time(one->end_s, other->end_s);
        ck_assert_uint_eq(one->bytes, other->bytes);
    }
}

static void expect_same_trace(const struct trace *left, const struct trace *right)
{
    ck_assert_str_eq(left->kind, right->kind);
    ck_assert_str_eq(left->hash, right->hash);
    ck_assert_int_eq(left->count, right->count);
    ck_assert_int_eq(left->counters != NULL, right->counters != NULL);
    if (left->counters)
        ck_assert_mem_eq(left->counters, right->counters, (size_t)plan.world * MAILBOX_KINDS * sizeof *left->counters);
    for (int i = 0; i < left->count; i++)
        expect_same_step(&left->steps[i], &right->steps[i]);
}

START_TEST(what_is_written_is_read_back)
{
    for (int steps = 0; steps < 12; steps++) {
        struct trace written, got;
        struct error error;
        draw_trace(&written, steps, steps % 2 == 0);
        write_trace(&written);
        ck_assert_msg(trace_read(path, &plan, &got, &error), "%s", error.text);
        expect_same_trace(&written, &got);
        trace_free(&written);
        trace_free(&got);
    }
}
END_TEST

START_TEST(a_timeline_brings_what_names_its_ops)
{
    struct trace written, got;
    struct plan own;
    struct error error;
    draw_trace(&written, 3, true);
    write_trace(&written);
    ck_assert_msg(trace_read_alone(path, &own, &got, &error), "%s", error.text);
    expect_same_trace(&written, &got);
    ck_assert_str_eq(own.name, plan.name);
    ck_assert_int_eq(own.world, plan.world);
    for (int rank = 0; rank < plan.world; rank++)
        for (enum phase phase = 0; phase < PHASES; phase++) {
            const struct schedule *left = schedule_of(&plan, rank, phase), *right = schedule_of(&own, rank, phase);
            ck_assert_int_eq(left->count, right->count);
            ck_assert_int_eq(own.ranks[rank].layer_base, plan.ranks[rank].layer_base);
            for (int i = 0; i < left->count; i++) {
                ck_assert_int_eq(left->ops[i].kind, right->ops[i].kind);
                ck_assert_int_eq(left->ops[i].micro, right->ops[i].micro);
                ck_assert_int_eq(left->ops[i].layer, right->ops[i].layer);
            }
        }
    trace_free(&written);
    trace_free(&got);
    pool_free(&own.pool);
}
END_TEST

/* ---- for viewers */

/* Slices of one thread nest: each begins after the one before it ended, or lies within it. */
static void expect_nesting(json_t *events)
{
    enum { MOST_THREADS = 64 };
    double outer_end[MOST_THREADS] = {0}, inner_end[MOST_THREADS] = {0};
    size_t index;
    json_t *event;
    json_array_foreach(events, index, event)
    {
        if (strcmp(json_string_value(json_object_get(event, "ph")), "X") != 0)
            continue;
        int thread = (int)(2 * json_integer_value(json_object_get(event, "pid")) +
                           json_integer_value(json_object_get(event, "tid")));
        double begin = json_number_value(json_object_get(event, "ts"));
        double end = begin + json_number_value(json_object_get(event, "dur"));
        ck_assert_int_lt(thread, MOST_THREADS);
        ck_assert_double_ge(begin, 0);
        bool within = strcmp(json_string_value(json_object_get(event, "name")), "wait") == 0;
        if (within) {
            ck_assert_double_gt(end, begin);
            ck_assert_double_le(end, outer_end[thread] + 1e-6);
            ck_assert_double_ge(begin, inner_end[thread] - 1e-6);
        }
        inner_end[thread] = within ? end : begin;
        outer_end[thread] = within ? outer_end[thread] : end;
    }
}

START_TEST(events_are_json_that_viewers_take)
{
    struct trace written;
    draw_trace(&written, 1, true);
    write_trace(&written);
    json_error_t problem;
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
    ck_assert_msg(json != NULL, "%d: %s", problem.line, problem.text);
    json_t *events = json_object_get(json, "traceEvents");
    ck_assert_uint_gt(json_array_size(events), 8 * 100);
    expect_nesting(events);
    json_decref(json);
    trace_free(&written);
}
END_TEST

/* ---- refused */

static void expect_refusal(const struct plan *of, const char *words)
{
    struct trace trace;
    struct error error;
    ck_assert(!trace_read(path, of, &trace, &error));
    ck_assert_msg(strstr(error.text, words) != NULL, "no \"%s\" in: %s", words, error.text);
    ck_assert_str_eq(error.file, path);
    trace_free(&trace);
}

START_TEST(a_trace_of_another_plan_is_refused)
{
    struct plan other;
    struct trace trace;
    make_plan(TEST_SOURCE_DIR "/strategies/single.lua", &other);
    draw_trace(&trace, 2, true);
    write_trace(&trace);
    expect_refusal(&other, "of demo-8, not of plan");
    plan_free(&other);
    trace_free(&trace);
}
END_TEST

static void rewrite(const char *bytes, size_t length)
{
    struct error error;
    ck_assert_msg(file_write(path, bytes, length, 0644, &error), "%s", error.text);
}

START_TEST(a_truncated_file_is_refused)
{
    struct trace trace;
    struct text text = {0};
    draw_trace(&trace, 1, true);
    trace_json(&plan, &trace, &text);
    for (size_t length = 0; length < text.length; length += 1 + text.length / 97) {
        rewrite(text.bytes, length);
        expect_refusal(&plan, length < 10 ? "no timeline" : "ends too early");
    }
    text_free(&text);
    trace_free(&trace);
}
END_TEST

/* Replaces the first `from` of a good file. */
static void expect_refusal_of(const char *from, const char *to, const char *words)
{
    struct trace trace;
    struct text text = {0}, changed = {0};
    draw_trace(&trace, 1, true);
    trace_json(&plan, &trace, &text);
    char *at = strstr(text.bytes, from);
    ck_assert_msg(at != NULL, "%s", from);
    text_add(&changed, text.bytes, (size_t)(at - text.bytes));
    text_add(&changed, to, strlen(to));
    text_add(&changed, at + strlen(from), strlen(at + strlen(from)));
    rewrite(changed.bytes, changed.length);
    expect_refusal(&plan, words);
    text_free(&text);
    text_free(&changed);
    trace_free(&trace);
}

START_TEST(what_no_timeline_holds_is_refused)
{
    static const struct {
        const char *from, *to, *words;
    } cases[] = {{"{\"rankc\":", "{\"other\":", "no timeline"},
                 {"\"format\":1", "\"format\":2", "another version"},
                 {"\"kind\":\"", "\"kind\":[\"", "is damaged"},
                 {"\"steps\":[", "\"steps\":7,\"was\":[", "no steps"},
                 {"\"active\":", "\"active\":9", "no micro-batches"},
                 {"\"rows\":[", "\"rows\":[5,", "rows of a step are"},
                 {"\"rows\":[", "\"rows\":[-", "rows of a step is none from"},
                 {"\"slot_rows\":[", "\"slot_rows\":[1,", "slot_rows are"},
                 {"\"sent_rows\":[", "\"sent_rows\":[1.5,", "sent_rows are"},
                 {"\"spans\":[[", "\"spans\":[[0,0,0,0,", "spans of a rank are"},
                 {"\"spans\":[", "\"spans\":[[],", "the spans of every rank"},
                 {"\"counters\":[", "\"counters\":[[],", "not every rank has counters"},
                 {"\"counters\":[[", "\"counters\":[[-1", "counters of a rank is none from"},
                 {"\"displayTimeUnit\"", "\"further\":0,\"displayTimeUnit\"", "events are not where"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_refusal_of(cases[i].from, cases[i].to, cases[i].words);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("trace");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, what_is_written_is_read_back);
    tcase_add_test(tcase, a_timeline_brings_what_names_its_ops);
    tcase_add_test(tcase, events_are_json_that_viewers_take);
    tcase_add_test(tcase, a_trace_of_another_plan_is_refused);
    tcase_add_test(tcase, a_truncated_file_is_refused);
    tcase_add_test(tcase, what_no_timeline_holds_is_refused);
    return run_case("trace", tcase);
}
