/* Proofs over plans for GPUs: what the planner makes passes, and what breaks it is refused. */
#include "verify_sample.h"

#include "run_case.h"

/* An op of class 0, in prefill. */
static struct op *op(struct plan *plan, enum op_kind kind, int micro, int layer)
{
    return sample_op(plan, 0, PREFILL, kind, micro, layer);
}

static struct schedule *decode_of(struct plan *plan, int class_index)
{
    return &plan->classes[class_index].schedules[DECODE];
}

static bool at_tp_1(const struct rank_row *row)
{
    return row->at[AXIS_TP] == 1;
}

static bool on_diagonal(const struct rank_row *row)
{
    return (row->at[AXIS_EP] + row->at[AXIS_TP]) % 2 == 1;
}

static void await_none(struct op *op)
{
    op->awaits = 0;
}

/* A's rows leave before the last layer's experts are on them. */
static void send_early(struct plan *plan)
{
    struct op *last = sample_op(plan, 0, DECODE, OP_ADD_EXPERTS, 0, 1);
    sample_move(sample_op(plan, 0, DECODE, OP_SEND_STAGE, 0, -1), last);
    last->awaits = 22; /* the combine of that layer, which records its end */
}

static void swap_ops(struct op *left, struct op *right)
{
    struct op kept = *left;
    left->kind = right->kind, left->micro = right->micro, left->layer = right->layer;
    right->kind = kept.kind, right->micro = kept.micro, right->layer = kept.layer;
}

static struct ledger_line *line_of(struct plan *plan, const char *prefix)
{
    struct rank_class *class = &plan->classes[0];
    for (int i = 0; i < class->ledger_count; i++)
        if (strncmp(class->ledger[i].purpose, prefix, strlen(prefix)) == 0)
            return &class->ledger[i];
    abort();
}

#define FORM_FAULTS(X)                                                                                                 \
    X(device_of_class, plan->classes[1].device = DEVICE_CPU, target, verify_plan,                                      \
      "class last runs on cpu, but the plan is for cuda")                                                              \
    X(transport, plan->transport = "shm", target, verify_plan, "ranks on cuda send by nccl, but the plan is for shm")  \
    X(op_of_processors, op(plan, OP_ADD_AND_ROUTE, 0, 1)->kind = OP_ROUTE, target, verify_plan,                        \
      "prefill op 30 is ROUTE, which a device of kind cuda does not have")                                             \
    X(awaits_beyond, op(plan, OP_ATTENTION, 0, 1)->awaits = 900, batch, verify_plan,                                   \
      "class first (ranks 0-3), prefill op 24 \"layer 1 attention A\" awaits op 900, but there are 54")                \
    X(joins_beyond, decode_of(plan, 0)->joins = -1, batch, verify_plan,                                                \
      "class first (ranks 0-3), the end of decode awaits op -1, but there are 50")                                     \
    X(shared_by_micro_batch, buffer(plan, WORKSPACE, -1)->micro = 1, batch, verify_plan,                               \
      "class first (ranks 0-3), buffer 21 is WORKSPACE with micro-batch 1, which is unknown or doubled")

