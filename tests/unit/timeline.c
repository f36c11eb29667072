/* From records to a timeline, also when ranks ran out of room: it then ends with the last step that all have whole. */
#include "tool/job/timeline.h"
#include "plan/make.h"
#include "read/strategy.h"
#include "recorder.h"

#include "run_case.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef TEST_SOURCE_DIR
#define TEST_SOURCE_DIR "."
#endif

enum { STEPS = 5, MICROSECOND = 1000 };

static struct pool pool;
static struct plan plan; /* of strategies/demo-8.lua */
static struct timeline timeline;
static struct processes processes;

static void set_up(void)
{
    struct strategy strategy;
    struct error error;
    ck_assert_msg(strategy_read(TEST_SOURCE_DIR "/strategies/demo-8.lua", NULL, &pool, &strategy, &error) &&
                      plan_make(&strategy, &plan, &error) && timeline_open(&timeline, &plan, &error),
                  "%s", error.text);
    processes = (struct processes){.plan = &plan, .job = calloc(1, plan.segment_bytes)};
}

static void tear_down(void)
{
    free(processes.job);
    timeline_free(&timeline);
    plan_free(&plan);
    pool_free(&pool);
}

/* Decodes of one micro-batch, of three rows in the first lane and none in the other. */
static void run_head(void)
{
    const struct step_header header = {.decode = 1, .active = 1};
    struct lanes lanes = lanes_make(&plan);
    lanes.all[0].rows[0] = (struct step_row){.position = 0};
    lanes.all[0].rows[1] = (struct step_row){.position = 9, .wants = 1};
    lanes.all[0].rows[2] = (struct step_row){.position = 511, .wants = 1};
    lanes.all[0].row_count = 3;
    timeline_begin(&timeline);
    for (int i = 0; i < STEPS; i++) {
        timeline_begin_step(&timeline, &lanes, &header);
        timeline_end_step(&timeline);
    }
    lanes_free(&lanes);
}

/* As a rank writes it: every op that is not skipped takes a microsecond, half of it waiting. */
static void add_record(struct timeline_part *part, uint32_t step, uint32_t op, uint32_t counts)
{
    struct op_record *record = (void *)((char *)(part + 1) + part->used);
    uint64_t begin = timeline.zero_ns + (step * 1000 + op) * (uint64_t)MICROSECOND;
    *record = (struct op_record){begin, begin + MICROSECOND, MICROSECOND / 2, 64, step, op, counts, 0};
    for (uint32_t i = 0; i < counts; i++)
        ((int32_t *)(record + 1))[i] = (int32_t)(2 * i + step);
    part->used += op_record_bytes(counts);
}

/* `records`: how many find room. */
static void run_rank(int rank, uint64_t records)
{
    uint64_t bytes = timeline_part_bytes(timeline.bytes, plan.world);
    struct timeline_part *part =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, timeline.file, (off_t)(bytes * (uint64_t)rank));
    ck_assert(part != MAP_FAILED);
    const struct schedule *schedule = schedule_of(&plan, rank, DECODE);
    for (uint32_t step = 1; step <= STEPS; step++)
        for (int op = 0; op < schedule->count; op++) {
            enum op_kind kind = schedule->ops[op].kind;
            uint32_t counts = kind == OP_EXPERTS ? 9 : kind == OP_DISPATCH_START ? 2 : 0;
            if (schedule->ops[op].micro > 0)
                continue;
            if (records > 0)
                add_record(part, step, (uint32_t)op + 1, counts);
            part->lost += records == 0;
            records -= records > 0;
        }
    munmap(part, bytes);
}

static void finish(void)
{
    struct error error;
    ck_assert_msg(timeline_finish(&timeline, &processes, &error), "%s", error.text);
    ck_assert_int_eq(timeline.steps_run, STEPS);
}

START_TEST(records_become_spans)
{
    run_head();
    for (int rank = 0; rank < plan.world; rank++) {
        atomic_store(&rank_control(&processes, rank)->posted_bytes[CHANNEL_COMBINE], (uint64_t)rank * 3);
        run_rank(rank, UINT64_MAX);
    }
    finish();
    ck_assert_int_eq(timeline.trace.count, STEPS);
    ck_assert_uint_eq(timeline.trace.counters[6 * MAILBOX_KINDS + MAILBOX_COMBINE], 18);
    const struct trace_step *step = &timeline.trace.steps[3];
    const struct schedule *schedule = schedule_of(&plan, 5, DECODE);
    for (int op = 1; op <= schedule->count; op++) {
        const struct span *span = span_of(step, 5, op);
        bool skipped = schedule->ops[op - 1].micro > 0;
        double begin = skipped ? span_of(step, 5, op - 1)->end_s : 1e-6 * (4000 + op);
        ck_assert_double_eq_tol(span->begin_s, begin, 1e-10);
        ck_assert_double_eq_tol(span->start_s, begin + (skipped ? 0 : 0.5e-6), 1e-10);
        ck_assert_double_eq_tol(span->end_s, begin + (skipped ? 0 : 1e-6), 1e-10);
        ck_assert_uint_eq(span->bytes, skipped ? 0 : 64);
    }
}
END_TEST

START_TEST(shapes_and_routes_are_the_steps)
{
    run_head();
    for (int rank = 0; rank < plan.world; rank++)
        run_rank(rank, UINT64_MAX);
    finish();
    const struct step *step = &timeline.trace.steps[2].step;
    ck_assert_int_eq(step->phase, DECODE);
    ck_assert_int_eq(step->rows[0].rows, 3);
    ck_assert_int_eq(step->rows[0].wanted, 2);
    ck_assert_int_eq(step->rows[0].positions, 1 + 10 + 512);
    ck_assert_int_eq(step->rows[1].rows, 0);
    for (size_t i = 0; i < slot_rows_count(&plan, step); i++)
        ck_assert_int_eq(step->routes.slot_rows[i], 2);
    for (size_t i = 0; i < sent_rows_count(&plan, step); i++)
        ck_assert_int_eq(step->routes.sent_rows[i], 3 + 2 * (int)(i % 2));
}
END_TEST

START_TEST(a_rank_without_room_ends_the_timeline)
{
    static const struct {
        int rank, whole; /* steps that it has room for */
        int further;     /* records of the next one */
    } cases[] = {{0, 3, 0}, {7, 3, 1}, {4, 0, 0}, {2, 0, 5}, {3, 4, 70}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run_head();
        for (int rank = 0; rank < plan.world; rank++) {
            uint64_t whole = (uint64_t)schedule_of(&plan, rank, DECODE)->count / 2 * (uint64_t)cases[i].whole;
            run_rank(rank, rank == cases[i].rank ? whole + (uint64_t)cases[i].further : UINT64_MAX);
        }
        finish();
        /* Records end where room does: a step that fills it to the brim is not known to be whole. */
        int known = cases[i].further > 0 || cases[i].whole == 0 ? cases[i].whole : cases[i].whole - 1;
        ck_assert_int_eq(timeline.trace.count, known);
        tear_down();
        set_up();
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("timeline");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, records_become_spans);
    tcase_add_test(tcase, shapes_and_routes_are_the_steps);
    tcase_add_test(tcase, a_rank_without_room_ends_the_timeline);
    return run_case("timeline", tcase);
}
