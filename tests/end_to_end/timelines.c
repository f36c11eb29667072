/* Timelines of real runs: every op of every rank is there once, in order, and says what it put into mailboxes; the
 * sums are what the transports counted. */
#include "plan/make.h"
#include "read/strategy.h"
#include "trace.h"

#include "support.h" /* last: Check has a macro fail() */

#include <stdlib.h>
#include <string.h>

#define MODEL TEST_SOURCE_DIR "/models/shakespeare-moe"

/* One run: read back, with the plan and what was counted beside it. */
struct traced {
    struct pool pool;
    struct strategy strategy;
    struct plan plan;
    struct trace trace;
    json_t *load, *events; /* what --load wrote; the events of the timeline */
};

static const struct splitting {
    const char *name, *keys; /* no keys: strategies/NAME.lua */
} splittings[] = {
    {"single", NULL},
    {"demo-8", NULL},
    {"tensor", "grid = { tp = 2 }, batch = { sequences = 2, context = 64, prefill_rows = 16, micro_batches = 1 },"},
    {"capacity", "grid = { ep = 2 }, dispatch = capacity(0.5),"
                 "batch = { sequences = 2, context = 64, prefill_rows = 16, micro_batches = 2 },"},
    {"replicas", "grid = { dp = 2, pp = 2, ep = 2 }, stages = { 5, 11 },"
                 "rank = function(c) return 7 - (c.dp*4 + c.pp*2 + c.ep) end,"
                 "experts = function(layer, expert) if (expert + layer) % 4 == 0 then return { 0, 1 } end "
                 "return expert % 2 end,"
                 "batch = { sequences = 4, context = 64, prefill_rows = 16, micro_batches = 4 },"},
};

/* Of different lengths: prefill, decode, and both in one step. */
static const char *const prompts[] = {"1,50,400", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24",
                                      "7"};

/* ---- running */

/* Generates five tokens for every prompt; `further` are options. */
static json_t *run_all(const char *strategy, const char *const *further)
{
    const char *arguments[32] = {"run", strategy, "-n", "5", "--json"};
    size_t count = 5;
    for (size_t i = 0; i < COUNT(prompts); i++) {
        arguments[count++] = "--prompt-ids";
        arguments[count++] = prompts[i];
    }
    while (*further)
        arguments[count++] = *further++;
    return rankc_json(arguments);
}

static void expect_same_tokens(const json_t *left, const json_t *right)
{
    ck_assert_uint_eq(json_array_size(left), COUNT(prompts));
    for (size_t i = 0; i < COUNT(prompts); i++)
        ck_assert(same_ids(json_object_get(json_array_get(left, i), "ids"),
                           json_object_get(json_array_get(right, i), "ids")));
}

static void read_traced(struct traced *traced, const char *strategy, const char *trace, const char *load)
{
    struct error error;
    *traced = (struct traced){0};
    ck_assert_msg(strategy_read(strategy, NULL, &traced->pool, &traced->strategy, &error) &&
                      plan_make(&traced->strategy, &traced->plan, &error) &&
                      trace_read(trace, &traced->plan, &traced->trace, &error),
                  "%s", error.text);
    ck_assert_str_eq(traced->trace.kind, "measured");
    ck_assert_int_gt(traced->trace.count, 1);
    json_t *file = read_json(trace);
    traced->events = json_incref(json_object_get(file, "traceEvents"));
    traced->load = read_json(load);
    json_decref(file);
}

static void run_traced(struct traced *traced, const char *strategy)
{
    char trace[PATH_ROOM], load[PATH_ROOM];
    path_in_folder(trace, "trace.json");
    path_in_folder(load, "load.json");
    json_t *with = run_all(strategy, (const char *const[]){"--trace", trace, "--load", load, NULL});
    json_t *without = run_all(strategy, (const char *const[]){NULL});
    expect_same_tokens(with, without);
    read_traced(traced, strategy, trace, load);
    json_decref(with);
    json_decref(without);
}

static void traced_free(struct traced *traced)
{
    json_decref(traced->events);
    json_decref(traced->load);
    trace_free(&traced->trace);
    plan_free(&traced->plan);
    pool_free(&traced->pool);
}

/* ---- times */

