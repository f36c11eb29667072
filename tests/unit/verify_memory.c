/* Proofs over memory: faults of tensors, shard files, arena, mailboxes, capacities and ledger are refused. */
#include "verify_sample.h"

/* Adds a buffer behind the others of class 0. */
static void add_buffer(struct plan *plan, enum buffer_kind kind, int micro)
{
    struct rank_class *class = &plan->classes[0];
    struct buffer *buffers = pool_take(&plan->pool, (size_t) class->buffer_count + 1, sizeof *buffers);
    memcpy(buffers, class->buffers, (size_t) class->buffer_count * sizeof *buffers);
    buffers[class->buffer_count++] = (struct buffer){kind, micro, class->arena_bytes, 4096, "one too many"};
    class->buffers = buffers;
    class->arena_bytes += 4096;
}

#define TENSORS_FAULTS(X)                                                                                              \
    X(embedding_missing, tensor(plan, 0, EMBEDDING)->present = false, stages, verify_plan, "@embedding_missing@")      \
    X(head_needless, *tensor(plan, 0, LM_HEAD) = *tensor(plan, 1, LM_HEAD), stages, verify_plan, "@head_needless@")    \
    X(qkv_too_narrow, tensor(plan, 0, QKV)->outputs = 40, model, verify_plan, "@qkv_too_narrow@")                      \
    X(router_rounded, tensor(plan, 1, ROUTER)->dtype = DTYPE_BF16, model, verify_plan, "@router_rounded@")             \
    X(down_too_short, tensor(plan, 0, DOWN)->bytes -= 64, model, verify_plan, "@down_too_short@")                      \
    X(down_unrepeated, tensor(plan, 0, DOWN)->slot_stride = 0, model, verify_plan, "@down_unrepeated@")                \
    X(qkv_over_norm, tensor(plan, 0, QKV)->offset -= 64, model, verify_plan, "@qkv_over_norm@")                        \
    X(slots_over_slots, tensor(plan, 0, GATE_UP)->slot_stride = tensor(plan, 0, GATE_UP)->bytes, model, verify_plan,   \
      "@slots_over_slots@")                                                                                            \
    X(shard_too_small, plan->classes[1].shard_bytes[SHARD_EXPERTS] -= 64, model, verify_plan, "@shard_too_small@")

#define SHARDS_FAULTS(X)                                                                                               \
    X(name_of_another, plan->ranks[1].shards[SHARD_EXPERTS] = plan->ranks[0].shards[SHARD_EXPERTS], grid, verify_plan, \
      "@name_of_another@")                                                                                             \
    X(name_of_its_own, plan->ranks[2].shards[SHARD_DENSE] = "copy", grid, verify_plan, "@name_of_its_own@")            \
    X(dense_for_experts, plan->ranks[4].shards[SHARD_EXPERTS] = plan->ranks[4].shards[SHARD_DENSE], grid, verify_plan, \
      "@dense_for_experts@")

#define ARENA_FAULTS(X)                                                                                                \
    X(buffer_missing, *buffer(plan, ROUTED, 1) = plan->classes[0].buffers[--plan->classes[0].buffer_count], batch,     \
      verify_plan, "@buffer_missing@")                                                                                 \
    X(sums_too_small, buffer(plan, EXPERT_OUT, 0)->bytes = 64, batch, verify_plan, "@sums_too_small@")                 \
    X(cache_too_small, buffer(plan, KV, -1)->bytes -= 64, batch, verify_plan, "@cache_too_small@")                     \
    X(buffer_unaligned, buffer(plan, ROTARY, 0)->offset += 4, batch, verify_plan, "@buffer_unaligned@")                \
    X(buffers_overlap, buffer(plan, ROUTED, 1)->offset = buffer(plan, RESIDUAL, 0)->offset + 64, batch, verify_plan,   \
      "@buffers_overlap@")                                                                                             \
    X(arena_too_small, plan->classes[0].arena_bytes -= 64, batch, verify_plan, "@arena_too_small@")                    \
    X(shares_in_arena, add_buffer(plan, BUFFER_PARTIAL, 0), batch, verify_plan, "@shares_in_arena@")

