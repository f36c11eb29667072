/* Two timelines laid over each other: sums, means and what is furthest apart, from spans that are known. */
#include "predict/compare.h"
#include "emit/timeline/comparison.h"
#include "plan/make.h"
#include "read/strategy.h"

#include "run_case.h"

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#ifndef TEST_SOURCE_DIR
#define TEST_SOURCE_DIR "."
#endif

enum { STEPS = 3 };

static struct pool pool;
static struct plan plan; /* of strategies/demo-8.lua */
static struct trace measured, simulated;
static struct comparison comparison;

/* A prefill of both micro-batches, then decodes of one. Every op waits 1 us, works 3 us and puts 10 bytes. */
static void make_trace(struct trace *trace, const char *kind)
{
    *trace = (struct trace){.kind = kind, .count = STEPS};
    memcpy(trace->hash, plan.hash, sizeof plan.hash);
    trace->steps = pool_take(&trace->pool, STEPS, sizeof *trace->steps);
    for (int i = 0; i < STEPS; i++) {
        struct trace_step *step = &trace->steps[i];
        step->step = (struct step){.phase = i == 0 ? PREFILL : DECODE, .active = i == 0 ? 2 : 1};
        step_take_rows(&plan, &trace->pool, &step->step);
        step_take_routes(&plan, &trace->pool, &step->step);
        step->ops = plan_most_ops(&plan, step->step.phase);
        step->begin_s = i;
        step->end_s = i + 0.5;
        step->spans = pool_take(&trace->pool, (size_t)plan.world * (size_t)step->ops, sizeof *step->spans);
        for (int at = 0; at < plan.world * step->ops; at++) {
            double begin = i + 4e-6 * (at % step->ops);
            step->spans[at] = (struct span){begin, begin + 1e-6, begin + 4e-6, 10};
        }
    }
}

static struct span *span_at(struct trace *trace, int step, int rank, int op_id)
{
    return &trace->steps[step].spans[rank * trace->steps[step].ops + op_id - 1];
}

static void set_up(void)
{
    struct strategy strategy;
    struct error error;
    ck_assert_msg(strategy_read(TEST_SOURCE_DIR "/strategies/demo-8.lua", NULL, &pool, &strategy, &error) &&
                      plan_make(&strategy, &plan, &error),
                  "%s", error.text);
    make_trace(&measured, "measured");
    make_trace(&simulated, "simulated");
}

static void tear_down(void)
{
    trace_free(&measured);
    trace_free(&simulated);
    plan_free(&plan);
    pool_free(&pool);
}

static void compare(void)
{
    struct error error;
    ck_assert_msg(compare_traces(&plan, &measured, &simulated, "simulated.json", &comparison, &error), "%s",
                  error.text);
}

START_TEST(equal_timelines_are_equal)
{
    compare();
    ck_assert_int_eq(comparison.phases[PREFILL].steps, 1);
    ck_assert_int_eq(comparison.phases[DECODE].steps, 2);
    ck_assert_int_eq(comparison.other_bytes, 0);
    ck_assert(comparison.same_routes);
    ck_assert_int_eq(comparison.apart_count, 0);
    for (enum phase phase = 0; phase < PHASES; phase++)
        ck_assert_double_eq_tol(comparison.phases[phase].error, 0, 1e-12);
}
END_TEST

/* 8 layers a stage; an op of each rank in both micro-batches of the prefill, and in one of each decode. */
START_TEST(ops_are_counted_and_added_up)
{
    compare();
    const struct compared_op *prefill = &comparison.phases[PREFILL].ops[OP_ATTENTION];
    const struct compared_op *decode = &comparison.phases[DECODE].ops[OP_ATTENTION];
    ck_assert_int_eq(prefill->count, 8 * 8 * 2);
    ck_assert_int_eq(decode->count, 8 * 8 * 2);
    ck_assert_double_eq_tol(prefill->work_s.measured, 3e-6 * 128, 1e-9);
    ck_assert_double_eq_tol(decode->wait_s.simulated, 1e-6 * 128, 1e-9);
    ck_assert_int_eq(comparison.phases[DECODE].ops[OP_SEND_STAGE].count, 4 * 2);
    ck_assert_int_eq(comparison.phases[DECODE].ops[OP_GATHER].count, 0);
    ck_assert_uint_eq(comparison.bytes[MAILBOX_DISPATCH].measured, 10 * 2 * (128 + 128));
}
END_TEST