/* Ops of a rank come one after the other; what a step skips takes no time. */
static void expect_order(const struct traced *traced, const struct trace_step *step, int rank)
{
    const struct schedule *schedule = schedule_of(&traced->plan, rank, step->step.phase);
    double before = step->begin_s;
    for (int i = 0; i < step->ops; i++) {
        const struct span *span = span_of(step, rank, i + 1);
        ck_assert_double_ge(span->begin_s, before);
        ck_assert_double_ge(span->start_s, span->begin_s);
        ck_assert_double_ge(span->end_s, span->start_s);
        before = span->end_s;
        bool runs = i < schedule->count && schedule->ops[i].micro < step->step.active;
        ck_assert_msg(runs == (span->end_s > span->begin_s), "rank %d op %d", rank, i + 1);
        ck_assert(runs || span->bytes == 0);
    }
}

static void expect_times(const struct traced *traced)
{
    double waited = 0, before = 0;
    for (int i = 0; i < traced->trace.count; i++) {
        const struct trace_step *step = &traced->trace.steps[i];
        ck_assert_double_ge(step->begin_s, before);
        ck_assert_double_gt(step->end_s, step->begin_s);
        before = step->end_s;
        for (int rank = 0; rank < traced->plan.world; rank++) {
            expect_order(traced, step, rank);
            for (int op = 1; op <= step->ops; op++)
                waited += span_of(step, rank, op)->start_s - span_of(step, rank, op)->begin_s;
        }
    }
    ck_assert_msg((waited > 0) == (traced->plan.world > 1), "%g s of waiting", waited);
}

/* The slice of each op is there once, under its name and id. */
static void expect_events(const struct traced *traced)
{
    const struct plan *plan = &traced->plan;
    size_t most = (size_t)plan_most_ops(plan, PREFILL) + (size_t)plan_most_ops(plan, DECODE), index, seen = 0;
    size_t wanted = 0, ranks = (size_t)plan->world;
    char *found = calloc((size_t)traced->trace.count * ranks * most, 1);
    json_t *event;
    json_array_foreach(traced->events, index, event)
    {
        json_t *about = json_object_get(event, "args");
        size_t op = (size_t)json_integer_value(json_object_get(about, "op")), rank;
        size_t step = (size_t)json_integer_value(json_object_get(about, "step"));
        if (op == 0)
            continue;
        rank = (size_t)json_integer_value(json_object_get(event, "pid")) - 1;
        const struct trace_step *of = &traced->trace.steps[step - 1];
        const struct op *expected = &schedule_of(plan, (int)rank, of->step.phase)->ops[op - 1];
        char name[96];
        op_text(expected, plan->ranks[rank].layer_base, plan->classes[0].shape.micro_batches, name, sizeof name);
        ck_assert_str_eq(json_string_value(json_object_get(event, "name")), name);
        ck_assert_int_eq(found[((step - 1) * ranks + rank) * most + op - 1]++, 0);
        seen++;
    }
    for (int i = 0; i < traced->trace.count; i++)
        for (int rank = 0; rank < plan->world; rank++) {
            const struct schedule *schedule = schedule_of(plan, rank, traced->trace.steps[i].step.phase);
            for (int op = 0; op < schedule->count; op++)
                wanted += schedule->ops[op].micro < traced->trace.steps[i].step.active;
        }
    ck_assert_uint_eq(seen, wanted);
    free(found);
}

/* ---- rows */

static const struct micro_rows *rows_of_lane(const struct trace_step *step, int lane, int micro)
{
    return &step->step.rows[lane * step->step.active + micro];
}

static size_t route_index(const struct traced *traced, const struct trace_step *step, int lane, int layer, int micro)
{
    size_t layers = (size_t)traced->plan.classes[0].shape.model_layers, row = (size_t)lane * layers + (size_t)layer;
    return row * (size_t)step->step.active + (size_t)micro;
}

/* Rows that a lane sent to an ep coordinate. */
static uint64_t sent(const struct traced *traced, const struct trace_step *step, int lane, int to, int layer, int micro)
{
    size_t at = route_index(traced, step, lane, layer, micro) * (size_t)traced->plan.grid[AXIS_EP];
    return (uint64_t)step->step.routes.sent_rows[at + (size_t)to];
}

/* Over all steps and lanes every row is at its top_k experts, but for those that --load says were dropped; and --load
 * counts the same rows. */
