/* What a change of strategy means: golden reports of pairs in tests/cases/diff, in all three forms, and what must hold
 * for any pair. UPDATE_GOLDEN=1 rewrites the reports. */
#include "emit/diff/diff.h"
#include "base/file.h"
#include "hardware.h"
#include "read/strategy.h"
#include "verify_sample.h"

#include <limits.h>

#include "run_case.h"

/* ---- golden reports */

struct opened {
    struct pool pool;
    struct strategy strategy;
    struct plan plan;
    char path[256];
};

static void open_strategy(struct opened *opened, const char *name, const char *which)
{
    struct error error = {0};
    *opened = (struct opened){0};
    snprintf(opened->path, sizeof opened->path, "tests/cases/diff/%s.%s.lua", name, which);
    bool done = strategy_read(opened->path, NULL, &opened->pool, &opened->strategy, &error) &&
                plan_make(&opened->strategy, &opened->plan, &error) && verify_plan(&opened->plan, &error);
    ck_assert_msg(done, "%s:%d: %s", error.file, error.line, error.text);
}

static void close_strategy(struct opened *opened)
{
    plan_free(&opened->plan);
    pool_free(&opened->pool);
}

static struct diff_side side_of(const struct opened *opened)
{
    return (struct diff_side){opened->path, &opened->plan, &opened->strategy};
}

/* The first line that is not as it was. */
static void show_difference(const char *path, const char *wanted, const char *is)
{
    int line = 1;
    const char *begin = is;
    for (; *is && *is == *wanted; is++, wanted++)
        if (*is == '\n') {
            begin = is + 1;
            line++;
        }
    fprintf(stderr, "%s:%d is now: %.*s\n", path, line, (int)strcspn(begin, "\n"), begin);
}

/* Returns whether the report is the one beside the strategies. */
static bool is_golden(const char *name, const char *ending, const struct text *report)
{
    char path[256];
    struct error error = {0};
    struct text golden = {0};
    snprintf(path, sizeof path, "tests/cases/diff/%s.%s", name, ending);
    if (getenv("UPDATE_GOLDEN"))
        ck_assert_msg(file_write(path, report->bytes, report->length, 0644, &error), "%s", error.text);
    bool same = file_read(path, 1 << 20, &golden, &error) && golden.length == report->length &&
                memcmp(golden.bytes, report->bytes, golden.length) == 0;
    if (!same)
        show_difference(path, golden.length > 0 ? golden.bytes : "", report->bytes);
    text_free(&golden);
    return same;
}

static int columns_of(const char *line, size_t length)
{
    int columns = 0;
    for (size_t i = 0; i < length; i++)
        columns += (line[i] & 0xc0) != 0x80;
    return columns;
}

static void expect_narrow(const char *report)
{
    for (size_t length; *report; report += length + (report[length] == '\n')) {
        length = strcspn(report, "\n");
        ck_assert_msg(columns_of(report, length) <= 100, "a wide line: %.*s", (int)length, report);
    }
}

START_TEST(reports_are_those_beside_the_pairs)
{
    static const char *const names[] = {"wider-tp", "spread-experts", "same-plan"};
    static const struct {
        const char *ending;
        void (*print)(const struct diff *diff, struct text *out);
    } forms[] = {{"txt", diff_text}, {"md", diff_markdown}, {"json", diff_json}};
    int wrong = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct opened old, new;
        struct diff diff;
        open_strategy(&old, names[i], "old");
        open_strategy(&new, names[i], "new");
        struct diff_side before = side_of(&old), after = side_of(&new);
        diff_make(&before, &after, &diff);
        for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
            struct text report = {0};
            forms[form].print(&diff, &report);
            wrong += !is_golden(names[i], forms[form].ending, &report);
            if (form == 0)
                expect_narrow(report.bytes);
            text_free(&report);
        }
        diff_free(&diff);
        close_strategy(&old);
        close_strategy(&new);
    }
    ck_assert_msg(wrong == 0, "%d reports differ; look at them, then run with UPDATE_GOLDEN=1", wrong);
}
END_TEST

/* ---- any pair */

