/* Proofs over memory: faults of tensors, shard files, arena, mailboxes, capacities and ledger are refused. */
#include "verify_sample.h"

#include "run_case.h"

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
    X(embedding_missing, tensor(plan, 0, EMBEDDING)->present = false, stages, verify_plan,                             \
      "class first (ranks 0-3) lacks the weights EMBEDDING")                                                           \
    X(head_needless, *tensor(plan, 0, LM_HEAD) = *tensor(plan, 1, LM_HEAD), stages, verify_plan,                       \
      "class first (ranks 0-3) has no use for the weights LM_HEAD")                                                    \
    X(qkv_too_narrow, tensor(plan, 0, QKV)->outputs = 40, model, verify_plan,                                          \
      "class first (ranks 0-3) has QKV as (40, 32) bf16, but its shapes ask for (48, 32) bf16")                        \
    X(router_rounded, tensor(plan, 1, ROUTER)->dtype = DTYPE_BF16, model, verify_plan,                                 \
      "class last (ranks 4-7) has ROUTER as (8, 32) bf16, but its shapes ask for (8, 32) f32")                         \
    X(down_too_short, tensor(plan, 0, DOWN)->bytes -= 64, model, verify_plan,                                          \
      "class first (ranks 0-3) has 448 bytes for DOWN, but (32, 8) takes 512")                                         \
    X(down_unrepeated, tensor(plan, 0, DOWN)->slot_stride = 0, model, verify_plan,                                     \
      "class first (ranks 0-3) has DOWN at byte 1024, a layer every 6144 and a slot every 0")                          \
    X(qkv_over_norm, tensor(plan, 0, QKV)->offset -= 64, model, verify_plan,                                           \
      "class first (ranks 0-3) has QKV of layer 0, slot 0 over INPUT_NORM of layer 0, slot 0")                         \
    X(slots_over_slots, tensor(plan, 0, GATE_UP)->slot_stride = tensor(plan, 0, GATE_UP)->bytes, model, verify_plan,   \
      "class first (ranks 0-3) has DOWN of layer 0, slot 0 over GATE_UP of layer 0, slot 1")                           \
    X(shard_too_small, plan->classes[1].shard_bytes[SHARD_EXPERTS] -= 64, model, verify_plan,                          \
      "class last (ranks 4-7) has 12288 bytes of expert weights up to byte 12288, but shards of 12224")

#define SHARDS_FAULTS(X)                                                                                               \
    X(name_of_another, plan->ranks[1].shards[SHARD_EXPERTS] = plan->ranks[0].shards[SHARD_EXPERTS], grid, verify_plan, \
      "files of ranks 0 and 1 hold different weights, but both are named stage0-ep0-tp0.experts")                      \
    X(name_of_its_own, plan->ranks[2].shards[SHARD_DENSE] = "copy", grid, verify_plan,                                 \
      "ranks 0 and 2 hold the same weights, but name them stage0-tp0.dense and copy")                                  \
    X(dense_for_experts, plan->ranks[4].shards[SHARD_EXPERTS] = plan->ranks[4].shards[SHARD_DENSE], grid, verify_plan, \
      "the two files of rank 4 hold different weights, but both are named stage1-tp0.dense")

#define ARENA_FAULTS(X)                                                                                                \
    X(buffer_missing, *buffer(plan, ROUTED, 1) = plan->classes[0].buffers[--plan->classes[0].buffer_count], batch,     \
      verify_plan,                                                                                                     \
      "class first (ranks 0-3), prefill op 13 \"layer 0 expert routing B\" has no memory for ROUTED of micro-batch B") \
    X(sums_too_small, buffer(plan, EXPERT_OUT, 0)->bytes = 64, batch, verify_plan,                                     \
      "class first (ranks 0-3) has 64 bytes for EXPERT_OUT of micro-batch A, but its shape takes 1536")                \
    X(cache_too_small, buffer(plan, KV, -1)->bytes -= 64, batch, verify_plan,                                          \
      "class first (ranks 0-3) has 24512 bytes for KV, but its shape takes 24576")                                     \
    X(buffer_unaligned, buffer(plan, ROTARY, 0)->offset += 4, batch, verify_plan,                                      \
      "class first (ranks 0-3) has ROTARY of micro-batch A at byte 3076, which is not a multiple of 64")               \
    X(buffers_overlap, buffer(plan, ROUTED, 1)->offset = buffer(plan, RESIDUAL, 0)->offset + 64, batch, verify_plan,   \
      "class first (ranks 0-3) has ROUTED of micro-batch B over RESIDUAL of micro-batch A, at byte 64 of its arena")   \
    X(arena_too_small, plan->classes[0].arena_bytes -= 64, batch, verify_plan,                                         \
      "class first (ranks 0-3) has KV beyond the 36224 bytes of its arena")                                            \
    X(shares_in_arena, add_buffer(plan, BUFFER_PARTIAL, 0), batch, verify_plan,                                        \
      "class first (ranks 0-3) has PARTIAL of micro-batch A in its arena, where its peers cannot read it")

