/* Proofs over op lists: faults of order, lifetimes and groups are refused, and runs that would never end. */
#include "verify_sample.h"

static bool at_tp_1(const struct rank_row *row)
{
    return row->at[AXIS_TP] == 1;
}

static bool at_ep_1(const struct rank_row *row)
{
    return row->at[AXIS_EP] == 1;
}

/* Micro-batch B enters the stage before A. */
static void enter_b_first(struct plan *plan, int class_index)
{
    struct op *ops = plan->classes[class_index].schedules[PREFILL].ops;
    for (int i = 0; i < 3; i++)
        sample_move(&ops[5], &ops[0]);
}

static void receive_b_first(struct plan *plan)
{
    sample_move(sample_op(plan, 1, PREFILL, OP_RECEIVE_STAGE, 1, -1),
                sample_op(plan, 1, PREFILL, OP_RECEIVE_STAGE, 0, -1));
}

#define ORDER_FAULTS(X)                                                                                                \
    X(route_skipped, sample_remove(plan, 0, PREFILL, sample_op(plan, 0, PREFILL, OP_ROUTE, 1, 1)), grid, verify_plan,  \
      "@route_skipped@")                                                                                               \
    X(layers_swapped,                                                                                                  \
      sample_move(sample_op(plan, 1, DECODE, OP_ATTENTION, 0, 1), sample_op(plan, 1, DECODE, OP_ATTENTION, 0, 0)),     \
      grid, verify_plan, "@layers_swapped@")                                                                           \
    X(wait_before_post,                                                                                                \
      sample_move(sample_op(plan, 0, DECODE, OP_DISPATCH_START, 0, 0),                                                 \
                  sample_op(plan, 0, DECODE, OP_DISPATCH_FINISH, 0, 0)),                                               \
      grid, verify_plan, "@wait_before_post@")                                                                         \
    X(not_sent, sample_remove(plan, 0, DECODE, sample_op(plan, 0, DECODE, OP_SEND_STAGE, 1, -1)), grid, verify_plan,   \
      "@not_sent@")                                                                                                    \
    X(sampled_twice, *sample_op(plan, 1, DECODE, OP_ROTARY, 1, -1) = *sample_op(plan, 1, DECODE, OP_SAMPLE, 0, -1),    \
      grid, verify_plan, "@sampled_twice@")                                                                            \
    X(shares_unsummed, sample_op(plan, 0, PREFILL, OP_REDUCE_ATTENTION, 0, 0)->kind = OP_ADD_ATTENTION, grid,          \
      verify_plan, "@shares_unsummed@")                                                                                \
    X(rotary_missing, sample_remove(plan, 0, DECODE, sample_op(plan, 0, DECODE, OP_ROTARY, 1, -1)), grid, verify_plan, \
      "@rotary_missing@")                                                                                              \
    X(rotary_twice, sample_op(plan, 0, DECODE, OP_ROTARY, 1, -1)->micro = 0, grid, verify_plan, "@rotary_twice@")

#define LIFETIMES_FAULTS(X)                                                                                            \
    X(rotary_late,                                                                                                     \
      sample_move(sample_op(plan, 1, DECODE, OP_ROTARY, 0, -1), sample_op(plan, 1, DECODE, OP_HEAD, 0, -1)), batch,    \
      prove_lifetimes, "@rotary_late@")                                                                                \
    X(routes_missing, sample_remove(plan, 0, PREFILL, sample_op(plan, 0, PREFILL, OP_ROUTE, 1, 0)), batch,             \
      prove_lifetimes, "@routes_missing@")                                                                             \
    X(routes_stale, sample_remove(plan, 0, PREFILL, sample_op(plan, 0, PREFILL, OP_ROUTE, 1, 1)), batch,               \
      prove_lifetimes, "@routes_stale@")                                                                               \
    X(share_stale, sample_op(plan, 1, DECODE, OP_ATTENTION, 0, 1)->kind = OP_DISPATCH_START, batch, prove_lifetimes,   \
      "@share_stale@")

#define GROUPS_FAULTS(X)                                                                                               \
    X(calls_swapped, enter_b_first(plan, sample_split(plan, at_tp_1)), grid, prove_groups, "@calls_swapped@")          \
    X(call_missing, sample_split(plan, at_ep_1);                                                                       \
      sample_remove(plan, 2, DECODE, sample_op(plan, 2, DECODE, OP_COMBINE_FINISH, 1, 1)), grid, prove_groups,         \
      "@call_missing@")                                                                                                \
    X(mailbox_moved, sample_split(plan, at_ep_1);                                                                      \
      mailbox(plan, 2, COMBINE, 1)->stride += 64, grid, prove_groups, "@mailbox_moved@")                               \
    X(receives_swapped, receive_b_first(plan), grid, prove_groups, "@receives_swapped@")                               \
    X(receive_missing, sample_remove(plan, 1, DECODE, sample_op(plan, 1, DECODE, OP_RECEIVE_STAGE, 1, -1)), grid,      \
      prove_groups, "@receive_missing@")                                                                               \
    X(stage_too_small, mailbox(plan, 1, STAGE, 1)->bytes = 64, grid, prove_groups, "@stage_too_small@")

ORDER_FAULTS(FAULT_FUNCTION)
LIFETIMES_FAULTS(FAULT_FUNCTION)
GROUPS_FAULTS(FAULT_FUNCTION)

static const struct fault faults[] = {ORDER_FAULTS(FAULT_ROW) LIFETIMES_FAULTS(FAULT_ROW) GROUPS_FAULTS(FAULT_ROW)};

