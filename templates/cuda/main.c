/* ${plan.name}, class ${class.name}: a rank of it. */
#include "class.h"
#include "cuda/gpu.h"
#include "cuda/life.h"
#include "memory.h"
#include "rank_row.h"

/* Stamped into a copy of this binary, one a rank. */
struct rank_row rank_row __attribute__((section(".rank_row"))) = {.magic = RANK_MAGIC};

void schedule_prefill(struct gpu *r);
void schedule_decode(struct gpu *r);

int main(int argc, char **argv)
{
    const struct gpu_class gpu = {
        .dp = DP,
        .pp = PP,
        .ep = EP,
        .tp = TP,
        .ranks_per_node = ${plan.ranks_per_node},
        .micro_batches = MICRO_BATCHES,
        .ops = ${math.max(#class.schedules[1].ops, #class.schedules[2].ops)},
        .ledger_bytes = LEDGER_BYTES,
        .step_offset = STEP_OFFSET,
        .counts_bytes = MICRO_BATCHES * 2 * EP * (1 + EXPERT_SLOTS) * 4, // sent and got: rows, and wishes a slot
        .load_offset = LOAD_OFFSET,
        .load_bytes = LOAD_DATA_BYTES,
        .load_mailbox = LOAD_DATA,
//% if class.last_stage then
        .results = {
            [GPU_LOGITS] = {
                .arena = LOGITS_A_OFFSET,
                .arena_stride = LOGITS_A_BYTES,
                .tp_stride = LOGIT_ROWS * VOCABULARY_SLICE * 4,
                .row_bytes = VOCABULARY_SLICE * 4,
                .mailbox = {${(class.micros:gsub("%u", "LOGITS_%0_DATA"))}},
            },
            [GPU_TOKENS] = {
                .arena = TOKENS_A_OFFSET,
                .arena_stride = TOKENS_A_BYTES,
                .row_bytes = 4,
                .mailbox = {${(class.micros:gsub("%u", function(m) return "TOKENS_DATA + " .. (m:byte() - 65) .. " * LOGIT_ROWS * 4" end))}},
            },
        },
//% end
        .part_offset = ${plan.mailbox_offset},
        .part_bytes = ${plan.mailbox_bytes},
        .prefill = schedule_prefill,
        .decode = schedule_decode,
    };
    const struct class_info class = {
        .strategy = "${plan.name}",
        .name = CLASS_NAME,
        .plan_hash = PLAN_HASH,
        .world = WORLD,
        .arena_bytes = ARENA_BYTES,
        .shard_bytes = {DENSE_BYTES, EXPERTS_BYTES},
        .segment_bytes = ${plan.segment_bytes},
        .step_offset = ${plan.step_offset},
        .step_bytes = ${plan.step_bytes},
        .row_capacity = STEP_ROWS,
        .sequences = SEQUENCES,
        .sequence_blocks = SEQUENCE_BLOCKS,
        .ep = EP,
        .shard_names = {rank_row.dense, rank_row.experts},
        .start = gpu_start,
        .step = gpu_step,
        .end = gpu_end,
        .gpu = &gpu,
    };
    struct rank r = {
        .number = rank_row.rank,
        .dp = rank_row.dp,
        .pp = rank_row.pp,
        .ep = rank_row.ep,
        .tp = rank_row.tp,
        .layer_base = rank_row.layer_base,
    };
    return rank_main(argc, argv, &class, &r);
}
