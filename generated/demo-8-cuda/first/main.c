/* demo-8-cuda, class first: a rank of it. */
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
        .ranks_per_node = 8,
        .micro_batches = MICRO_BATCHES,
        .ops = 186,
        .ledger_bytes = LEDGER_BYTES,
        .step_offset = STEP_OFFSET,
        .counts_bytes = MICRO_BATCHES * 2 * EP * (1 + EXPERT_SLOTS) * 4, // sent and got: rows, and wishes a slot
        .load_offset = LOAD_OFFSET,
        .load_bytes = LOAD_DATA_BYTES,
        .load_mailbox = LOAD_DATA,
        .part_offset = 40960,
        .part_bytes = 528384,
        .prefill = schedule_prefill,
        .decode = schedule_decode,
    };
    const struct class_info class = {
        .strategy = "demo-8-cuda",
        .name = CLASS_NAME,
        .plan_hash = PLAN_HASH,
        .world = WORLD,
        .arena_bytes = ARENA_BYTES,
        .shard_bytes = {DENSE_BYTES, EXPERTS_BYTES},
        .segment_bytes = 4268032,
        .step_offset = 8192,
        .step_bytes = 8192,
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