#define ORDER_FAULTS(X)                                                                                                \
    X(counts_skipped, sample_remove(plan, 0, PREFILL, op(plan, OP_DISPATCH_COUNTS, 1, 0)), grid, prove_order,          \
      "class first (ranks 0-3), prefill op 24 \"layer 0 expert dispatch start B\" comes where \"layer 0 expert "       \
      "dispatch counts B\" is due")                                                                                    \
    X(counts_late, sample_move(op(plan, OP_DISPATCH_COUNTS, 0, 1), op(plan, OP_DISPATCH_START, 0, 1)), grid,           \
      prove_order,                                                                                                     \
      "class first (ranks 0-3), prefill op 35 \"layer 1 expert dispatch start A\" comes where \"layer 1 expert "       \
      "dispatch counts A\" is due")                                                                                    \
    X(counts_in_graph, sample_op(plan, 0, DECODE, OP_DISPATCH_START, 0, 0)->kind = OP_DISPATCH_COUNTS, grid,           \
      prove_order,                                                                                                     \
      "class first (ranks 0-3), decode op 8 \"layer 0 expert dispatch counts A\" comes where \"layer 0 expert "        \
      "dispatch start A\" is due")                                                                                     \
    X(sum_skipped, sample_remove(plan, 0, DECODE, sample_op(plan, 0, DECODE, OP_SUM_EXPERTS, 1, 1)), grid,             \
      prove_order,                                                                                                     \
      "class first (ranks 0-3), decode op 48 \"layer 1 experts residual B\" comes where \"layer 1 experts all-reduce " \
      "B\" is due")

#define STREAM_FAULTS(X)                                                                                               \
    X(await_dropped, await_none(op(plan, OP_SUM_ATTENTION, 0, 1)), batch, verify_plan,                                 \
      "class first (ranks 0-3), prefill op 26 \"layer 1 attention all-reduce A\" and op 24 \"layer 1 attention A\" "   \
      "touch PARTIAL of micro-batch A on different streams, but op 26 does not await op 24")                           \
    X(await_of_reader_dropped, await_none(sample_op(plan, 0, DECODE, OP_SEND_STAGE, 0, -1)), batch, prove_streams,     \
      "class first (ranks 0-3), decode op 25 \"stage send A\" and op 24 \"layer 1 experts residual A\" touch "         \
      "RESIDUAL of micro-batch A on different streams, but op 25 does not await op 24")                                \
    X(overwritten_while_sent, send_early(plan), batch, prove_streams,                                                  \
      "class first (ranks 0-3), decode op 25 \"layer 1 experts residual A\" and op 24 \"stage send A\" touch "         \
      "RESIDUAL of micro-batch A on different streams, but op 25 does not await op 24")                                \
    X(await_too_early, op(plan, OP_DISPATCH_FINISH, 0, 1)->awaits--, batch, prove_streams,                             \
      "class first (ranks 0-3), prefill op 38 \"layer 1 expert dispatch A\" awaits op 35 \"layer 1 attention B\", "    \
      "which does not come before it on the other stream")                                                             \
    X(await_of_itself, op(plan, OP_EXPERTS, 0, 0)->awaits = 17, batch, prove_streams,                                  \
      "class first (ranks 0-3), prefill op 17 \"layer 0 experts A\" awaits op 17 \"layer 0 experts A\", which does "   \
      "not come before it on the other stream")                                                                        \
    X(await_of_later, op(plan, OP_EXPERTS, 0, 0)->awaits = 18, batch, prove_streams,                                   \
      "class first (ranks 0-3), prefill op 17 \"layer 0 experts A\" awaits op 18 \"layer 0 expert combine start A\", " \
      "which does not come before it on the other stream")                                                             \
    X(await_of_own_stream, op(plan, OP_EXPERTS, 0, 0)->awaits = 13, batch, prove_streams,                              \
      "class first (ranks 0-3), prefill op 17 \"layer 0 experts A\" awaits op 13 \"layer 0 attention B\", which does " \
      "not come before it on the other stream")                                                                        \
    X(not_recorded, op(plan, OP_SUM_ATTENTION, 1, 0)->recorded = false, batch, prove_streams,                          \
      "class first (ranks 0-3), prefill op 19 \"layer 0 attention residual and expert routing B\" awaits op 15 "       \
      "\"layer 0 attention all-reduce B\", which does not record its end")                                             \
    X(recorded_for_nobody, op(plan, OP_ROTARY, 1, -1)->recorded = true, batch, prove_streams,                          \
      "class first (ranks 0-3), prefill op 9 \"rotary angles B\" records its end, but nothing awaits it")              \
    X(host_forgets, op(plan, OP_DISPATCH_START, 0, 1)->host_awaits = 0, dispatch, prove_streams,                       \
      "the host awaits op 0 before class first (ranks 0-3), prefill op 36 \"layer 1 expert dispatch start A\", but "   \
      "needs the counts of op 31 (0: of none)")                                                                        \
    X(host_awaits_other, op(plan, OP_DISPATCH_START, 1, 0)->host_awaits -= 1, dispatch, prove_streams,                 \
      "the host awaits op 19 before class first (ranks 0-3), prefill op 25 \"layer 0 expert dispatch start B\", but "  \
      "needs the counts of op 20 (0: of none)")                                                                        \
    X(host_in_graph, decode_of(plan, 0)->ops[9].host_awaits = 9, dispatch, prove_streams,                              \
      "the host awaits op 9 before class first (ranks 0-3), decode op 10 \"layer 0 experts A\", but needs the counts " \
      "of op 0 (0: of none)")                                                                                          \
    X(host_is_not_told, op(plan, OP_DISPATCH_COUNTS, 0, 0)->recorded = false, dispatch, prove_streams,                 \
      "the host awaits class first (ranks 0-3), prefill op 8 \"layer 0 expert dispatch counts A\", which does not "    \
      "record its end")                                                                                                \
    X(joins_nothing, decode_of(plan, 0)->joins = 0, batch, prove_streams,                                              \
      "class first (ranks 0-3), decode op 50 \"stage send B\" may not have ended when the step does: the end awaits "  \
      "op 48")                                                                                                         \
    X(joins_too_early, decode_of(plan, 0)->joins = 48, batch, prove_streams,                                           \
      "class first (ranks 0-3), decode op 50 \"stage send B\" may not have ended when the step does: the end awaits "  \
      "op 48")                                                                                                         \
    X(joins_compute, decode_of(plan, 0)->joins = 49, batch, prove_streams,                                             \
      "class first (ranks 0-3), decode op 49 \"layer 1 experts residual B\" is on the stream that the step ends on, "  \
      "yet the end awaits it")                                                                                         \
    X(join_not_recorded, decode_of(plan, 0)->ops[49].recorded = false, batch, prove_streams,                           \
      "class first (ranks 0-3), decode op 50 \"stage send B\" does not record its end, which the end of the step "     \
      "awaits")                                                                                                        \
    X(not_forked, await_none(&decode_of(plan, 1)->ops[1]), batch, prove_streams,                                       \
      "class last (ranks 4-7), decode op 2 \"stage receive A\" is the first on the comm stream, but awaits nothing "   \
      "that the compute stream did in this step")

