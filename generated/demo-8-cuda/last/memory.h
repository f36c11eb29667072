/* demo-8-cuda, class last: where everything is in a rank's memory. Offsets and sizes are bytes.
 *
 * The arena, 39,629,312 bytes, is taken once at start. A buffer is in use from the first op that
 * touches it to the last, of one layer where both have a layer.
 *
 *      offset       bytes  buffer        in use                            holds
 *           0      65,536  RESIDUAL_A    receive_stage to head             (128, 128) f32
 *      65,536      65,536  RESIDUAL_B    receive_stage to head             (128, 128) f32
 *     131,072      32,768  PARTIAL_A     attention to add_experts          (128, 128) bf16
 *     163,840      32,768  PARTIAL_B     attention to add_experts          (128, 128) bf16
 *     196,608      32,768  ROUTED_A      add_and_route to add_and_route    (128, 128) bf16
 *     229,376      32,768  ROUTED_B      add_and_route to add_and_route    (128, 128) bf16
 *     262,144      16,384  ROTARY_A      rotary to attention               (128, 32) f32
 *     278,528      16,384  ROTARY_B      rotary to attention               (128, 32) f32
 *     294,912       4,352  ROUTES_A      add_and_route to combine_finish   (128, 2) experts and weights
 *     299,264       4,352  ROUTES_B      add_and_route to combine_finish   (128, 2) experts and weights
 *     303,616       8,448  ARRIVALS_A    dispatch_counts to combine_start  rows of 8 experts, from 2 senders
 *     312,064       8,448  ARRIVALS_B    dispatch_counts to combine_start  rows of 8 experts, from 2 senders
 *     320,512      34,816  OUTGOING_A    add_and_route to combine_finish   128 rows of 128 bf16 and their wishes
 *     355,328      34,816  OUTGOING_B    add_and_route to combine_finish   128 rows of 128 bf16 and their wishes
 *     390,144      69,632  INCOMING_A    add_and_route to combine_finish   (2, 128) rows of 128 bf16 and their wishes
 *     459,776      69,632  INCOMING_B    add_and_route to combine_finish   (2, 128) rows of 128 bf16 and their wishes
 *     529,408         512  EXPERT_OUT_A  experts to experts                (1, 128) f32
 *     529,920         512  EXPERT_OUT_B  experts to experts                (1, 128) f32
 *     530,432     524,288  LOGITS_A      head to sample                    (2, 64, 1024) f32
 *   1,054,720     524,288  LOGITS_B      head to sample                    (2, 64, 1024) f32
 *   1,579,008         256  TOKENS_A      sample to sample                  (64) tokens
 *   1,579,264         256  TOKENS_B      sample to sample                  (64) tokens
 *   1,579,520       5,376  STEP          one op                            up to 256 rows of the lane, block tables
 *   1,584,896         768  LOAD          one op                            (8, 9) counts
 *   1,585,664     294,912  SCRATCH       one op                            the largest need of one op
 *   1,880,576  33,554,432  WORKSPACE     one op                            what cuBLASLt advises
 *  35,435,008   4,194,304  KV            as long as the rank runs          8 layers x 256 blocks x 1 head x (keys and
 *                                                                          values) of (16, 32) bf16
 */
#pragma once

