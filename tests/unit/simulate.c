/* The simulator against what can be worked out by hand, and what must hold however a strategy is split. */
#include "predict/simulate.h"
#include "predict/prediction.h"
#include "predict/traffic.h"
#include "verify_sample.h"

#include <limits.h>
#include <math.h>

#include "run_case.h"

/* A device that only computes: an op takes its arithmetic or its memory traffic, and a message its bytes. */
static const struct hardware device = {
    .name = "device",
    .source = "this test",
    .flops = {{1e9, 1e9}, {1e9, 1e9}},
    .memory = {1e9, 1e9},
    .links = {{.name = "node", .ranks = 4, .bandwidth = 1e8, .latency_s = 1e-6},
              {.name = "cluster", .ranks = INT_MAX, .bandwidth = 1e7, .latency_s = 1e-5}},
    .link_count = 2,
    .op_overhead_s = 1e-6,
};

static const struct routing uniform = {.kind = ROUTING_UNIFORM};

/* A step of `rows` rows in each micro-batch of each lane, each looking back at ten positions. */
static void make_step(const struct plan *plan, enum phase phase, int active, int rows, struct pool *pool,
                      struct step *step)
{
    *step = (struct step){.phase = phase, .active = active};
    step_take_rows(plan, pool, step);
    if (!step->rows)
        abort();
    for (size_t i = 0; i < step_rows_count(plan, step); i++)
        step->rows[i] = (struct micro_rows){rows, 1, 10 * rows};
    routes_draw(plan, &uniform, 1, pool, step);
}

struct run {
    struct sample sample;
    struct pool pool;
    struct step step;
    struct step_result result;
    struct span *spans;
    int ops;
};

static void run_grid(struct run *run, const int grid[AXES], int active, const struct hardware *hardware)
{
    *run = (struct run){0};
    sample_strategy(&run->sample, grid[AXIS_DP], grid[AXIS_PP], grid[AXIS_EP], grid[AXIS_TP], 4);
    ck_assert(sample_plan(&run->sample));
    make_step(&run->sample.plan, PREFILL, active, 5, &run->pool, &run->step);
    run->ops = plan_most_ops(&run->sample.plan, PREFILL);
    run->spans = pool_take(&run->pool, (size_t)run->sample.plan.world * (size_t)run->ops, sizeof *run->spans);
    simulate_step(&run->sample.plan, hardware, &run->step, &run->pool, &run->result, run->spans);
}

static void end_run(struct run *run)
{
    pool_free(&run->pool);
    sample_free(&run->sample);
}

static const int grids[][AXES] = {{1, 1, 1, 1}, {2, 1, 1, 1}, {1, 4, 1, 1}, {1, 1, 4, 1},
                                  {1, 1, 1, 2}, {1, 2, 2, 2}, {2, 2, 2, 1}, {1, 4, 2, 1}};
enum { GRIDS = sizeof grids / sizeof *grids };

/* ---- one rank: the sum of its ops */

START_TEST(one_rank_takes_what_its_ops_take)
{
    struct run run;
    run_grid(&run, grids[0], 2, &device);
    const struct plan *plan = &run.sample.plan;
    struct work_site *sites = work_sites(plan, &device, &run.step, &run.pool);
    const struct schedule *schedule = &plan->classes[0].schedules[PREFILL];
    double sum = 0;
    for (int i = 0; i < schedule->count; i++) {
        struct op_work work = work_of(&sites[0], &schedule->ops[i]);
        sum += work_seconds(&device, schedule->ops[i].kind, &work);
    }
    ck_assert_double_eq_tol(run.result.seconds, sum, 1e-12);
    ck_assert_double_eq_tol(run.result.ranks[0].compute, sum, 1e-12);
    end_run(&run);
}
END_TEST

/* A product of 5 rows with 16 x 32 weights of bf16 on this device: 5 x 2 x 16 x 32 FLOPs take longer than to read
 * 1024 bytes of weights and 5 x 48 values. */