#define MAILBOXES_FAULTS(X)                                                                                            \
    X(mailbox_missing, *mailbox(plan, 0, COMBINE, 1) = plan->classes[0].mailboxes[--plan->classes[0].mailbox_count],   \
      batch, verify_plan,                                                                                              \
      "class first (ranks 0-3), prefill op 20 \"layer 0 expert combine start B\" has no mailbox COMBINE of "           \
      "micro-batch B")                                                                                                 \
    X(slots_too_few, mailbox(plan, 0, DISPATCH, 0)->slots = 1, batch, verify_plan,                                     \
      "class first (ranks 0-3) has 1 slots in mailbox DISPATCH of micro-batch A, but 2 ranks use it")                  \
    X(message_too_small, mailbox(plan, 0, DISPATCH, 0)->stride -= 64, batch, verify_plan,                              \
      "class first (ranks 0-3) has 1920 bytes in mailbox DISPATCH of micro-batch A, every 896 a message, but 2 "       \
      "messages take 928 each")                                                                                        \
    X(messages_too_small, mailbox(plan, 1, COMBINE, 0)->bytes -= 64, batch, verify_plan,                               \
      "class last (ranks 4-7) has 1472 bytes in mailbox COMBINE of micro-batch A, every 768 a message, but 2 "         \
      "messages take 768 each")                                                                                        \
    X(mailbox_unaligned, mailbox(plan, 0, PARTIAL, 0)->data += 8, batch, verify_plan,                                  \
      "class first (ranks 0-3) has mailbox PARTIAL of micro-batch A at bytes 0 and 264, not multiples of 64")          \
    X(mailboxes_overlap, mailbox(plan, 0, PARTIAL, 1)->flags = mailbox(plan, 0, PARTIAL, 0)->data, batch, verify_plan, \
      "class first (ranks 0-3) has mailbox PARTIAL of micro-batch B over mailbox PARTIAL of micro-batch A, at byte "   \
      "256 of its part")                                                                                               \
    X(load_missing, mailbox(plan, 0, LOAD, -1)->kind = MAILBOX_TOKENS, batch, verify_plan,                             \
      "class first (ranks 0-3) lacks a mailbox that the head reads")                                                   \
    X(part_too_small, plan->mailbox_bytes = 4096, batch, verify_plan,                                                  \
      "class first (ranks 0-3) has mailbox DISPATCH of micro-batch A beyond the 4096 bytes of a rank's part")          \
    X(segment_too_small, plan->segment_bytes -= 4096, batch, verify_plan,                                              \
      "the shared segment has 151552 bytes, but 8 mailbox parts of 16384 from byte 24576 on do not end there")         \
    X(headers_overlap, plan->step_bytes *= 2, batch, verify_plan,                                                      \
      "the shared segment has step headers from byte 8192 and mailboxes from byte 24576, but two headers for each of " \
      "2 lanes take 32768")

#define CAPACITY_FAULTS(X)                                                                                             \
    X(dispatch_unknown, plan->dispatch = "perhaps", dispatch, verify_plan,                                             \
      "the dispatch \"perhaps\" is neither exact nor capacity")                                                        \
    X(capacity_too_small, both(plan, expert_capacity, 5), dispatch, verify_plan,                                       \
      "class first (ranks 0-3) has room for 5 rows an expert takes of a sender, but there can be 6")                   \
    X(arrivals_too_few, both(plan, arrival_rows, 6), dispatch, verify_plan,                                            \
      "class first (ranks 0-3) has room for 6 rows of an expert from all senders, but there can be 12")                \
    X(blocks_too_few, both(plan, sequence_blocks, 2), batch, verify_plan,                                              \
      "class first (ranks 0-3) has room for 2 KV blocks of a sequence, but there can be 3")                            \
    X(pool_too_small, both(plan, kv_blocks, 2), batch, verify_plan,                                                    \
      "class first (ranks 0-3) has room for 2 KV blocks of a layer, but there can be 3")