#define GROUP_FAULTS(X)                                                                                                \
    X(calls_swapped, int other = sample_split(plan, at_tp_1);                                                          \
      swap_ops(sample_op(plan, other, PREFILL, OP_SUM_ATTENTION, 1, 0),                                                \
               sample_op(plan, other, PREFILL, OP_SUM_EXPERTS, 0, 0)),                                                 \
      grid, prove_groups,                                                                                              \
      "ranks 0 and 1 are in one tp group, but in prefill rank 0 calls op 15 \"layer 0 attention all-reduce B\" where " \
      "rank 1 calls op 15 \"layer 0 experts all-reduce A\"")                                                           \
    X(counts_missing, sample_split(plan, on_diagonal);                                                                 \
      sample_remove(plan, 2, PREFILL, sample_op(plan, 2, PREFILL, OP_DISPATCH_COUNTS, 1, 1)), grid, prove_groups,      \
      "ranks 0 and 2 are in one ep group, but in prefill rank 0 calls op 42 \"layer 1 expert dispatch counts B\" "     \
      "where rank 2 calls op 46 \"layer 1 expert dispatch start B\"")                                                  \
    X(sends_swapped, swap_ops(op(plan, OP_SEND_STAGE, 0, -1), op(plan, OP_SEND_STAGE, 1, -1)), grid, prove_groups,     \
      "in prefill rank 0 sends op 46 \"stage send B\" where rank 4, the stage after it, receives op 2 \"stage "        \
      "receive A\"")                                                                                                   \
    X(residual_too_small, ((struct buffer *)find_buffer(&plan->classes[1], BUFFER_RESIDUAL, 1))->bytes = 256, grid,    \
      prove_groups, "in prefill rank 0 sends up to 768 bytes by op 54 \"stage send B\", but rank 4 has room for 256")