static struct sample samples[2];
static struct diff diff;

static void compare_samples(void)
{
    for (int i = 0; i < 2; i++) {
        bool planned = sample_plan(&samples[i]);
        ck_assert_msg(planned, "%s", samples[i].error.text);
    }
    const struct diff_side old = {"old.lua", &samples[0].plan, &samples[0].strategy};
    const struct diff_side new = {"new.lua", &samples[1].plan, &samples[1].strategy};
    diff_make(&old, &new, &diff);
}

static void free_samples(void)
{
    diff_free(&diff);
    sample_free(&samples[0]);
    sample_free(&samples[1]);
}

static bool has_key(enum strategy_key key)
{
    for (int i = 0; i < diff.key_count; i++)
        if (diff.keys[i].key == key)
            return true;
    return false;
}

/* What the changes of a schedule add and take away is the difference of the op counts; none is there twice. */
static void expect_balanced(const struct diff_schedule *schedule)
{
    int ops = schedule->old_ops;
    for (int i = 0; i < schedule->change_count; i++) {
        const struct schedule_change *change = &schedule->changes[i];
        ck_assert_int_gt(change->ops, 0);
        ops += change->change == OPS_ADDED ? change->ops : 0;
        ops -= change->change == OPS_REMOVED ? change->ops : 0;
        for (int other = 0; other < i; other++)
            ck_assert_msg(schedule->changes[other].change != change->change ||
                              schedule->changes[other].kind != change->kind || change->kind < 0 ||
                              change->change == OPS_MOVED || schedule->changes[other].was != change->was ||
                              !(schedule->changes[other].micros & change->micros),
                          "a change of %s is there twice", op_table[change->kind].text);
    }
    ck_assert_int_eq(ops, schedule->new_ops);
}

START_TEST(op_counts_follow_from_the_changes)
{
    static const int grids[][AXES] = {{1, 1, 1, 1}, {1, 2, 2, 2}, {1, 4, 1, 2}, {2, 1, 4, 1}, {1, 2, 1, 1}};
    static const int micro_batches[] = {1, 2, 4};
    enum { GRIDS = sizeof grids / sizeof *grids };
    for (int pair = 0; pair < GRIDS * GRIDS * 9; pair++) {
        for (int i = 0; i < 2; i++) {
            const int *grid = grids[i == 0 ? pair / 9 / GRIDS : pair / 9 % GRIDS];
            sample_strategy(&samples[i], grid[0], grid[1], grid[2], grid[3], 4);
            samples[i].strategy.batch.micro_batches = micro_batches[i == 0 ? pair % 3 : pair % 9 / 3];
        }
        compare_samples();
        for (int class = 0; class < diff.class_count; class ++)
            for (int phase = 0; phase < PHASES && diff.classes[class].old && diff.classes[class].new; phase++)
                expect_balanced(&diff.classes[class].phases[phase]);
        ck_assert_int_eq(diff.identical, strcmp(samples[0].plan.hash, samples[1].plan.hash) == 0);
        free_samples();
    }
}
END_TEST

START_TEST(a_moved_op_is_named_by_what_it_follows)
{
    sample_strategy(&samples[0], 1, 1, 1, 1, 4);
    sample_strategy(&samples[1], 1, 1, 1, 1, 4);
    compare_samples();
    ck_assert(diff.identical);
    diff_free(&diff);
    struct plan *plan = &samples[1].plan;
    sample_move(sample_op(plan, 0, DECODE, OP_ROUTE, 1, 2), sample_op(plan, 0, DECODE, OP_ROTARY, 1, -1));
    plan_hash(plan);
    const struct diff_side old = {"old", &samples[0].plan, NULL}, new = {"new", plan, NULL};
    diff_make(&old, &new, &diff);
    const struct diff_schedule *schedule = &diff.classes[0].phases[DECODE];
    ck_assert_int_eq(diff.classes[0].phases[PREFILL].change_count, 0);
    ck_assert_int_eq(schedule->change_count, 1);
    const struct schedule_change *change = &schedule->changes[0];
    ck_assert_int_eq(change->change, OPS_MOVED);
    ck_assert_int_eq(change->kind, OP_ROUTE);
    ck_assert_uint_eq(change->micros, 2);
    ck_assert_int_eq(change->layers[0], 2);
    ck_assert_int_eq(change->ops, 1);
    ck_assert_int_eq(change->after.kind, OP_SAMPLE);
    ck_assert_int_eq(change->after.micro_step, -1);
    ck_assert_int_eq(change->was_after.kind, OP_ADD_ATTENTION);
    free_samples();
}
END_TEST

