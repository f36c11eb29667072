/* Workloads: the steps are the head's, what is simulated of them stands for all, and what is drawn is what was asked
 * for. */
#include "predict/prediction.h"
#include "verify_sample.h"

#include <limits.h>
#include <math.h>

#include "run_case.h"

static const struct hardware device = {
    .name = "device",
    .source = "this test",
    .flops = {{2e9, 1e9}, {2e9, 1e9}},
    .memory = {1e9, 1e9},
    .links = {{.name = "node", .ranks = INT_MAX, .bandwidth = 1e8, .latency_s = 1e-6}},
    .link_count = 1,
};

static void make_plan(struct sample *sample, int dp, int pp, int ep, int tp)
{
    sample_strategy(sample, dp, pp, ep, tp, 4);
    ck_assert(sample_plan(sample));
}

/* ---- predictions */

/* Every step simulated, against the two of each run that the prediction simulates. */
START_TEST(few_steps_stand_for_all)
{
    struct sample sample;
    make_plan(&sample, 1, 2, 2, 1);
    const struct workload workload = {.sequences = 4, .prompt_tokens = 20, .new_tokens = 15};
    struct workload_steps steps = workload_begin(&sample.plan, &workload);
    double seconds[PHASES] = {0}, flops[PHASES] = {0};
    int counts[PHASES] = {0}, tokens = 0;
    struct pool pool = {0};
    uint64_t seed = 1000;
    for (struct step step; workload_next(&steps, &pool, &step); pool_free(&pool)) {
        struct step_result result;
        int into = steps.without_token == 0 ? DECODE : PREFILL;
        routes_draw(&sample.plan, &workload.routing, ++seed, &pool, &step);
        simulate_step(&sample.plan, &device, &step, &pool, &result, NULL);
        seconds[into] += result.seconds;
        flops[into] += result.flops;
        counts[into]++;
        tokens += into == DECODE ? steps.new_tokens : 0;
    }
    workload_end(&steps);
    struct prediction prediction;
    predict_workload(&sample.plan, &device, &workload, &prediction);
    for (int phase = 0; phase < PHASES; phase++) {
        const struct phase_prediction *found = &prediction.phases[phase];
        ck_assert_int_eq(found->steps, counts[phase]);
        ck_assert_double_eq_tol(found->step_s * found->steps, seconds[phase], 0.03 * seconds[phase]);
        /* FLOPs are linear in the positions, so they are exact; the peak is that of four ranks. */
        ck_assert_double_eq_tol(found->mfu * found->step_s * found->steps * 4 * 2e9, flops[phase], 1e-9 * flops[phase]);
    }
    ck_assert_double_eq_tol(prediction.ttft_s, seconds[PREFILL], 0.03 * seconds[PREFILL]);
    ck_assert_double_eq_tol(prediction.phases[DECODE].tokens_per_s * prediction.phases[DECODE].step_s *
                                prediction.phases[DECODE].steps,
                            tokens, 1e-6);
    sample_free(&sample);
}
END_TEST

/* 4 sequences of 20 tokens in two lanes, 12 rows a step: the last prompt row is in step 7, its first token with it. */
START_TEST(steps_are_those_of_the_head)
{
    struct sample sample;
    make_plan(&sample, 1, 1, 2, 1);
    const struct workload workload = {.sequences = 4, .prompt_tokens = 20, .new_tokens = 1};
    struct workload_steps steps = workload_begin(&sample.plan, &workload);
    struct pool pool = {0};
    int count = 0, rows = 0, wanted = 0;
    for (struct step step; workload_next(&steps, &pool, &step); pool_free(&pool), count++)
        for (size_t i = 0; i < step_rows_count(&sample.plan, &step); i++) {
            rows += step.rows[i].rows;
            wanted += step.rows[i].wanted;
        }
    ck_assert_int_eq(rows, 2 * 4 * 20);
    ck_assert_int_eq(wanted, 2 * 4);
    ck_assert_int_eq(count, 7); /* 80 rows of a lane, 12 at a time */
    workload_end(&steps);
    sample_free(&sample);
}
END_TEST

START_TEST(requirements_are_at_least_and_at_most)
{
    struct strategy strategy = {.path = "sample.lua", .world = 4};
    struct prediction prediction = {.ttft_s = 2, .phases[DECODE].tokens_per_s = 40};
    struct error error;
    strategy.require.ttft_s = 2;
    strategy.require.tokens_per_s = 40;
    ck_assert(requirements_met(&strategy, &device, &prediction, &error));
    strategy.require.per_rank = true;
    strategy.require.throughput_line = 9;
    ck_assert(!requirements_met(&strategy, &device, &prediction, &error));
    ck_assert_int_eq(error.line, 9);
    strategy.require.tokens_per_s = 10;
    ck_assert(requirements_met(&strategy, &device, &prediction, &error));
    strategy.require.ttft_s = 1.99;
    strategy.require.ttft_line = 8;
    ck_assert(!requirements_met(&strategy, &device, &prediction, &error));
    ck_assert_int_eq(error.line, 8);
}
END_TEST

/* ---- routes */

static void make_step(const struct plan *plan, int rows, struct pool *pool, struct step *step)
{
    *step = (struct step){.phase = PREFILL, .active = 2};
    step_take_rows(plan, pool, step);
    for (size_t i = 0; i < step_rows_count(plan, step); i++)
        step->rows[i].rows = rows;
}

static double sum_of(const int32_t *numbers, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += numbers[i];
    return sum;
}