#define MEMORY_FAULTS(X)                                                                                               \
    X(no_workspace, *buffer(plan, WORKSPACE, -1) = *buffer(plan, LOAD, -1), batch, prove_arena,                        \
      "class first (ranks 0-3), prefill op 5 \"layer 0 attention A\" has no memory for WORKSPACE")                     \
    X(residual_of_bf16, buffer(plan, RESIDUAL, 0)->bytes = 512, batch, prove_arena,                                    \
      "class first (ranks 0-3) has 512 bytes for RESIDUAL of micro-batch A, but its shape takes 768")                  \
    X(routes_small, buffer(plan, ROUTES, 0)->bytes -= 256, batch, prove_arena,                                         \
      "class first (ranks 0-3) has 0 bytes for ROUTES of micro-batch A, but its shape takes 256")                      \
    X(arrivals_small, buffer(plan, ARRIVALS, 1)->bytes -= 256, batch, prove_arena,                                     \
      "class first (ranks 0-3) has 512 bytes for ARRIVALS of micro-batch B, but its shape takes 576")                  \
    X(outgoing_small, buffer(plan, OUTGOING, 0)->bytes -= 256, batch, prove_arena,                                     \
      "class first (ranks 0-3) has 256 bytes for OUTGOING of micro-batch A, but its shape takes 480")                  \
    X(incoming_small, buffer(plan, INCOMING, 0)->bytes -= 256, batch, prove_arena,                                     \
      "class first (ranks 0-3) has 768 bytes for INCOMING of micro-batch A, but its shape takes 960")                  \
    X(step_small, buffer(plan, STEP, -1)->bytes -= 256, batch, prove_arena,                                            \
      "class first (ranks 0-3) has 256 bytes for STEP, but its shape takes 352")                                       \
    X(cache_small, buffer(plan, KV, -1)->bytes -= 256, batch, prove_arena,                                             \
      "class first (ranks 0-3) has 24320 bytes for KV, but its shape takes 24576")                                     \
    X(on_half_a_line, buffer(plan, OUTGOING, 0)->offset += 128, batch, prove_arena,                                    \
      "class first (ranks 0-3) has OUTGOING of micro-batch A at byte 6784, which is not a multiple of 256")            \
    X(out_of_row, buffer(plan, PARTIAL, 1)->offset += 256, batch, prove_arena,                                         \
      "class first (ranks 0-3) has PARTIAL of micro-batch B at byte 2304, which is not where it follows micro-batch "  \
      "A")                                                                                                             \
    X(mailbox_of_peers, mailbox(plan, 0, LOAD, -1)->kind = MAILBOX_COUNTS, target, prove_mailboxes,                    \
      "class first (ranks 0-3) has mailbox COUNTS, which nobody on a GPU writes")                                      \
    X(no_logits, mailbox(plan, 1, LOGITS, 1)->kind = MAILBOX_LOAD, batch, prove_mailboxes,                             \
      "class last (ranks 4-7) lacks a mailbox that the head reads")                                                    \
    X(reserve_missing, line_of(plan, "reserve: NCCL")->bytes = 0, target, prove_ledger,                                \
      "class first (ranks 0-3) has 671088640 bytes for the driver and 0 for NCCL in its ledger, which a rank with "    \
      "peers does not have")