START_TEST(another_numbering_moves_ranks_and_groups)
{
    sample_strategy(&samples[0], 1, 2, 2, 2, 4);
    sample_strategy(&samples[1], 1, 2, 2, 2, 4);
    for (int i = 0; i < 8; i++)
        samples[1].strategy.rank_of[i] = i < 4 ? 3 - i : i; /* the first stage's ranks the other way round */
    compare_samples();
    ck_assert_int_eq(diff.ranks.fates[RANK_MOVES], 4);
    ck_assert_int_eq(diff.ranks.fates[RANK_STAYS], 4);
    ck_assert_int_eq(diff.axes[AXIS_TP].kept, 4);
    ck_assert_int_eq(diff.axes[AXIS_EP].kept, 4);
    ck_assert_int_eq(diff.axes[AXIS_PP].kept, 0);
    ck_assert_int_eq(diff.axes[AXIS_PP].new_example[1], 7);
    ck_assert_int_eq(diff.axes[AXIS_DP].new_count, 0);
    for (int rank = 0; rank < 8; rank++) {
        ck_assert_uint_eq(diff.ranks.parts[rank], rank < 4 ? PART_EXPERTS | PART_SLICE : 0);
        ck_assert_int_eq(diff.fetch.ranks[rank].all > 0, rank < 4);
    }
    ck_assert_int_eq(diff.key_count, 1);
    ck_assert(has_key(KEY_rank));
    free_samples();
}
END_TEST

START_TEST(groups_across_nodes_are_counted)
{
    sample_strategy(&samples[0], 1, 2, 2, 2, 4);
    sample_strategy(&samples[1], 1, 2, 2, 2, 4);
    samples[0].strategy.target.ranks_per_node = 8;
    samples[1].strategy.target.ranks_per_node = 4;
    compare_samples();
    ck_assert_int_eq(diff.axes[AXIS_PP].old_across, 0);
    ck_assert_int_eq(diff.axes[AXIS_PP].new_across, 4);
    ck_assert_int_eq(diff.axes[AXIS_EP].new_across, 0);
    ck_assert_int_eq(diff.axes[AXIS_PP].kept, 4);
    ck_assert_int_eq(diff.fetch.node_count, 2);
    ck_assert_uint_eq(diff.fetch.sum.all, 0);
    ck_assert(has_key(KEY_target));
    free_samples();
}
END_TEST

START_TEST(ledgers_list_what_changed_and_nothing_else)
{
    sample_strategy(&samples[0], 1, 2, 2, 2, 4);
    sample_strategy(&samples[1], 1, 2, 2, 2, 4);
    samples[1].strategy.batch.context = 60;
    compare_samples();
    ck_assert_int_eq(diff.class_count, 2);
    for (int i = 0; i < 2; i++) {
        const struct diff_class *pair = &diff.classes[i];
        int64_t change = 0;
        for (int line = 0; line < pair->ledger_count; line++) {
            ck_assert_uint_ne(pair->ledger[line].old, pair->ledger[line].new);
            ck_assert_ptr_null(strstr(pair->ledger[line].purpose, "weights"));
            change += (int64_t)pair->ledger[line].new - (int64_t)pair->ledger[line].old;
        }
        ck_assert_int_gt(pair->ledger_count, 0);
        ck_assert_int_eq(change, (int64_t)pair->new->ledger_bytes - (int64_t)pair->old->ledger_bytes);
    }
    ck_assert_int_eq(diff.ranks.fates[RANK_STAYS], 8);
    ck_assert_int_eq(diff.key_count, 1);
    free_samples();
}
END_TEST