START_TEST(every_row_goes_to_its_experts)
{
    struct sample sample;
    struct pool pool = {0};
    struct step step, again;
    const struct routing uniform = {.kind = ROUTING_UNIFORM};
    make_plan(&sample, 2, 1, 4, 1);
    const struct plan *plan = &sample.plan;
    make_step(plan, 6, &pool, &step);
    make_step(plan, 6, &pool, &again);
    routes_draw(plan, &uniform, 5, &pool, &step);
    routes_draw(plan, &uniform, 5, &pool, &again);
    size_t slots = slot_rows_count(plan, &step), sent = sent_rows_count(plan, &step);
    double rows = 2 * 4 * 2 * 4 * 6.0; /* replicas x lanes x micro-batches x layers x rows */
    ck_assert_double_eq(sum_of(step.routes.slot_rows, slots), 2 * rows);
    ck_assert_double_ge(sum_of(step.routes.sent_rows, sent), rows);
    ck_assert_double_le(sum_of(step.routes.sent_rows, sent), 2 * rows);
    ck_assert_int_eq(memcmp(step.routes.slot_rows, again.routes.slot_rows, slots * sizeof(int32_t)), 0);
    routes_draw(plan, &uniform, 6, &pool, &again);
    ck_assert_int_ne(memcmp(step.routes.slot_rows, again.routes.slot_rows, slots * sizeof(int32_t)), 0);
    pool_free(&pool);
    sample_free(&sample);
}
END_TEST

/* With an expert on each ep coordinate a row goes to two of them; with all on one, it goes there once. */
START_TEST(a_row_goes_to_a_coordinate_once)
{
    static const struct {
        int ep;
        double copies;
    } cases[] = {{1, 1}, {8, 2}};
    const struct routing uniform = {.kind = ROUTING_UNIFORM};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sample sample;
        struct pool pool = {0};
        struct step step;
        make_plan(&sample, 1, 1, cases[i].ep, 1);
        make_step(&sample.plan, 6, &pool, &step);
        routes_draw(&sample.plan, &uniform, 3, &pool, &step);
        ck_assert_double_eq(sum_of(step.routes.sent_rows, sent_rows_count(&sample.plan, &step)),
                            cases[i].copies * cases[i].ep * 2 * 4 * 6.0);
        pool_free(&pool);
        sample_free(&sample);
    }
}
END_TEST

/* Two experts of eight take as much as the shares say; the second choice never repeats the first. */
START_TEST(shares_are_kept)
{
    struct sample sample;
    struct pool pool = {0};
    struct step step;
    double share[4 * SAMPLE_EXPERTS];
    make_plan(&sample, 1, 1, 1, 1);
    for (int i = 0; i < 4 * SAMPLE_EXPERTS; i++)
        share[i] = i % SAMPLE_EXPERTS < 2 ? 100 : 1e-9;
    const struct routing routing = {.kind = ROUTING_MEASURED, .share = share};
    make_step(&sample.plan, 500, &pool, &step);
    sample.plan.classes[0].shape.expert_capacity = 500;
    routes_draw(&sample.plan, &routing, 1, &pool, &step);
    for (size_t i = 0; i < slot_rows_count(&sample.plan, &step); i++)
        ck_assert_int_eq(step.routes.slot_rows[i], i % SAMPLE_EXPERTS < 2 ? 500 : 0);
    pool_free(&pool);
    sample_free(&sample);
}
END_TEST

/* Every expert has its place in Zipf's law, whatever their number is. */
START_TEST(zipf_reaches_every_expert)
{
    for (int experts = 1; experts <= 64; experts++) {
        struct rank_class class = {.shape = {.experts = experts, .model_layers = 3}};
        const struct plan plan = {.classes = &class, .class_count = 1};
        struct pool pool = {0};
        struct routing routing;
        struct error error;
        ck_assert(routing_read("zipf:1", &plan, &pool, &routing, &error));
        for (int layer = 0; layer < 3; layer++) {
            double sum = 0, harmonic = 0;
            for (int i = 0; i < experts; i++) {
                ck_assert_double_gt(routing.share[layer * experts + i], 0);
                sum += routing.share[layer * experts + i];
                harmonic += 1.0 / (i + 1);
            }
            ck_assert_double_eq_tol(sum, harmonic, 1e-9);
        }
        pool_free(&pool);
    }
}
END_TEST

START_TEST(capacity_drops_what_overflows)
{
    struct sample sample;
    struct pool pool = {0};
    struct step step;
    const struct routing uniform = {.kind = ROUTING_UNIFORM};
    sample_strategy(&sample, 1, 1, 2, 1, 4);
    sample.strategy.capacity_factor = 1;
    ck_assert(sample_plan(&sample));
    int capacity = sample.plan.classes[0].shape.expert_capacity;
    make_step(&sample.plan, 6, &pool, &step);
    routes_draw(&sample.plan, &uniform, 1, &pool, &step);
    for (size_t i = 0; i < slot_rows_count(&sample.plan, &step); i++)
        ck_assert_int_le(step.routes.slot_rows[i], 2 * capacity); /* from two senders */
    ck_assert_double_lt(sum_of(step.routes.slot_rows, slot_rows_count(&sample.plan, &step)), 2 * 2 * 4 * 2 * 6.0);
    pool_free(&pool);
    sample_free(&sample);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        few_steps_stand_for_all,       steps_are_those_of_the_head,     requirements_are_at_least_and_at_most,
        every_row_goes_to_its_experts, a_row_goes_to_a_coordinate_once, shares_are_kept,
        zipf_reaches_every_expert,     capacity_drops_what_overflows};
    TCase *tcase = tcase_create("prediction");
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    return run_case("prediction", tcase);
}