START_TEST(work_is_what_the_shapes_say)
{
    struct run run;
    run_grid(&run, grids[0], 1, &device);
    const struct plan *plan = &run.sample.plan;
    struct work_site *sites = work_sites(plan, &device, &run.step, &run.pool);
    const struct op head = {.kind = OP_HEAD, .layer = -1}, attention = {.kind = OP_ATTENTION};
    struct op_work work = work_of(&sites[0], &head);
    ck_assert_double_eq(work.flops[DTYPE_BF16], 2.0 * 1 * 50 * 32);
    ck_assert_double_eq(work.memory_bytes, 64 * 32 * 2 + 4 * (50 + 32)); /* 50 outputs lie in 4 panels of 16 */
    work = work_of(&sites[0], &attention);
    ck_assert_double_eq(work.flops[DTYPE_BF16], 2.0 * 5 * (96 * 32 + 64 * 32) + 4.0 * 50 * 64); /* 8 + 2 + 2 heads */
    ck_assert_double_eq(run.result.flops,
                        2.0 * 4 * (5 * (32 * (2 * 64 + 2 * 16) + 32 * 8 + 3 * 2 * 32 * 16) + 2 * 50 * 64) +
                            2.0 * 1 * 32 * 50);
    end_run(&run);
}
END_TEST

/* ---- several: messages, waits, bytes */

START_TEST(spans_are_in_order_and_times_add_up)
{
    for (int grid = 0; grid < GRIDS; grid++) {
        struct run run;
        run_grid(&run, grids[grid], 2, &device);
        for (int rank = 0; rank < run.sample.plan.world; rank++) {
            const struct schedule *schedule = schedule_of(&run.sample.plan, rank, PREFILL);
            const struct span *span = run.spans + rank * run.ops;
            double now = 0;
            for (int i = 0; i < schedule->count; i++, now = span[-1].end_s) {
                ck_assert_double_ge(span->begin_s, now);
                ck_assert_double_ge(span->start_s, span->begin_s);
                ck_assert_double_ge(span->end_s, span->start_s);
                span++;
            }
            ck_assert_double_le(now, run.result.seconds);
            const struct rank_time *time = &run.result.ranks[rank];
            ck_assert_double_eq_tol(time->compute + time->communication + time->exposed + time->bubble,
                                    run.result.seconds, 1e-12);
        }
        end_run(&run);
    }
}
END_TEST

/* A receive has its rows when the sender's op is done, and they have crossed the link. */
START_TEST(rows_arrive_after_they_have_crossed_the_link)
{
    struct run run;
    run_grid(&run, grids[2], 1, &device);
    const struct schedule *first = schedule_of(&run.sample.plan, 0, PREFILL);
    const struct span *send = &run.spans[first->count - 1], *receive = NULL;
    const struct schedule *second = schedule_of(&run.sample.plan, 1, PREFILL);
    for (int i = 0; i < second->count; i++)
        if (second->ops[i].kind == OP_RECEIVE_STAGE && second->ops[i].micro == 0)
            receive = &run.spans[run.ops + i];
    ck_assert_int_eq(first->ops[0].micro, 0);
    for (int i = 0; i < first->count; i++)
        if (first->ops[i].kind == OP_SEND_STAGE && first->ops[i].micro == 0)
            send = &run.spans[i];
    const double bytes = 5 * 32 * 4;
    ck_assert_ptr_nonnull(receive);
    if (!receive)
        return;
    ck_assert_uint_eq(send->bytes, (uint64_t)bytes);
    ck_assert_double_eq_tol(receive->start_s, send->end_s + bytes / 1e8 + 1e-6, 1e-12);
    ck_assert_double_gt(run.result.ranks[1].bubble, 0);
    end_run(&run);
}
END_TEST

/* The bytes of every mailbox, from the rows alone. */
START_TEST(bytes_are_those_of_the_rows)
{
    struct run run;
    const int grid[AXES] = {1, 2, 2, 2};
    run_grid(&run, grid, 2, &device);
    const uint64_t row = 32 * 4, micros = 2, rows = 5, lanes = 2, tp = 2, layers = 4;
    uint64_t sent = 0;
    for (uint64_t lane = 0; lane < lanes; lane++)
        for (uint64_t i = 0; i < layers * micros; i++)
            sent += (uint64_t)run.step.routes.sent_rows[(lane * layers * micros + i) * 2 + (1 - lane)];
    const uint64_t *bytes = run.result.mailbox_bytes;
    ck_assert_uint_eq(bytes[MAILBOX_STAGE], micros * lanes * tp * rows * row);
    ck_assert_uint_eq(bytes[MAILBOX_PARTIAL], micros * lanes * tp * (1 + 2 * layers) * rows * row);
    ck_assert_uint_eq(bytes[MAILBOX_DISPATCH],
                      tp * (layers * micros * lanes * 64 + sent * (row + 2 * 8))); /* a line, then rows and wishes */
    ck_assert_uint_eq(bytes[MAILBOX_COMBINE], tp * sent * row);
    ck_assert_uint_eq(bytes[MAILBOX_LOGITS], micros * lanes * tp * 1 * 25 * 4);
    /* Ranks 0-3 and 4-7 are nodes: only rows between the stages leave one. */
    ck_assert_uint_eq(run.result.level_bytes[1], bytes[MAILBOX_STAGE]);
    end_run(&run);
}
END_TEST