START_TEST(times_need_hardware_on_both_sides)
{
    /* A device of round figures; two links of a node and beyond. */
    struct hardware hardware = {.name = "round",
                                .flops = {{1e12, 5e11}, {5e11, 2.5e11}},
                                .memory = {1e11, 8e10},
                                .links = {{"node", 4, 1e10, 1e-6, 1}, {"cluster", INT_MAX, 1e9, 1e-5, 1}},
                                .link_count = 2,
                                .op_overhead_s = 1e-6};
    struct text report = {0};
    for (int sides = 0; sides < 4; sides++) {
        sample_strategy(&samples[0], 1, 2, 2, 2, 4);
        sample_strategy(&samples[1], 1, 1, 2, 2, 4);
        samples[0].strategy.hardware = sides & 1 ? &hardware : NULL;
        samples[1].strategy.hardware = sides & 2 ? &hardware : NULL;
        compare_samples();
        ck_assert_int_eq(diff.times.why_not == NULL, sides == 3);
        if (sides == 3) {
            ck_assert(diff.times.old.ttft_s > 0 && diff.times.new.ttft_s > 0);
            ck_assert(diff.times.old.phases[DECODE].tokens_per_s > 0 && diff.times.new.phases[PREFILL].step_s > 0);
            diff_text(&diff, &report);
            ck_assert_ptr_nonnull(strstr(report.bytes, "Predicted times\n---------------"));
            ck_assert_ptr_nonnull(strstr(report.bytes, "prompts of 20 tokens, 20 new tokens each."));
            text_free(&report);
            diff_json(&diff, &report);
            ck_assert_ptr_nonnull(strstr(report.bytes, "\"no_times\": null,\n \"times\": {"));
        }
        free_samples();
    }
    text_free(&report);
}
END_TEST

START_TEST(other_hardware_changes_times_alone)
{
    struct hardware slow = {.name = "slow",
                            .flops = {{1e12, 5e11}, {5e11, 2.5e11}},
                            .memory = {1e11, 8e10},
                            .links = {{"all", INT_MAX, 1e10, 1e-6, 1}},
                            .link_count = 1};
    struct hardware fast = slow;
    fast.name = "fast";
    fast.memory = (struct rate){1e12, 8e11};
    sample_strategy(&samples[0], 1, 2, 2, 2, 4);
    sample_strategy(&samples[1], 1, 2, 2, 2, 4);
    samples[0].strategy.hardware = &slow;
    samples[1].strategy.hardware = &fast;
    compare_samples();
    ck_assert(diff.identical);
    ck_assert_ptr_null(diff.times.why_not);
    ck_assert(diff.times.new.ttft_s < diff.times.old.ttft_s);
    ck_assert_int_eq(diff.fact_count, 1);
    ck_assert_str_eq(diff.facts[0].new, "fast");
    free_samples();
}
END_TEST

START_TEST(classes_are_matched_by_role)
{
    sample_strategy(&samples[0], 1, 1, 1, 1, 4);
    sample_strategy(&samples[1], 1, 4, 1, 1, 4);
    compare_samples();
    ck_assert_int_eq(diff.class_count, 3);
    ck_assert_str_eq(diff.classes[0].new->name, "first");
    ck_assert_str_eq(diff.classes[0].old->name, "only");
    ck_assert_str_eq(diff.classes[1].new->name, "middle");
    ck_assert_ptr_null(diff.classes[1].old);
    ck_assert_str_eq(diff.classes[2].new->name, "last");
    ck_assert_str_eq(diff.classes[2].old->name, "only");
    ck_assert_int_eq(diff.classes[2].new_base, 3);
    free_samples();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {reports_are_those_beside_the_pairs,
                                  op_counts_follow_from_the_changes,
                                  a_moved_op_is_named_by_what_it_follows,
                                  another_numbering_moves_ranks_and_groups,
                                  groups_across_nodes_are_counted,
                                  ledgers_list_what_changed_and_nothing_else,
                                  times_need_hardware_on_both_sides,
                                  other_hardware_changes_times_alone,
                                  classes_are_matched_by_role};
    TCase *tcase = tcase_create("diff");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    return run_case("diff", tcase);
}