START_TEST(errors_are_of_steps)
{
    simulated.steps[1].end_s = 1 + 0.6;  /* +20 % */
    simulated.steps[2].end_s = 2 + 0.35; /* -30 % */
    compare();
    ck_assert_double_eq_tol(comparison.phases[DECODE].error, 0.25, 1e-9);
    ck_assert_double_eq_tol(comparison.phases[DECODE].worst_error, -0.3, 1e-9);
    ck_assert_int_eq(comparison.phases[DECODE].worst_step, 3);
    ck_assert_double_eq_tol(comparison.phases[DECODE].step_s.simulated, 0.95, 1e-9);
    ck_assert_double_eq_tol(comparison.phases[PREFILL].error, 0, 1e-9);
}
END_TEST

START_TEST(what_is_furthest_apart_comes_first)
{
    for (int i = 0; i < 40; i++)
        span_at(&simulated, 1 + i % 2, i % 8, 1 + i)->end_s += 1e-6 * (1 + (i * 7) % 40);
    compare();
    ck_assert_int_eq(comparison.apart_count, MOST_APART);
    for (int i = 0; i < MOST_APART; i++) {
        const struct compared_place *place = &comparison.apart[i];
        ck_assert_double_eq_tol(place->work_s.simulated - place->work_s.measured, 1e-6 * (40 - i), 1e-10);
        ck_assert_int_eq(place->rank, (place->op_id - 1) % 8);
        ck_assert_int_eq(place->phase, DECODE);
        ck_assert_int_eq(place->count, 2);
    }
}
END_TEST

START_TEST(other_bytes_and_routes_are_told)
{
    span_at(&simulated, 2, 5, 7)->bytes++;
    span_at(&simulated, 2, 6, 7)->bytes--;
    simulated.steps[0].step.routes.sent_rows[3]++;
    compare();
    ck_assert_int_eq(comparison.other_bytes, 2);
    ck_assert_int_eq(comparison.first_other_bytes.step, 3);
    ck_assert_int_eq(comparison.first_other_bytes.rank, 5);
    ck_assert_int_eq(comparison.first_other_bytes.op_id, 7);
    ck_assert(!comparison.same_routes);
}
END_TEST

static void expect_refusal(const char *words)
{
    struct error error;
    ck_assert(!compare_traces(&plan, &measured, &simulated, "simulated.json", &comparison, &error));
    ck_assert_str_eq(error.file, "simulated.json");
    ck_assert_msg(strstr(error.text, words) != NULL, "%s", error.text);
    ck_assert_ptr_nonnull(strstr(error.text, "rankc sim --like"));
}

START_TEST(other_steps_are_refused)
{
    simulated.steps[1].step.rows[0].positions = 9;
    expect_refusal("step 2 is a decode of 0 rows in 1 micro-batch");
    simulated.steps[0].step.rows[0].rows = 9;
    expect_refusal("step 1 is a prefill of 9 rows in 2 micro-batches");
    simulated.count--;
    expect_refusal("has 2 steps, where the measured timeline has 3");
}
END_TEST

START_TEST(text_and_json_say_it)
{
    struct text text = {0};
    simulated.steps[1].end_s = 1 + 0.6;
    span_at(&simulated, 1, 3, 4)->end_s += 1;
    compare();
    comparison_text(&comparison, &text);
    ck_assert_ptr_nonnull(strstr(text.bytes, "layer 0 attention"));
    ck_assert_ptr_nonnull(strstr(text.bytes, "+20.0 % in step 2"));
    ck_assert_ptr_nonnull(strstr(text.bytes, "every op of every rank and step: equal"));
    text_free(&text);
    comparison_json(&comparison, &text);
    json_t *json = json_loads(text.bytes, 0, NULL);
    ck_assert_ptr_nonnull(json);
    ck_assert_uint_eq(json_array_size(json_object_get(json, "steps")), STEPS);
    json_t *first = json_array_get(json_object_get(json, "furthest_apart"), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(first, "rank")), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(first, "op")), 4);
    json_decref(json);
    text_free(&text);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("compare");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, equal_timelines_are_equal);
    tcase_add_test(tcase, ops_are_counted_and_added_up);
    tcase_add_test(tcase, errors_are_of_steps);
    tcase_add_test(tcase, what_is_furthest_apart_comes_first);
    tcase_add_test(tcase, other_bytes_and_routes_are_told);
    tcase_add_test(tcase, other_steps_are_refused);
    tcase_add_test(tcase, text_and_json_say_it);
    return run_case("compare", tcase);
}