FORM_FAULTS(FAULT_FUNCTION)
ORDER_FAULTS(FAULT_FUNCTION)
STREAM_FAULTS(FAULT_FUNCTION)
GROUP_FAULTS(FAULT_FUNCTION)
MEMORY_FAULTS(FAULT_FUNCTION)

/* clang-format off */
static const struct fault faults[] = {
    FORM_FAULTS(FAULT_ROW)
    ORDER_FAULTS(FAULT_ROW)
    STREAM_FAULTS(FAULT_ROW)
    GROUP_FAULTS(FAULT_ROW)
    MEMORY_FAULTS(FAULT_ROW)
};
/* clang-format on */

enum { FAULT_COUNT = sizeof faults / sizeof *faults };

START_TEST(fault)
{
    expect_refused_with(sample_cuda_strategy, &faults[_i]);
}
END_TEST

/* ---- what the planner makes */

static const int grids[][AXES] = {{1, 1, 1, 1}, {2, 1, 1, 1}, {1, 4, 1, 1}, {1, 1, 4, 1}, {1, 1, 1, 2},
                                  {1, 2, 2, 2}, {2, 2, 2, 1}, {1, 4, 1, 2}, {1, 1, 8, 2}};
enum { GRIDS = sizeof grids / sizeof *grids };

/* Whatever the split, the dispatch, the dtype and the number of micro-batches. */
START_TEST(plans_pass)
{
    const int *grid = grids[_i];
    for (int micro_batches = 1; micro_batches <= 3; micro_batches++)
        for (int choice = 0; choice < 4; choice++) {
            struct sample sample;
            sample_cuda_strategy(&sample, grid[AXIS_DP], grid[AXIS_PP], grid[AXIS_EP], grid[AXIS_TP], 4);
            sample.strategy.batch.micro_batches = micro_batches;
            sample.strategy.capacity_factor = choice % 2 ? 1.25 : 0;
            sample.strategy.dtype.weights = choice / 2 ? DTYPE_F32 : DTYPE_BF16;
            ck_assert(sample_plan(&sample));
            ck_assert_msg(verify_plan(&sample.plan, &sample.error), "%s", sample.error.text);
            sample_free(&sample);
        }
}
END_TEST

/* What an op keeps for itself is ordered by the one stream that has it, however ops are listed. */
START_TEST(comm_has_no_memory_of_its_own)
{
    const unsigned own = B(SCRATCH) | B(WORKSPACE) | B(KV);
    for (int kind = 0; kind < OP_KINDS; kind++) {
        const struct op_effects *effects = &op_effects[DEVICE_CUDA][kind];
        if (effects->exists && effects->stream == STREAM_COMM)
            ck_assert_msg(((effects->reads | effects->writes) & own) == 0, "%s", op_table[kind].id);
    }
}
END_TEST

START_TEST(reserves_count)
{
    struct sample sample;
    sample_cuda_strategy(&sample, 1, 2, 2, 2, 4);
    sample.strategy.target.memory_bytes = 1u << 30;
    ck_assert(sample_plan(&sample));
    ck_assert(!verify_plan(&sample.plan, &sample.error));
    ck_assert_ptr_nonnull(strstr(sample.error.text, "reserve: NCCL communicators 805306368 <- here it goes over"));
    ck_assert_int_eq(sample.error.line, KEY_target + 1);
    sample_free(&sample);
}
END_TEST

/* With as many rows as this, experts meet them in several parts, also where they have a capacity. */
START_TEST(sums_outlast_parts)
{
    struct sample sample;
    sample_cuda_strategy(&sample, 1, 2, 2, 2, 4);
    sample.strategy.batch.prefill_rows = 12000;
    sample.strategy.capacity_factor = 1.25;
    ck_assert(sample_plan(&sample));
    ck_assert_msg(prove_arena(&sample.plan, &sample.error), "%s", sample.error.text);
    buffer(&sample.plan, EXPERT_OUT, 0)->bytes = 256;
    ck_assert(!prove_arena(&sample.plan, &sample.error));
    ck_assert_str_eq(sample.error.text,
                     "class first (ranks 0-3) has 256 bytes for EXPERT_OUT of micro-batch A, but its "
                     "shape takes 1536000" REPORT_IT);
    sample_free(&sample);
}
END_TEST

