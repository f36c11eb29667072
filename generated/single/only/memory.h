/* single, class only: where everything is in a rank's memory. Offsets and sizes are bytes.
 *
 * The arena, 34,657,536 bytes, is taken once at start. A buffer is in use from the first op that
 * touches it to the last, of one layer where both have a layer.
 *
 *      offset       bytes  buffer        in use                    holds
 *           0     131,072  RESIDUAL_A    embed to head             (256, 128) f32
 *     131,072     131,072  PARTIAL_A     attention to add_experts  (256, 128) f32
 *     262,144     131,072  ROUTED_A      route to experts          (256, 128) f32
 *     393,216      32,768  ROTARY_A      rotary to attention       (256, 32) f32
 *     425,984       9,344  ROUTES_A      route to scatter          (256, 2) experts and weights
 *     435,328       6,272  ARRIVALS_A    gather to experts         rows of 16 experts, from 1 sender
 *     441,600     131,072  EXPERT_OUT_A  experts to scatter        (1, 256, 128) f32
 *     572,672     530,432  SCRATCH       one op                    the largest need of one op
 *   1,103,104  33,554,432  KV            as long as the rank runs  16 layers x 256 blocks x 2 heads x (keys and
 *                                                                  values) of (16, 32) f32
 */
#pragma once

enum {
    RESIDUAL_A_OFFSET = 0,        // residual stream, (rows, hidden) f32
    RESIDUAL_A_BYTES = 131072,    // (256, 128) f32
    PARTIAL_A_OFFSET = 131072,    // this rank's share of the sum over tp, (rows, hidden) f32
    PARTIAL_A_BYTES = 131072,     // (256, 128) f32
    ROUTED_A_OFFSET = 262144,     // normed rows for the experts, (rows, hidden) f32
    ROUTED_A_BYTES = 131072,      // (256, 128) f32
    ROTARY_A_OFFSET = 393216,     // cosines and sines of each row's position, (rows, head_dim) f32
    ROTARY_A_BYTES = 32768,       // (256, 32) f32
    ROUTES_A_OFFSET = 425984,     // each row's experts, their weights and where they are, (rows, top_k)
    ROUTES_A_BYTES = 9344,        // (256, 2) experts and weights
    ARRIVALS_A_OFFSET = 435328,   // rows by expert, from every sender
    ARRIVALS_A_BYTES = 6272,      // rows of 16 experts, from 1 sender
    EXPERT_OUT_A_OFFSET = 441600, // weighted sums of this rank's experts, (senders, rows, hidden) f32
    EXPERT_OUT_A_BYTES = 131072,  // (1, 256, 128) f32
    SCRATCH_OFFSET = 572672,      // scratch of one op
    SCRATCH_BYTES = 530432,       // the largest need of one op
    KV_OFFSET = 1103104,          // KV cache, blocks of 16 positions: keys (head_dim, 16), values (16, head_dim) f32
    KV_BYTES = 33554432,          // 16 layers x 256 blocks x 2 heads x (keys and values) of (16, 32) f32
    ARENA_BYTES = 34657536,       // 33.05 MiB
};

/* The dense shard: where a weight is in layer 0; each layer's are a stride further. Matrices are outputs x inputs. */
enum {
    EMBEDDING_WEIGHT = 0,          // embedding, rows of this tp coordinate, 2048 x 128 bf16
    INPUT_NORM_WEIGHT = 524288,    // norm before attention, 128 f32
    QKV_WEIGHT = 524800,           // query, key and value heads of this tp coordinate, 256 x 128 bf16
    ATTENTION_OUT_WEIGHT = 590336, // output projection, columns of this tp coordinate's heads, 128 x 128 bf16
    POST_NORM_WEIGHT = 623104,     // norm before the experts, 128 f32
    ROUTER_WEIGHT = 623616,        // router, 16 x 128 f32
    FINAL_NORM_WEIGHT = 2244608,   // norm before the head, 128 f32
    LM_HEAD_WEIGHT = 2245120,      // head, rows of this tp coordinate, 2048 x 128 bf16
    DENSE_LAYER_STRIDE = 107520,   // weights of a layer
    DENSE_BYTES = 2769408,         // 2.64 MiB
};

/* The experts shard: where a weight is in slot 0 of layer 0. */
enum {
    GATE_UP_WEIGHT = 0,           // gate and up rows of this tp coordinate, 128 x 128 bf16
    DOWN_WEIGHT = 32768,          // down columns of this tp coordinate, 128 x 64 bf16
    EXPERT_SLOT_STRIDE = 49152,   // one expert
    EXPERT_LAYER_STRIDE = 786432, // slots of a layer: 16
    EXPERTS_BYTES = 12582912,     // 12.00 MiB
};

/* The rank's part of the shared segment: of each mailbox the flag lines (posted and taken, a pair a slot), the data,
 * and how far its slots are apart. */
enum {
    LOGITS_A_FLAGS = 0,           // this rank's slice of the logits, read by the tp group and the head
    LOGITS_A_DATA = 128,          // 524,288 bytes
    LOGITS_A_DATA_BYTES = 524288, // all slots
    LOGITS_A_STRIDE = 0,          // from slot to slot
    LOGITS_A_SLOTS = 1,           // pairs of flag lines
    TOKENS_FLAGS = 524416,        // sampled tokens, read by the head
    TOKENS_DATA = 524416,         // 256 bytes
    TOKENS_DATA_BYTES = 256,      // all slots
    TOKENS_STRIDE = 0,            // from slot to slot
    TOKENS_SLOTS = 0,             // pairs of flag lines
    LOAD_FLAGS = 524672,          // rows counted by layer and expert, read by the head
    LOAD_DATA = 524672,           // 2,176 bytes
    LOAD_DATA_BYTES = 2176,       // all slots
    LOAD_STRIDE = 0,              // from slot to slot
    LOAD_SLOTS = 0,               // pairs of flag lines
};