enum { FAULT_COUNT = sizeof faults / sizeof *faults };

START_TEST(fault)
{
    expect_refused(&faults[_i]);
}
END_TEST

/* ---- progress */

static void expect_stuck(struct sample *sample, const char *reason)
{
    char text[2048];
    snprintf(text, sizeof text, "%s; rankc planned this wrongly, please report it with the strategy", reason);
    ck_assert(!prove_progress(&sample->plan, &sample->error));
    ck_assert_str_eq(sample->error.text, text);
    ck_assert_int_eq(sample->error.line, KEY_grid + 1);
    sample_free(sample);
}

/* Deals two micro-batches' ops out anew, in turns of the lengths given; the last turns take the rest. */
static void interleave(struct plan *plan, int class_index, int turn_a, int turn_b)
{
    struct schedule *schedule = &plan->classes[class_index].schedules[DECODE];
    struct op *old = pool_take(&plan->pool, (size_t)schedule->count, sizeof *old);
    memcpy(old, schedule->ops, (size_t)schedule->count * sizeof *old);
    const int turns[] = {turn_a, turn_b, schedule->count, schedule->count};
    int next[2] = {0, 0}, count = 0;
    for (int turn = 0; turn < 4; turn++) {
        int micro = turn % 2;
        for (int taken = 0; taken < turns[turn] && next[micro] < schedule->count; next[micro]++)
            if (old[next[micro]].micro == micro) {
                schedule->ops[count++] = old[next[micro]];
                taken++;
            }
    }
}

static bool on_diagonal(const struct rank_row *row)
{
    return (row->at[AXIS_EP] + row->at[AXIS_TP]) % 2 == 1;
}

/* Each group's members agree on their calls and each micro-batch's ops are in order; yet half of the ranks take the tp
 * sum of B before the ep exchange of A, the others after it. Only the wait-for graph shows what comes of that. */
START_TEST(communicators_cross)
{
    struct sample sample;
    sample_strategy(&sample, 1, 1, 2, 2, 1);
    ck_assert(sample_plan(&sample));
    int other = sample_split(&sample.plan, on_diagonal);
    interleave(&sample.plan, 0, 11, 5);
    interleave(&sample.plan, other, 5, 5);
    ck_assert_msg(prove_order(&sample.plan, &sample.error), "%s", sample.error.text);
    ck_assert_msg(prove_groups(&sample.plan, &sample.error), "%s", sample.error.text);
    expect_stuck(&sample, "@communicators_cross@");
}
END_TEST

/* All of them in one order, though each class in a list of its own: every rank walks by itself, and arrives. */
START_TEST(classes_within_groups)
{
    struct sample sample;
    sample_strategy(&sample, 2, 2, 2, 2, 4);
    ck_assert(sample_plan(&sample));
    sample_split(&sample.plan, on_diagonal);
    ck_assert_msg(verify_plan(&sample.plan, &sample.error), "%s", sample.error.text);
    sample_free(&sample);
}
END_TEST

START_TEST(stages_cross)
{
    struct sample sample;
    sample_strategy(&sample, 2, 2, 1, 1, 2);
    ck_assert(sample_plan(&sample));
    sample_move(sample_op(&sample.plan, 1, PREFILL, OP_RECEIVE_STAGE, 1, -1),
                sample_op(&sample.plan, 1, PREFILL, OP_RECEIVE_STAGE, 0, -1));
    expect_stuck(&sample, "@stages_cross@");
}
END_TEST

START_TEST(peer_has_finished)
{
    struct sample sample;
    sample_strategy(&sample, 1, 1, 1, 2, 2);
    ck_assert(sample_plan(&sample));
    sample_split(&sample.plan, at_tp_1);
    sample_remove(&sample.plan, 1, DECODE, sample_op(&sample.plan, 1, DECODE, OP_GATHER_LOGITS, 1, -1));
    sample_remove(&sample.plan, 1, DECODE, sample_op(&sample.plan, 1, DECODE, OP_SAMPLE, 1, -1));
    expect_stuck(&sample, "@peer_has_finished@");
}
END_TEST

START_TEST(slot_is_kept)
{
    struct sample sample;
    sample_strategy(&sample, 1, 2, 2, 2, 4);
    ck_assert(sample_plan(&sample));
    sample_remove(&sample.plan, 0, PREFILL, sample_op(&sample.plan, 0, PREFILL, OP_EXPERTS, 1, 1));
    expect_stuck(&sample, "@slot_is_kept@");
}
END_TEST

/* The slot of layer 0 is freed after layer 1 was to be posted: each rank waits for all the others. */
START_TEST(slot_is_freed_late)
{
    struct sample sample;
    sample_strategy(&sample, 2, 2, 2, 1, 4);
    ck_assert(sample_plan(&sample));
    sample_move(sample_op(&sample.plan, 1, DECODE, OP_EXPERTS, 0, 0),
                sample_op(&sample.plan, 1, DECODE, OP_DISPATCH_START, 0, 1));
    expect_stuck(&sample, "@slot_is_freed_late@");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verify schedule");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, fault, 0, FAULT_COUNT);
    tcase_add_test(tests, communicators_cross);
    tcase_add_test(tests, classes_within_groups);
    tcase_add_test(tests, stages_cross);
    tcase_add_test(tests, peer_has_finished);
    tcase_add_test(tests, slot_is_kept);
    tcase_add_test(tests, slot_is_freed_late);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