/* ---- progress */

static void expect_stuck(struct sample *sample, const char *reason)
{
    char text[2048];
    snprintf(text, sizeof text, "%s" REPORT_IT, reason);
    ck_assert_msg(prove_groups(&sample->plan, &sample->error), "%s", sample->error.text);
    ck_assert(!prove_progress(&sample->plan, &sample->error));
    ck_assert_str_eq(sample->error.text, text);
    ck_assert_int_eq(sample->error.line, KEY_grid + 1);
    sample_free(sample);
}

/* Half of the ranks send A's rows to the experts before they sum B's attention over tp, the others after it. Each
 * communicator sees one order; in mailboxes the rows would lie and wait, but NCCL keeps none. */
START_TEST(communicators_cross)
{
    struct sample sample;
    sample_cuda_strategy(&sample, 1, 1, 2, 2, 2);
    ck_assert(sample_plan(&sample));
    int other = sample_split(&sample.plan, on_diagonal);
    swap_ops(sample_op(&sample.plan, other, PREFILL, OP_DISPATCH_START, 0, 0),
             sample_op(&sample.plan, other, PREFILL, OP_SUM_ATTENTION, 1, 0));
    expect_stuck(&sample,
                 "prefill stops for good: rank 0 waits in op 14 \"layer 0 expert dispatch start A\" for rank 2, which "
                 "waits in op 14 \"layer 0 attention all-reduce B\" for rank 3, which waits in op 14 \"layer 0 expert "
                 "dispatch start A\" for rank 1, which waits in op 14 \"layer 0 attention all-reduce B\" for rank 0");
}
END_TEST

/* All of them in one order, though each class in a list of its own: every rank walks by itself, and arrives. */
START_TEST(classes_within_groups)
{
    struct sample sample;
    sample_cuda_strategy(&sample, 2, 2, 2, 2, 4);
    ck_assert(sample_plan(&sample));
    sample_split(&sample.plan, on_diagonal);
    ck_assert_msg(verify_plan(&sample.plan, &sample.error), "%s", sample.error.text);
    sample_free(&sample);
}
END_TEST

/* A stage that wants B's rows before it has summed A's, while its tp peer wants the sum first. */
START_TEST(stages_cross_a_sum)
{
    struct sample sample;
    sample_cuda_strategy(&sample, 1, 2, 1, 2, 2);
    ck_assert(sample_plan(&sample));
    int other = sample_split(&sample.plan, at_tp_1);
    swap_ops(sample_op(&sample.plan, 0, DECODE, OP_SEND_STAGE, 0, -1),
             sample_op(&sample.plan, 0, DECODE, OP_SUM_EMBEDDING, 1, -1));
    swap_ops(sample_op(&sample.plan, other + 1, DECODE, OP_RECEIVE_STAGE, 0, -1),
             sample_op(&sample.plan, other + 1, DECODE, OP_SUM_ATTENTION, 0, 0));
    expect_stuck(&sample, "decode stops for good: rank 0 waits in op 13 \"embedding all-reduce B\" for rank 1, which "
                          "waits in op 13 \"stage send A\" for rank 3, which waits in op 2 \"layer 1 attention "
                          "all-reduce A\" for rank 2, which waits in op 2 \"stage receive A\" for rank 0");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {comm_has_no_memory_of_its_own, reserves_count,        sums_outlast_parts,
                                  communicators_cross,           classes_within_groups, stages_cross_a_sum};
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, fault, 0, FAULT_COUNT);
    tcase_add_loop_test(all, plans_pass, 0, GRIDS);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(all, tests[i]);
    return run_case("verify cuda", all);
}