static void expect_routes(const struct traced *traced)
{
    const struct plan *plan = &traced->plan;
    const struct shapes *shape = &plan->classes[0].shape;
    size_t slots = (size_t)plan->placement.expert_slots;
    for (int layer = 0; layer < shape->model_layers; layer++) {
        int64_t rows = 0, taken = 0, counted = 0;
        for (int i = 0; i < traced->trace.count; i++)
            for (int lane = 0; lane < plan_lanes(plan); lane++)
                for (int micro = 0; micro < traced->trace.steps[i].step.active; micro++) {
                    const struct trace_step *step = &traced->trace.steps[i];
                    size_t at = route_index(traced, step, lane, layer, micro);
                    rows += rows_of_lane(step, lane, micro)->rows;
                    for (size_t slot = 0; slot < slots; slot++)
                        taken += step->step.routes.slot_rows[at * slots + slot];
                }
        json_t *load = json_array_get(json_object_get(traced->load, "layers"), (size_t)layer), *count;
        json_int_t dropped = json_integer_value(json_object_get(load, "dropped"));
        size_t index;
        json_array_foreach(json_object_get(load, "rows"), index, count) counted += json_integer_value(count);
        ck_assert_int_eq(taken, counted);
        ck_assert_int_eq(taken + dropped, rows * shape->top_k);
        ck_assert((dropped > 0) == (strcmp(plan->name, "capacity") == 0));
    }
}

/* All prompts have their rows in the steps, and attend to as many positions as they should. */
static void expect_rows(const struct traced *traced)
{
    int64_t rows = 0, wanted = 0, positions = 0, expected_rows = 0, expected_positions = 0;
    for (int i = 0; i < traced->trace.count; i++)
        for (size_t at = 0; at < step_rows_count(&traced->plan, &traced->trace.steps[i].step); at++) {
            rows += traced->trace.steps[i].step.rows[at].rows;
            wanted += traced->trace.steps[i].step.rows[at].wanted;
            positions += traced->trace.steps[i].step.rows[at].positions;
        }
    for (size_t i = 0; i < COUNT(prompts); i++) {
        int64_t length = 4; /* four of the five new tokens are rows too */
        for (const char *at = prompts[i]; at; at = strchr(at + 1, ','))
            length++;
        expected_rows += length;
        expected_positions += length * (length + 1) / 2;
    }
    ck_assert_int_eq(rows, expected_rows);
    ck_assert_int_eq(positions, expected_positions);
    ck_assert_int_eq(wanted, 5 * (int)COUNT(prompts));
}

/* ---- bytes */

/* What runtime/transport/channel.h says that an op posts. */
static uint64_t bytes_of(const struct traced *traced, const struct trace_step *step, const struct rank_row *row,
                         const struct op *op)
{
    const struct shapes *shape = &traced->plan.classes[row->class_index].shape;
    int ep = row->at[AXIS_EP], lane = row->at[AXIS_DP] * shape->ep + ep, layer = row->layer_base + op->layer;
    const struct micro_rows *rows = rows_of_lane(step, lane, op->micro);
    uint64_t row_bytes = 4 * (uint64_t)shape->hidden, peers = (uint64_t)shape->tp - 1, bytes = 0;
    if (op->kind == OP_SEND_STAGE)
        return (uint64_t)rows->rows * row_bytes;
    if (op->kind == OP_GATHER_LOGITS)
        return peers * (uint64_t)rows->wanted * 4 * (uint64_t)shape->vocabulary_slice;
    if (op_table[op->kind].action == ACTION_COLLECTIVE)
        return peers * (uint64_t)rows->rows * row_bytes;
    for (int peer = 0; peer < shape->ep; peer++) {
        if (peer == ep)
            continue;
        if (op->kind == OP_DISPATCH_START)
            bytes += 64 + sent(traced, step, lane, peer, layer, op->micro) * (8 * (uint64_t)shape->top_k + row_bytes);
        if (op->kind == OP_COMBINE_START)
            bytes += sent(traced, step, lane - ep + peer, ep, layer, op->micro) * row_bytes;
    }
    return bytes;
}

static void expect_bytes(const struct traced *traced)
{
    const struct plan *plan = &traced->plan;
    uint64_t *counted = calloc((size_t)plan->world * MAILBOX_KINDS, sizeof *counted);
    for (int i = 0; i < traced->trace.count; i++)
        for (int rank = 0; rank < plan->world; rank++) {
            const struct trace_step *step = &traced->trace.steps[i];
            const struct schedule *schedule = schedule_of(plan, rank, step->step.phase);
            for (int op = 0; op < schedule->count; op++) {
                if (schedule->ops[op].micro >= step->step.active)
                    continue;
                const struct op_info *info = &op_table[schedule->ops[op].kind];
                uint64_t bytes = span_of(step, rank, op + 1)->bytes;
                ck_assert_uint_eq(bytes, bytes_of(traced, step, &plan->ranks[rank], &schedule->ops[op]));
                if (info->mailbox == MAILBOX_NONE)
                    ck_assert_uint_eq(bytes, 0);
                else
                    counted[rank * MAILBOX_KINDS + (int)info->mailbox] += bytes;
            }
        }
    ck_assert_mem_eq(counted, traced->trace.counters, (size_t)plan->world * MAILBOX_KINDS * sizeof *counted);
    free(counted);
}

