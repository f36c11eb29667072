/* Proofs over op lists: faults of order, lifetimes and groups are refused, and runs that would never end. */
#include "verify_sample.h"

#include "run_case.h"

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
      "class first (ranks 0-3), prefill op 31 \"layer 1 expert dispatch start B\" comes where \"layer 1 expert "       \
      "routing B\" is due")                                                                                            \
    X(layers_swapped,                                                                                                  \
      sample_move(sample_op(plan, 1, DECODE, OP_ATTENTION, 0, 1), sample_op(plan, 1, DECODE, OP_ATTENTION, 0, 0)),     \
      grid, verify_plan,                                                                                               \
      "class last (ranks 4-7), decode op 3 \"layer 3 attention A\" comes where \"layer 2 attention A\" is due")        \
    X(wait_before_post,                                                                                                \
      sample_move(sample_op(plan, 0, DECODE, OP_DISPATCH_START, 0, 0),                                                 \
                  sample_op(plan, 0, DECODE, OP_DISPATCH_FINISH, 0, 0)),                                               \
      grid, verify_plan,                                                                                               \
      "class first (ranks 0-3), decode op 7 \"layer 0 expert dispatch A\" comes where \"layer 0 expert dispatch "      \
      "start A\" is due")                                                                                              \
    X(not_sent, sample_remove(plan, 0, DECODE, sample_op(plan, 0, DECODE, OP_SEND_STAGE, 1, -1)), grid, verify_plan,   \
      "class first (ranks 0-3), decode ends before \"stage send B\"")                                                  \
    X(sampled_twice, *sample_op(plan, 1, DECODE, OP_ROTARY, 1, -1) = *sample_op(plan, 1, DECODE, OP_SAMPLE, 0, -1),    \
      grid, verify_plan, "class last (ranks 4-7), decode op 24 \"sampling A\" comes where nothing more is due")        \
    X(shares_unsummed, sample_op(plan, 0, PREFILL, OP_REDUCE_ATTENTION, 0, 0)->kind = OP_ADD_ATTENTION, grid,          \
      verify_plan,                                                                                                     \
      "class first (ranks 0-3), prefill op 8 \"layer 0 attention residual A\" comes where \"layer 0 attention "        \
      "all-reduce A\" is due")                                                                                         \
    X(rotary_missing, sample_remove(plan, 0, DECODE, sample_op(plan, 0, DECODE, OP_ROTARY, 1, -1)), grid, verify_plan, \
      "class first (ranks 0-3), decode has the rotary angles of micro-batch B 0 times")                                \
    X(rotary_twice, sample_op(plan, 0, DECODE, OP_ROTARY, 1, -1)->micro = 0, grid, verify_plan,                        \
      "class first (ranks 0-3), decode has the rotary angles of micro-batch A 2 times")

#define LIFETIMES_FAULTS(X)                                                                                            \
    X(rotary_late,                                                                                                     \
      sample_move(sample_op(plan, 1, DECODE, OP_ROTARY, 0, -1), sample_op(plan, 1, DECODE, OP_HEAD, 0, -1)), batch,    \
      prove_lifetimes,                                                                                                 \
      "class last (ranks 4-7), decode op 2 \"layer 2 attention A\" reads ROTARY, which nothing has written")           \
    X(routes_missing, sample_remove(plan, 0, PREFILL, sample_op(plan, 0, PREFILL, OP_ROUTE, 1, 0)), batch,             \
      prove_lifetimes,                                                                                                 \
      "class first (ranks 0-3), prefill op 13 \"layer 0 expert dispatch start B\" reads ROUTED, which nothing has "    \
      "written")                                                                                                       \
    X(routes_stale, sample_remove(plan, 0, PREFILL, sample_op(plan, 0, PREFILL, OP_ROUTE, 1, 1)), batch,               \
      prove_lifetimes,                                                                                                 \
      "class first (ranks 0-3), prefill op 31 \"layer 1 expert dispatch start B\" reads ROUTED, which holds what an "  \
      "earlier layer left")                                                                                            \
    X(share_stale, sample_remove(plan, 1, DECODE, sample_op(plan, 1, DECODE, OP_ATTENTION, 0, 1)), batch,              \
      prove_lifetimes,                                                                                                 \
      "class last (ranks 4-7), decode op 12 \"layer 3 attention all-reduce A\" reads PARTIAL, which holds what an "    \
      "earlier layer left")

