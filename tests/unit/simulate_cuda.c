/* The simulator on GPU ranks: streams, meetings and bytes against what can be worked out by hand. */
#include "predict/simulate.h"
#include "predict/traffic.h"
#include "predict/workload.h"
#include "verify_sample.h"

#include <limits.h>
#include <math.h>

#include "run_case.h"

/* Launches of a microsecond; messages that take about as long as ops. */
static const struct hardware device = {
    .name = "device",
    .source = "this test",
    .flops = {{1e9, 1e9}, {1e9, 1e9}},
    .memory = {1e10, 1e10},
    .links = {{.name = "node", .ranks = 4, .bandwidth = 1e8, .latency_s = 1e-6},
              {.name = "cluster", .ranks = INT_MAX, .bandwidth = 1e7, .latency_s = 1e-5}},
    .link_count = 2,
    .op_overhead_s = 1e-6,
};

static const struct routing uniform = {.kind = ROUTING_UNIFORM};

struct run {
    struct sample sample;
    struct pool pool;
    struct step step;
    struct step_result result;
    struct span *spans;
    int ops;
};

enum { ROWS = 5 };

/* A step of ROWS rows in each micro-batch of each lane, each looking back at ten positions. */
static void run_step(struct run *run, enum phase phase, int active, const struct hardware *hardware)
{
    const struct plan *plan = &run->sample.plan;
    run->step = (struct step){.phase = phase, .active = active};
    step_take_rows(plan, &run->pool, &run->step);
    ck_assert_ptr_nonnull(run->step.rows);
    for (size_t i = 0; i < step_rows_count(plan, &run->step); i++)
        run->step.rows[i] = (struct micro_rows){ROWS, 1, 10 * ROWS};
    routes_draw(plan, &uniform, 1, &run->pool, &run->step);
    run->ops = plan_most_ops(plan, phase);
    run->spans = pool_take(&run->pool, (size_t)plan->world * (size_t)run->ops, sizeof *run->spans);
    simulate_step(plan, hardware, &run->step, &run->pool, &run->result, run->spans);
}

static void make_plan(struct run *run, const int grid[AXES], double capacity_factor)
{
    *run = (struct run){0};
    sample_cuda_strategy(&run->sample, grid[AXIS_DP], grid[AXIS_PP], grid[AXIS_EP], grid[AXIS_TP], 4);
    run->sample.strategy.capacity_factor = capacity_factor;
    ck_assert(sample_plan(&run->sample));
}

static void end_run(struct run *run)
{
    pool_free(&run->pool);
    sample_free(&run->sample);
}

static const int grids[][AXES] = {{1, 1, 1, 1}, {2, 1, 1, 1}, {1, 4, 1, 1}, {1, 1, 4, 1},
                                  {1, 1, 1, 2}, {1, 2, 2, 2}, {2, 2, 2, 1}, {1, 4, 1, 2}};
enum { GRIDS = sizeof grids / sizeof *grids };

static const struct span *span_at(const struct run *run, int rank, enum op_kind kind, int micro, int layer)
{
    const struct schedule *schedule = schedule_of(&run->sample.plan, rank, run->step.phase);
    for (int i = 0; i < schedule->count; i++)
        if (schedule->ops[i].kind == kind && schedule->ops[i].micro == micro && schedule->ops[i].layer == layer)
            return &run->spans[rank * run->ops + i];
    abort();
}

/* ---- streams */

/* An op begins when its stream is free and what it awaits has ended, and not before. */
static void expect_streams(const struct run *run, int rank)
{
    const struct plan *plan = &run->sample.plan;
    const struct rank_class *class = &plan->classes[plan->ranks[rank].class_index];
    const struct schedule *schedule = &class->schedules[run->step.phase];
    const struct span *spans = run->spans + rank * run->ops;
    double free_s[STREAMS] = {0}, host_s = 0;
    for (int i = 0; i < schedule->count; i++) {
        const struct op *op = &schedule->ops[i];
        enum stream stream = effects_of(class, op->kind)->stream;
        if (op->host_awaits)
            host_s = fmax(host_s, spans[op->host_awaits - 1].end_s);
        double begin_s = fmax(free_s[stream], host_s);
        if (op->awaits)
            begin_s = fmax(begin_s, spans[op->awaits - 1].end_s);
        ck_assert_double_eq_tol(spans[i].begin_s, begin_s, 1e-15);
        ck_assert_double_ge(spans[i].start_s, spans[i].begin_s);
        ck_assert_double_ge(spans[i].end_s, spans[i].start_s);
        free_s[stream] = spans[i].end_s;
    }
    const struct rank_time *time = &run->result.ranks[rank];
    ck_assert_double_le(fmax(free_s[STREAM_COMPUTE], free_s[STREAM_COMM]), run->result.seconds + 1e-15);
    ck_assert_double_eq_tol(time->compute + time->communication + time->exposed + time->bubble, run->result.seconds,
                            1e-12);
    ck_assert(time->communication >= 0 && time->exposed >= 0 && time->bubble >= -1e-15);
}

