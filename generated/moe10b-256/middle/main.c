/* moe10b-256, class middle: a rank of it. */
#include "class.h"
#include "memory.h"
#include "rank.h"
#include "rank_row.h"

/* Stamped into a copy of this binary, one a rank. */
struct rank_row rank_row __attribute__((section(".rank_row"))) = {.magic = RANK_MAGIC};

void connect_channels(struct rank *r);
void schedule_prefill(struct rank *r);
void schedule_decode(struct rank *r);

int main(int argc, char **argv)
{
    const struct class_info class = {
        .strategy = "moe10b-256",
        .name = CLASS_NAME,
        .plan_hash = PLAN_HASH,
        .world = WORLD,
        .arena_bytes = ARENA_BYTES,
        .shard_bytes = {DENSE_BYTES, EXPERTS_BYTES},
        .segment_bytes = 2099122176,
        .step_offset = 135168,
        .step_bytes = 12288,
        .row_capacity = MICRO_BATCHES * (PREFILL_ROWS > DECODE_ROWS ? PREFILL_ROWS : DECODE_ROWS),
        .sequences = SEQUENCES,
        .sequence_blocks = SEQUENCE_BLOCKS,
        .ep = EP,
        .shard_names = {rank_row.dense, rank_row.experts},
        .connect = connect_channels,
        .prefill = schedule_prefill,
        .decode = schedule_decode,
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