/* Whatever gets faster, no step gets slower. */
START_TEST(faster_hardware_is_never_slower)
{
    for (int grid = 0; grid < GRIDS; grid++) {
        struct run slow, fast;
        run_grid(&slow, grids[grid], 2, &device);
        struct hardware faster = device;
        faster.links[0].bandwidth *= 2;
        faster.links[1].latency_s /= 2;
        faster.memory.sustained *= 2;
        run_grid(&fast, grids[grid], 2, &faster);
        ck_assert_double_le(fast.result.seconds, slow.result.seconds);
        ck_assert_double_lt(fast.result.seconds, slow.result.seconds * 0.999);
        end_run(&slow);
        end_run(&fast);
    }
}
END_TEST

/* A calibrated machine of which only the processors matter: products are free, every op takes a microsecond. */
static struct hardware machine_of(int processors, struct calibration *calibration)
{
    *calibration = (struct calibration){.footprints = 1, .row_points = 1, .footprint_bytes = {1e6}, .rows = {1}};
    for (int kind = 0; kind < OP_KINDS; kind++)
        calibration->op_s[kind][0] = 1e-6;
    return (struct hardware){.name = "machine",
                             .processors = processors,
                             .calibrated = calibration,
                             .links = {{.name = "memory", .ranks = INT_MAX, .bandwidth = 1e9}},
                             .link_count = 1};
}

/* Replicas have nothing to do with each other: two on one processor take twice as long as on two. */
START_TEST(ranks_that_share_a_processor_take_turns)
{
    struct calibration calibration;
    struct run alone, shared, apart;
    const int one[AXES] = {1, 1, 1, 1}, two[AXES] = {2, 1, 1, 1};
    struct hardware single = machine_of(1, &calibration), pair = machine_of(2, &calibration);
    run_grid(&alone, one, 2, &single);
    run_grid(&shared, two, 2, &single);
    run_grid(&apart, two, 2, &pair);
    ck_assert_double_eq_tol(alone.result.seconds, alone.ops * 1e-6, 1e-12);
    ck_assert_double_eq_tol(shared.result.seconds, 2 * alone.result.seconds, 1e-12);
    ck_assert_double_eq_tol(apart.result.seconds, alone.result.seconds, 1e-12);
    end_run(&alone);
    end_run(&shared);
    end_run(&apart);
}
END_TEST

/* ---- products */

START_TEST(products_are_looked_up_between_what_was_measured)
{
    struct calibration c = {.footprints = 2, .row_points = 2, .footprint_bytes = {1e4, 1e6}, .rows = {1, 3}};
    const double lines[2][2] = {{1e-9, 3e-9}, {5e-9, 9e-9}};
    for (int level = 0; level < 2; level++)
        for (int i = 0; i < 2; i++)
            c.line_s[DTYPE_BF16][ALONE][level][i] = lines[level][i];
    /* 32 outputs are 2 panels, so 10 inputs are 20 lines. */
    ck_assert_double_eq_tol(product_seconds(&c, DTYPE_BF16, ALONE, 1e4, 1, 32, 10), 20e-9, 1e-15);
    ck_assert_double_eq_tol(product_seconds(&c, DTYPE_BF16, ALONE, 1, 2, 32, 10), 40e-9, 1e-15);
    ck_assert_double_eq_tol(product_seconds(&c, DTYPE_BF16, ALONE, 1e5, 1, 32, 10), 60e-9, 1e-15);
    ck_assert_double_eq_tol(product_seconds(&c, DTYPE_BF16, ALONE, 1e9, 3, 32, 10), 180e-9, 1e-15);
    ck_assert_double_eq_tol(product_seconds(&c, DTYPE_BF16, ALONE, 1e4, 6, 32, 10), 120e-9, 1e-15);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {one_rank_takes_what_its_ops_take,
                                  work_is_what_the_shapes_say,
                                  spans_are_in_order_and_times_add_up,
                                  rows_arrive_after_they_have_crossed_the_link,
                                  bytes_are_those_of_the_rows,
                                  faster_hardware_is_never_slower,
                                  ranks_that_share_a_processor_take_turns,
                                  products_are_looked_up_between_what_was_measured};
    TCase *tcase = tcase_create("simulate");
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    return run_case("simulate", tcase);
}