START_TEST(streams_are_in_order_and_times_add_up)
{
    for (int phase = 0; phase < PHASES; phase++)
        for (int active = 1; active <= 2; active++) {
            struct run run;
            make_plan(&run, grids[_i], 0);
            run_step(&run, phase, active, &device);
            for (int rank = 0; rank < run.sample.plan.world; rank++)
                expect_streams(&run, rank);
            end_run(&run);
        }
}
END_TEST

START_TEST(one_rank_takes_what_its_ops_take)
{
    struct run run;
    make_plan(&run, grids[0], 0);
    run_step(&run, PREFILL, 2, &device);
    struct work_site *sites = work_sites(&run.sample.plan, &device, &run.step, &run.pool);
    const struct schedule *schedule = schedule_of(&run.sample.plan, 0, PREFILL);
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

/* While A's rows travel, B attends: of the time of messages, part is hidden. */
START_TEST(messages_travel_beside_kernels)
{
    struct run run;
    const int grid[AXES] = {1, 1, 4, 1};
    make_plan(&run, grid, 0);
    run_step(&run, PREFILL, 2, &device);
    const struct span *rows = span_at(&run, 0, OP_DISPATCH_START, 0, 1), *beside = span_at(&run, 0, OP_ATTENTION, 1, 1);
    ck_assert_double_lt(fmax(rows->begin_s, beside->begin_s), fmin(rows->end_s, beside->end_s));
    double sent_s = 0;
    for (int i = 0; i < run.ops; i++)
        if (effects_of(&run.sample.plan.classes[0], schedule_of(&run.sample.plan, 0, PREFILL)->ops[i].kind)->stream ==
            STREAM_COMM)
            sent_s += run.spans[i].end_s - run.spans[i].start_s;
    ck_assert_double_lt(run.result.ranks[0].communication, 0.95 * sent_s);
    end_run(&run);
}
END_TEST

/* ---- meetings */

/* Sender and receiver come together, and leave when the rows have crossed the link, a launch later. */
START_TEST(stages_meet)
{
    struct run run;
    const int grid[AXES] = {1, 2, 1, 1};
    make_plan(&run, grid, 0);
    run_step(&run, PREFILL, 2, &device);
    for (int micro = 0; micro < 2; micro++) {
        const struct span *send = span_at(&run, 0, OP_SEND_STAGE, micro, -1);
        const struct span *receive = span_at(&run, 1, OP_RECEIVE_STAGE, micro, -1);
        const double bytes = ROWS * 32 * 4;
        ck_assert_uint_eq(send->bytes, (uint64_t)bytes);
        ck_assert_uint_eq(receive->bytes, 0);
        ck_assert_double_eq(send->start_s, fmax(send->begin_s, receive->begin_s));
        ck_assert_double_eq(receive->start_s, send->start_s);
        ck_assert_double_eq_tol(send->end_s, send->start_s + bytes / 1e8 + 1e-6 + 1e-6, 1e-15);
        ck_assert_double_eq(receive->end_s, send->end_s);
    }
    end_run(&run);
}
END_TEST

/* All members leave a sum at once, after two latencies and its parts. */
START_TEST(sums_meet)
{
    struct run run;
    const int grid[AXES] = {1, 1, 1, 2};
    make_plan(&run, grid, 0);
    run_step(&run, PREFILL, 1, &device);
    const struct span *here = span_at(&run, 0, OP_SUM_ATTENTION, 0, 2),
                      *there = span_at(&run, 1, OP_SUM_ATTENTION, 0, 2);
    const double bytes = 2 * ROWS * 32 * 2 / 2.0; /* bf16, half of them twice */
    ck_assert_uint_eq(here->bytes, (uint64_t)bytes);
    ck_assert_double_eq(here->end_s, there->end_s);
    ck_assert_double_eq_tol(here->end_s, here->start_s + bytes / 1e8 + 2e-6 + 1e-6, 1e-15);
    end_run(&run);
}
END_TEST

/* ---- bytes */

static uint64_t all_sent_rows(const struct run *run)
{
    uint64_t sent = 0;
    for (size_t i = 0; i < sent_rows_count(&run->sample.plan, &run->step); i++) {
        size_t lane = i / (sent_rows_count(&run->sample.plan, &run->step) / 2);
        sent += i % 2 == lane ? 0 : (uint64_t)run->step.routes.sent_rows[i];
    }
    return sent;
}

enum {
    RECORD = 32 * 2 + 2 * 8,
    COUNTS = 4 * (1 + 4),
    EXCHANGES = 2 * 2 * 4 * 2 /* lanes, tp, layers, micro-batches */
};

static void expect_bytes(const struct run *run, uint64_t rows, uint64_t records, uint64_t counts, uint64_t with_rows)
{
    const uint64_t *bytes = run->result.mailbox_bytes;
    ck_assert_uint_eq(bytes[MAILBOX_STAGE], 2 * 4 * rows * 32 * 4);
    ck_assert_uint_eq(bytes[MAILBOX_PARTIAL], 2 * 2 * 2 * (1 + 2 * 4) * (2 * rows * 32 * 2 / 2));
    ck_assert_uint_eq(bytes[MAILBOX_COUNTS], counts * COUNTS);
    ck_assert_uint_eq(bytes[MAILBOX_DISPATCH], 2 * records * RECORD + with_rows * COUNTS);
    ck_assert_uint_eq(bytes[MAILBOX_COMBINE], 2 * records * RECORD);
}

/* Exactly as many records as rows; in decode, and with a capacity, as many as fit. */
START_TEST(bytes_are_those_of_the_ranks)
{
    struct run run;
    const int grid[AXES] = {1, 2, 2, 2};
    make_plan(&run, grid, 0);
    run_step(&run, PREFILL, 2, &device);
    expect_bytes(&run, ROWS, all_sent_rows(&run), EXCHANGES, 0);
    ck_assert_uint_eq(run.result.level_bytes[1], run.result.mailbox_bytes[MAILBOX_STAGE]);
    run_step(&run, DECODE, 2, &device);
    const struct shapes *shape = &run.sample.plan.classes[0].shape;
    expect_bytes(&run, (uint64_t)shape->decode_rows, EXCHANGES / 2 * (uint64_t)shape->decode_rows, 0, EXCHANGES);
    end_run(&run);
    make_plan(&run, grid, 1.25);
    run_step(&run, PREFILL, 2, &device);
    shape = &run.sample.plan.classes[0].shape;
    expect_bytes(&run, ROWS, EXCHANGES / 2 * (uint64_t)shape->dispatch_rows, 0, EXCHANGES);
    end_run(&run);
}
END_TEST

/* Whatever gets faster, no step gets slower. */
START_TEST(faster_hardware_is_never_slower)
{
    struct run slow, fast;
    struct hardware faster = device;
    faster.links[0].bandwidth *= 2;
    faster.links[1].latency_s /= 2;
    faster.memory.sustained *= 2;
    faster.op_overhead_s /= 2;
    make_plan(&slow, grids[_i], 0);
    run_step(&slow, PREFILL, 2, &device);
    make_plan(&fast, grids[_i], 0);
    run_step(&fast, PREFILL, 2, &faster);
    ck_assert_double_lt(fast.result.seconds, slow.result.seconds * 0.999);
    end_run(&slow);
    end_run(&fast);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {one_rank_takes_what_its_ops_take, messages_travel_beside_kernels, stages_meet,
                                  sums_meet, bytes_are_those_of_the_ranks};
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, streams_are_in_order_and_times_add_up, 0, GRIDS);
    tcase_add_loop_test(all, faster_hardware_is_never_slower, 0, GRIDS);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(all, tests[i]);
    return run_case("simulate cuda", all);
}