#define MAILBOXES_FAULTS(X)                                                                                            \
    X(mailbox_missing, *mailbox(plan, 0, COMBINE, 1) = plan->classes[0].mailboxes[--plan->classes[0].mailbox_count],   \
      batch, verify_plan, "@mailbox_missing@")                                                                         \
    X(slots_too_few, mailbox(plan, 0, DISPATCH, 0)->slots = 1, batch, verify_plan, "@slots_too_few@")                  \
    X(message_too_small, mailbox(plan, 0, DISPATCH, 0)->stride -= 64, batch, verify_plan, "@message_too_small@")       \
    X(messages_too_small, mailbox(plan, 1, COMBINE, 0)->bytes -= 64, batch, verify_plan, "@messages_too_small@")       \
    X(mailbox_unaligned, mailbox(plan, 0, PARTIAL, 0)->data += 8, batch, verify_plan, "@mailbox_unaligned@")           \
    X(mailboxes_overlap, mailbox(plan, 0, PARTIAL, 1)->flags = mailbox(plan, 0, PARTIAL, 0)->data, batch, verify_plan, \
      "@mailboxes_overlap@")                                                                                           \
    X(load_missing, mailbox(plan, 0, LOAD, -1)->kind = MAILBOX_TOKENS, batch, verify_plan, "@load_missing@")           \
    X(part_too_small, plan->mailbox_bytes = 4096, batch, verify_plan, "@part_too_small@")                              \
    X(segment_too_small, plan->segment_bytes -= 4096, batch, verify_plan, "@segment_too_small@")                       \
    X(headers_overlap, plan->step_bytes *= 2, batch, verify_plan, "@headers_overlap@")

#define CAPACITY_FAULTS(X)                                                                                             \
    X(dispatch_unknown, plan->dispatch = "perhaps", dispatch, verify_plan, "@dispatch_unknown@")                       \
    X(capacity_too_small, both(plan, expert_capacity, 5), dispatch, verify_plan, "@capacity_too_small@")               \
    X(arrivals_too_few, both(plan, arrival_rows, 6), dispatch, verify_plan, "@arrivals_too_few@")                      \
    X(blocks_too_few, both(plan, sequence_blocks, 2), batch, verify_plan, "@blocks_too_few@")                          \
    X(pool_too_small, both(plan, kv_blocks, 2);                                                                        \
      buffer(plan, KV, -1)->bytes += 0, batch, verify_plan, "@pool_too_small@")

#define LEDGER_FAULTS(X)                                                                                               \
    X(line_off, plan->classes[0].ledger[0].bytes += 1, target, verify_plan, "@line_off@")                              \
    X(sum_off, plan->classes[1].ledger_bytes += 1, target, verify_plan, "@sum_off@")                                   \
    X(arena_with_hole, plan->classes[0].arena_bytes += 64, target, verify_plan, "@arena_with_hole@")                   \
    X(headers_uncounted, plan->classes[1].ledger[plan->classes[1].ledger_count - 2].bytes -= 4096, target,             \
      verify_plan, "@headers_uncounted@")                                                                              \
    X(program_forgotten, plan->classes[1].ledger_count--, target, verify_plan, "@program_forgotten@")                  \
    X(memory_short_unlisted, plan->memory_bytes = 20000;                                                               \
      plan->classes[0].ledger_count = 0, target, verify_plan, "@memory_short_unlisted@")

TENSORS_FAULTS(FAULT_FUNCTION)
SHARDS_FAULTS(FAULT_FUNCTION)
ARENA_FAULTS(FAULT_FUNCTION)
MAILBOXES_FAULTS(FAULT_FUNCTION)
CAPACITY_FAULTS(FAULT_FUNCTION)
LEDGER_FAULTS(FAULT_FUNCTION)

static const struct fault faults[] = {TENSORS_FAULTS(FAULT_ROW) SHARDS_FAULTS(FAULT_ROW) ARENA_FAULTS(
    FAULT_ROW) MAILBOXES_FAULTS(FAULT_ROW) CAPACITY_FAULTS(FAULT_ROW) LEDGER_FAULTS(FAULT_ROW)};

enum { FAULT_COUNT = sizeof faults / sizeof *faults };

START_TEST(fault)
{
    expect_refused(&faults[_i]);
}
END_TEST

/* The one refusal that is the strategy's fault: it shows the ledger and where it goes over. */
START_TEST(memory_short)
{
    struct sample sample;
    sample_strategy(&sample, 1, 2, 2, 2, 4);
    sample.strategy.target.memory_bytes = 40000;
    ck_assert(sample_plan(&sample));
    ck_assert(!verify_plan(&sample.plan, &sample.error));
    ck_assert_str_eq(sample.error.text, "@memory_short@");
    ck_assert_int_eq(sample.error.line, KEY_target + 1);
    sample_free(&sample);
}
END_TEST

/* A plan read back from sources points at no strategy. */
START_TEST(read_back)
{
    struct sample sample;
    sample_strategy(&sample, 1, 2, 2, 2, 4);
    ck_assert(sample_plan(&sample));
    sample.plan.path = NULL;
    buffer(&sample.plan, ROTARY, 0)->offset += 4;
    ck_assert(!verify_plan(&sample.plan, &sample.error));
    ck_assert_str_eq(sample.error.text, "@read_back@");
    ck_assert_str_eq(sample.error.file, "");
    ck_assert_int_eq(sample.error.line, 0);
    sample_free(&sample);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("verify memory");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, fault, 0, FAULT_COUNT);
    tcase_add_test(tests, memory_short);
    tcase_add_test(tests, read_back);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