#define LEDGER_FAULTS(X)                                                                                               \
    X(line_off, plan->classes[0].ledger[0].bytes += 1, target, verify_plan,                                            \
      "class first (ranks 0-3) has 28737 bytes of \"weights: \" in its ledger, but owns 28736")                        \
    X(sum_off, plan->classes[1].ledger_bytes += 1, target, verify_plan,                                                \
      "class last (ranks 4-7) has a ledger of 1185217 bytes, but its lines add up to 1185216")                         \
    X(arena_with_hole, plan->classes[0].arena_bytes += 64, target, verify_plan,                                        \
      "class first (ranks 0-3) has an arena of 36352 bytes, but buffers of 36288")                                     \
    X(headers_uncounted, plan->classes[1].ledger[plan->classes[1].ledger_count - 4].bytes -= 4096, target,             \
      verify_plan,                                                                                                     \
      "class last (ranks 4-7) has 12288 bytes of control and step headers in its ledger, but control takes up to "     \
      "8192 and two headers 8192")                                                                                     \
    X(pages_uncounted,                                                                                                 \
      (plan->classes[1].ledger[plan->classes[1].ledger_count - 3].bytes -= 4096,                                       \
       plan->classes[1].ledger_bytes -= 4096),                                                                         \
      target, verify_plan,                                                                                             \
      "class last (ranks 4-7) has 131072 bytes beside the program in its ledger, but maps pages of 135168")            \
    X(program_forgotten, plan->classes[1].ledger_count -= 2, target, verify_plan,                                      \
      "class last (ranks 4-7) has no line for the program in its ledger")                                              \
    X(memory_short_unlisted, (plan->memory_bytes = 20000, plan->classes[0].ledger_count = 0), target, verify_plan,     \
      "class first (ranks 0-3) owns 75136 bytes a rank, but the target's memory is 20000")

TENSORS_FAULTS(FAULT_FUNCTION)
SHARDS_FAULTS(FAULT_FUNCTION)
ARENA_FAULTS(FAULT_FUNCTION)
MAILBOXES_FAULTS(FAULT_FUNCTION)
CAPACITY_FAULTS(FAULT_FUNCTION)
LEDGER_FAULTS(FAULT_FUNCTION)

/* clang-format off */
static const struct fault faults[] = {
    TENSORS_FAULTS(FAULT_ROW)
    SHARDS_FAULTS(FAULT_ROW)
    ARENA_FAULTS(FAULT_ROW)
    MAILBOXES_FAULTS(FAULT_ROW)
    CAPACITY_FAULTS(FAULT_ROW)
    LEDGER_FAULTS(FAULT_ROW)
};
/* clang-format on */

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
    ck_assert_str_eq(
        sample.error.text,
        "class first (ranks 0-3) needs 1176960 bytes a rank, but the target's memory is 40000 (weights: embedding "
        "1600, "
        "weights: attention 10240, weights: routers 4096, weights: experts 12288, weights: norms 512, KV cache 24576 "
        "<- here it goes over, activations: residual stream 1536, activations: routed rows 1536, activations: rotary "
        "angles 384, activations: routes 896, activations: arrivals 768, activations: expert sums 3072, activations: "
        "scratch 3520, mailboxes: own 10112, mailboxes: peers' 6528, mailboxes: control and step headers 16384, whole "
        "pages: headers of shards, ends of pages 28928, program: code, data and stack 1048576, program: schedules "
        "1408); raise target.memory, split over more ranks or make the batch smaller");
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
    ck_assert_str_eq(sample.error.text,
                     "class first (ranks 0-3) has ROTARY of micro-batch A at byte "
                     "3076, which is not a multiple of 64; the sources were changed by hand, generate them again");
    ck_assert_str_eq(sample.error.file, "");
    ck_assert_int_eq(sample.error.line, 0);
    sample_free(&sample);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, fault, 0, FAULT_COUNT);
    tcase_add_test(tests, memory_short);
    tcase_add_test(tests, read_back);
    return run_case("verify memory", tests);
}