enum {
    RESIDUAL_A_OFFSET = 0,        // residual stream, (rows, hidden) f32
    RESIDUAL_A_BYTES = 65536,     // (128, 128) f32
    RESIDUAL_B_OFFSET = 65536,    // residual stream, (rows, hidden) f32
    RESIDUAL_B_BYTES = 65536,     // (128, 128) f32
    PARTIAL_A_OFFSET = 131072,    // this rank's share of the sum over tp, (rows, hidden) f32
    PARTIAL_A_BYTES = 32768,      // (128, 128) bf16
    PARTIAL_B_OFFSET = 163840,    // this rank's share of the sum over tp, (rows, hidden) f32
    PARTIAL_B_BYTES = 32768,      // (128, 128) bf16
    ROUTED_A_OFFSET = 196608,     // normed rows for the experts, (rows, hidden) f32
    ROUTED_A_BYTES = 32768,       // (128, 128) bf16
    ROUTED_B_OFFSET = 229376,     // normed rows for the experts, (rows, hidden) f32
    ROUTED_B_BYTES = 32768,       // (128, 128) bf16
    ROTARY_A_OFFSET = 262144,     // cosines and sines of each row's position, (rows, head_dim) f32
    ROTARY_A_BYTES = 16384,       // (128, 32) f32
    ROTARY_B_OFFSET = 278528,     // cosines and sines of each row's position, (rows, head_dim) f32
    ROTARY_B_BYTES = 16384,       // (128, 32) f32
    ROUTES_A_OFFSET = 294912,     // each row's experts, their weights and where they are, (rows, top_k)
    ROUTES_A_BYTES = 4352,        // (128, 2) experts and weights
    ROUTES_B_OFFSET = 299264,     // each row's experts, their weights and where they are, (rows, top_k)
    ROUTES_B_BYTES = 4352,        // (128, 2) experts and weights
    ARRIVALS_A_OFFSET = 303616,   // rows by expert, from every sender
    ARRIVALS_A_BYTES = 8448,      // rows of 8 experts, from 2 senders
    ARRIVALS_B_OFFSET = 312064,   // rows by expert, from every sender
    ARRIVALS_B_BYTES = 8448,      // rows of 8 experts, from 2 senders
    OUTGOING_A_OFFSET = 320512,   // rows on their way to other ranks' experts; their sums come back in the same place
    OUTGOING_A_BYTES = 34816,     // 128 rows of 128 bf16 and their wishes
    OUTGOING_B_OFFSET = 355328,   // rows on their way to other ranks' experts; their sums come back in the same place
    OUTGOING_B_BYTES = 34816,     // 128 rows of 128 bf16 and their wishes
    INCOMING_A_OFFSET = 390144,   // rows for this rank's experts, from every sender; then their sums
    INCOMING_A_BYTES = 69632,     // (2, 128) rows of 128 bf16 and their wishes
    INCOMING_B_OFFSET = 459776,   // rows for this rank's experts, from every sender; then their sums
    INCOMING_B_BYTES = 69632,     // (2, 128) rows of 128 bf16 and their wishes
    EXPERT_OUT_A_OFFSET = 529408, // weighted sums of this rank's experts, (senders, rows, hidden) f32
    EXPERT_OUT_A_BYTES = 512,     // (1, 128) f32
    EXPERT_OUT_B_OFFSET = 529920, // weighted sums of this rank's experts, (senders, rows, hidden) f32
    EXPERT_OUT_B_BYTES = 512,     // (1, 128) f32
    LOGITS_A_OFFSET = 530432,     // this rank's slice of the logits, (logit rows, vocabulary slice) f32
    LOGITS_A_BYTES = 524288,      // (2, 64, 1024) f32
    LOGITS_B_OFFSET = 1054720,    // this rank's slice of the logits, (logit rows, vocabulary slice) f32
    LOGITS_B_BYTES = 524288,      // (2, 64, 1024) f32
    TOKENS_A_OFFSET = 1579008,    // sampled tokens
    TOKENS_A_BYTES = 256,         // (64) tokens
    TOKENS_B_OFFSET = 1579264,    // sampled tokens
    TOKENS_B_BYTES = 256,         // (64) tokens
    STEP_OFFSET = 1579520,        // the device's copy of the step header
    STEP_BYTES = 5376,            // up to 256 rows of the lane, block tables
    LOAD_OFFSET = 1584896,        // rows counted by layer and expert
    LOAD_BYTES = 768,             // (8, 9) counts
    SCRATCH_OFFSET = 1585664,     // scratch of one op
    SCRATCH_BYTES = 294912,       // the largest need of one op
    WORKSPACE_OFFSET = 1880576,   // working memory of cuBLASLt
    WORKSPACE_BYTES = 33554432,   // what cuBLASLt advises
    KV_OFFSET = 35435008,         // KV cache, blocks of 16 positions: keys (head_dim, 16), values (16, head_dim) f32
    KV_BYTES = 4194304,           // 8 layers x 256 blocks x 1 head x (keys and values) of (16, 32) bf16
    ARENA_BYTES = 39629312,       // 37.79 MiB
    STEP_ROWS = 256,              // rows that STEP has room for
};

/* The dense shard: where a weight is in layer 0; each layer's are a stride further. Matrices are outputs x inputs. */
enum {
    INPUT_NORM_WEIGHT = 0,        // norm before attention, 128 f32
    QKV_WEIGHT = 512,             // query, key and value heads of this tp coordinate, 128 x 128 bf16
    ATTENTION_OUT_WEIGHT = 33280, // output projection, columns of this tp coordinate's heads, 128 x 64 bf16
    POST_NORM_WEIGHT = 49664,     // norm before the experts, 128 f32
    ROUTER_WEIGHT = 50176,        // router, 16 x 128 f32
    FINAL_NORM_WEIGHT = 466944,   // norm before the head, 128 f32
    LM_HEAD_WEIGHT = 467456,      // head, rows of this tp coordinate, 1024 x 128 bf16
    DENSE_LAYER_STRIDE = 58368,   // weights of a layer
    DENSE_BYTES = 729600,         // 0.70 MiB
};

/* The experts shard: where a weight is in slot 0 of layer 0. */
enum {
    GATE_UP_WEIGHT = 0,           // gate and up rows of this tp coordinate, 64 x 128 bf16
    DOWN_WEIGHT = 16384,          // down columns of this tp coordinate, 128 x 32 bf16
    EXPERT_SLOT_STRIDE = 24576,   // one expert
    EXPERT_LAYER_STRIDE = 196608, // slots of a layer: 8
    EXPERTS_BYTES = 1572864,      // 1.50 MiB
};

/* The rank's part of the shared segment: of each mailbox the flag lines (posted and taken, a pair a slot), the data,
 * and how far its slots are apart. */
enum {
    LOGITS_A_FLAGS = 0,           // this rank's slice of the logits, read by the tp group and the head
    LOGITS_A_DATA = 0,            // 262,144 bytes
    LOGITS_A_DATA_BYTES = 262144, // all slots
    LOGITS_A_STRIDE = 0,          // from slot to slot
    LOGITS_A_SLOTS = 0,           // pairs of flag lines
    LOGITS_B_FLAGS = 262144,      // this rank's slice of the logits, read by the tp group and the head
    LOGITS_B_DATA = 262144,       // 262,144 bytes
    LOGITS_B_DATA_BYTES = 262144, // all slots
    LOGITS_B_STRIDE = 0,          // from slot to slot
    LOGITS_B_SLOTS = 0,           // pairs of flag lines
    TOKENS_FLAGS = 524288,        // sampled tokens, read by the head
    TOKENS_DATA = 524288,         // 512 bytes
    TOKENS_DATA_BYTES = 512,      // all slots
    TOKENS_STRIDE = 0,            // from slot to slot
    TOKENS_SLOTS = 0,             // pairs of flag lines
    LOAD_FLAGS = 524800,          // rows counted by layer and expert, read by the head
    LOAD_DATA = 524800,           // 576 bytes
    LOAD_DATA_BYTES = 576,        // all slots
    LOAD_STRIDE = 0,              // from slot to slot
    LOAD_SLOTS = 0,               // pairs of flag lines
};