/* ---- beside a simulation of the same steps */

/* To the byte: what the simulator says that every op of every rank puts into mailboxes, the transports counted. */
static void expect_simulated_bytes(const struct traced *traced)
{
    char simulated[PATH_ROOM], trace[PATH_ROOM];
    path_in_folder(simulated, "simulated.json");
    path_in_folder(trace, "trace.json");
    struct outcome outcome =
        RANKC("sim", traced->strategy.path, "--hardware", "h100-sxm", "--like", trace, "-o", simulated);
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    json_t *report = rankc_json((const char *const[]){"report", trace, simulated, "--json", NULL}), *bytes;
    ck_assert_int_eq(json_integer_value(json_object_get(report, "ops_with_other_bytes")), 0);
    ck_assert(json_is_true(json_object_get(report, "same_routes")));
    const char *mailbox;
    json_object_foreach(json_object_get(report, "bytes"), mailbox, bytes)
    {
        ck_assert(json_equal(json_object_get(bytes, "measured"), json_object_get(bytes, "simulated")));
        ck_assert(json_equal(json_object_get(bytes, "measured"), json_object_get(bytes, "counted")));
    }
    json_decref(report);
}

/* ---- the tests */

static void expect_whole(const char *strategy)
{
    struct traced traced;
    run_traced(&traced, strategy);
    expect_times(&traced);
    expect_events(&traced);
    expect_rows(&traced);
    expect_routes(&traced);
    expect_bytes(&traced);
    expect_simulated_bytes(&traced);
    traced_free(&traced);
}

START_TEST(every_op_of_every_rank_is_recorded)
{
    for (size_t i = 0; i < COUNT(splittings); i++) {
        char strategy[PATH_ROOM];
        if (splittings[i].keys)
            write_strategy(strategy, splittings[i].name, MODEL, splittings[i].keys);
        else
            snprintf(strategy, sizeof strategy, "strategies/%s.lua", splittings[i].name);
        expect_whole(strategy);
    }
}
END_TEST

START_TEST(so_it_is_of_256_ranks)
{
    expect_whole("strategies/shakespeare-256.lua");
}
END_TEST

START_TEST(a_timeline_that_cannot_be_written_is_an_error)
{
    struct outcome outcome = RANKC("run", "strategies/single.lua", "--prompt-ids", "1,2", "-n", "2", "--trace",
                                   "/proc/no-such-folder/trace.json");
    expect_outcome(&outcome, 1, (const char *const[]){"error: ", "/proc/no-such-folder/trace.json", NULL});
}
END_TEST

START_TEST(a_report_is_of_a_measured_and_a_simulated_timeline_of_the_same_steps)
{
    static const char strategy[] = "strategies/single.lua";
    char measured[PATH_ROOM], simulated[PATH_ROOM];
    path_in_folder(measured, "measured.json");
    path_in_folder(simulated, "simulated.json");
    const struct {
        const char *first, *second, *words;
    } cases[] = {{measured, measured, "is a measured timeline, not a simulated one"},
                 {simulated, measured, "is a simulated timeline, not a measured one"},
                 {measured, simulated, "rankc sim --like"},
                 {measured, strategy, "is no timeline of rankc"},
                 {"no-such-file.json", simulated, "no-such-file.json"}};
    struct outcome outcome = RANKC("run", strategy, "--prompt-ids", "1,2", "-n", "3", "--trace", measured);
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    outcome = RANKC("sim", strategy, "--hardware", "h100-sxm", "-o", simulated);
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    for (size_t i = 0; i < COUNT(cases); i++) {
        outcome = RANKC("report", cases[i].first, cases[i].second);
        ck_assert_str_eq(outcome.out, "");
        expect_outcome(&outcome, 1, (const char *const[]){"error: ", cases[i].words, NULL});
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {every_op_of_every_rank_is_recorded, so_it_is_of_256_ranks,
                                  a_report_is_of_a_measured_and_a_simulated_timeline_of_the_same_steps,
                                  a_timeline_that_cannot_be_written_is_an_error};
    return run_suite("timelines", tests, COUNT(tests));
}