#define GROUPS_FAULTS(X)                                                                                               \
    X(calls_swapped, enter_b_first(plan, sample_split(plan, at_tp_1)), grid, prove_groups,                             \
      "ranks 0 and 1 are in one tp group, but in prefill rank 0 calls op 3 \"embedding all-reduce A\" where rank 1 "   \
      "calls op 3 \"embedding all-reduce B\"")                                                                         \
    X(call_missing, sample_split(plan, at_ep_1);                                                                       \
      sample_remove(plan, 2, DECODE, sample_op(plan, 2, DECODE, OP_COMBINE_FINISH, 1, 1)), grid, prove_groups,         \
      "ranks 0 and 2 are in one ep group, but in decode rank 0 calls op 42 \"layer 1 expert combine B\" where rank 2 " \
      "calls nothing more")                                                                                            \
    X(mailbox_moved, sample_split(plan, at_ep_1);                                                                      \
      mailbox(plan, 2, COMBINE, 1)->stride += 64, grid, prove_groups,                                                  \
      "ranks 0 and 2 are in one ep group, but op 20 \"layer 0 expert combine start B\" goes through mailbox COMBINE "  \
      "of micro-batch B, which differs in place or size")                                                              \
    X(receives_swapped, receive_b_first(plan), grid, prove_groups,                                                     \
      "in prefill rank 0 sends op 43 \"stage send A\" where rank 4, the stage after it, receives op 2 \"stage "        \
      "receive B\"")                                                                                                   \
    X(receive_missing, sample_remove(plan, 1, DECODE, sample_op(plan, 1, DECODE, OP_RECEIVE_STAGE, 1, -1)), grid,      \
      prove_groups,                                                                                                    \
      "in decode rank 0 sends op 44 \"stage send B\" where rank 4, the stage after it, receives nothing more")         \
    X(stage_too_small, mailbox(plan, 1, STAGE, 1)->bytes = 64, grid, prove_groups,                                     \
      "in prefill rank 0 sends up to 768 bytes by op 44 \"stage send B\", but rank 4 has room for 64")

ORDER_FAULTS(FAULT_FUNCTION)
LIFETIMES_FAULTS(FAULT_FUNCTION)
GROUPS_FAULTS(FAULT_FUNCTION)

/* clang-format off */
static const struct fault faults[] = {
    ORDER_FAULTS(FAULT_ROW)
    LIFETIMES_FAULTS(FAULT_ROW)
    GROUPS_FAULTS(FAULT_ROW)
};
/* clang-format on */

enum { FAULT_COUNT = sizeof faults / sizeof *faults };

START_TEST(fault)
{
    expect_refused(&faults[_i]);
}
END_TEST

/* Two classes of receivers, one place for their mailboxes: a middle stage that keeps its own elsewhere is not found. */
START_TEST(stage_mailbox_elsewhere)
{
    struct sample sample;
    sample_strategy(&sample, 1, 3, 1, 1, 3);
    ck_assert(sample_plan(&sample));
    mailbox(&sample.plan, 1, STAGE, 1)->data += 64;
    ck_assert(!prove_groups(&sample.plan, &sample.error));
    ck_assert_str_eq(
        sample.error.text,
        "class middle (rank 1) and class last differ in where mailbox STAGE of micro-batch B is" REPORT_IT);
    ck_assert_int_eq(sample.error.line, KEY_stages + 1);
    sample_free(&sample);
}
END_TEST

/* ---- progress */

static void expect_stuck(struct sample *sample, const char *reason)
{
    char text[2048];
    snprintf(text, sizeof text, "%s" REPORT_IT, reason);
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
    expect_stuck(&sample, "decode stops for good: rank 0 waits in op 8 \"layer 0 expert dispatch A\" for rank 2, which "
                          "waits in op 8 \"embedding all-reduce B\" for rank 3, which waits in op 8 \"layer 0 expert "
                          "dispatch A\" for rank 1, which waits in op 8 \"embedding all-reduce B\" for rank 0");
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
    expect_stuck(&sample, "prefill stops for good: rank 0 waits in op 10 \"stage send A\" for rank 1, which waits in "
                          "op 2 \"stage receive B\" for rank 0");
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
    expect_stuck(&sample,
                 "decode stops for good: rank 0 waits in op 39 \"logits all-gather B\" for rank 1, which has finished");
}
END_TEST

/* A rank that waits for rows before it sends its own. */
START_TEST(wait_early)
{
    struct sample sample;
    sample_strategy(&sample, 1, 1, 2, 1, 1);
    ck_assert(sample_plan(&sample));
    sample_split(&sample.plan, at_ep_1);
    sample_move(sample_op(&sample.plan, 1, DECODE, OP_DISPATCH_START, 0, 0),
                sample_op(&sample.plan, 1, DECODE, OP_DISPATCH_FINISH, 0, 0));
    expect_stuck(&sample, "decode stops for good: rank 1 waits in op 6 \"layer 0 expert dispatch A\" for what it "
                          "signals itself later on");
}
END_TEST

START_TEST(slot_is_kept)
{
    struct sample sample;
    sample_strategy(&sample, 1, 2, 2, 2, 4);
    ck_assert(sample_plan(&sample));
    sample_remove(&sample.plan, 0, PREFILL, sample_op(&sample.plan, 0, PREFILL, OP_EXPERTS, 1, 1));
    expect_stuck(&sample, "class first (ranks 0-3) fills mailbox DISPATCH of micro-batch B 2 times in prefill, but "
                          "hands it back 1 times");
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
    expect_stuck(&sample, "decode stops for good: rank 2 waits in op 14 \"layer 3 expert dispatch start A\" for rank "
                          "3, which waits in op 14 \"layer 3 expert dispatch start A\" for rank 2");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, fault, 0, FAULT_COUNT);
    tcase_add_test(tests, stage_mailbox_elsewhere);
    tcase_add_test(tests, communicators_cross);
    tcase_add_test(tests, classes_within_groups);
    tcase_add_test(tests, stages_cross);
    tcase_add_test(tests, peer_has_finished);
    tcase_add_test(tests, wait_early);
    tcase_add_test(tests, slot_is_kept);
    tcase_add_test(tests, slot_is_freed_late);
    return run_case("verify schedule", tests);
}
