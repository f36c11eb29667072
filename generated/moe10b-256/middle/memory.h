/* moe10b-256, class middle: where everything is in a rank's memory. Offsets and sizes are bytes.
 *
 * The arena, 239,659,520 bytes, is taken once at start. A buffer is in use from the first op that
 * touches it to the last, of one layer where both have a layer.
 *
 *       offset        bytes  buffer        in use                            holds
 *            0    2,097,152  RESIDUAL_A    receive_stage to send_stage       (256, 2048) f32
 *    2,097,152    2,097,152  RESIDUAL_B    receive_stage to send_stage       (256, 2048) f32
 *    4,194,304    1,048,576  PARTIAL_A     attention to add_experts          (256, 2048) bf16
 *    5,242,880    1,048,576  PARTIAL_B     attention to add_experts          (256, 2048) bf16
 *    6,291,456    1,048,576  ROUTED_A      add_and_route to add_and_route    (256, 2048) bf16
 *    7,340,032    1,048,576  ROUTED_B      add_and_route to add_and_route    (256, 2048) bf16
 *    8,388,608      131,072  ROTARY_A      rotary to attention               (256, 128) f32
 *    8,519,680      131,072  ROTARY_B      rotary to attention               (256, 128) f32
 *    8,650,752        8,448  ROUTES_A      add_and_route to combine_finish   (256, 2) experts and weights
 *    8,659,200        8,448  ROUTES_B      add_and_route to combine_finish   (256, 2) experts and weights
 *    8,667,648       65,792  ARRIVALS_A    dispatch_counts to combine_start  rows of 1 expert, from 16 senders
 *    8,733,440       65,792  ARRIVALS_B    dispatch_counts to combine_start  rows of 1 expert, from 16 senders
 *    8,799,232    2,105,344  OUTGOING_A    add_and_route to combine_finish   512 rows of 2048 bf16 and their wishes
 *   10,904,576    2,105,344  OUTGOING_B    add_and_route to combine_finish   512 rows of 2048 bf16 and their wishes
 *   13,009,920   16,842,752  INCOMING_A    add_and_route to combine_finish   (16, 256) rows of 2048 bf16 and their
 *                                                                            wishes
 *   29,852,672   16,842,752  INCOMING_B    add_and_route to combine_finish   (16, 256) rows of 2048 bf16 and their
 *                                                                            wishes
 *   46,695,424        8,192  EXPERT_OUT_A  experts to experts                (1, 2048) f32
 *   46,703,616        8,192  EXPERT_OUT_B  experts to experts                (1, 2048) f32
 *   46,711,808        9,472  STEP          one op                            up to 512 rows of the lane, block tables
 *   46,721,280          256  LOAD          one op                            (4, 2) counts
 *   46,721,536   92,274,688  SCRATCH       one op                            the largest need of one op
 *  138,996,224   33,554,432  WORKSPACE     one op                            what cuBLASLt advises
 *  172,550,656   67,108,864  KV            as long as the rank runs          4 layers x 256 blocks x 8 heads x (keys
 *                                                                            and values) of (16, 128) bf16
 */
#pragma once

enum {
    RESIDUAL_A_OFFSET = 0,          // residual stream, (rows, hidden) f32
    RESIDUAL_A_BYTES = 2097152,     // (256, 2048) f32
    RESIDUAL_B_OFFSET = 2097152,    // residual stream, (rows, hidden) f32
    RESIDUAL_B_BYTES = 2097152,     // (256, 2048) f32
    PARTIAL_A_OFFSET = 4194304,     // this rank's share of the sum over tp, (rows, hidden) f32
    PARTIAL_A_BYTES = 1048576,      // (256, 2048) bf16
    PARTIAL_B_OFFSET = 5242880,     // this rank's share of the sum over tp, (rows, hidden) f32
    PARTIAL_B_BYTES = 1048576,      // (256, 2048) bf16
    ROUTED_A_OFFSET = 6291456,      // normed rows for the experts, (rows, hidden) f32
    ROUTED_A_BYTES = 1048576,       // (256, 2048) bf16
    ROUTED_B_OFFSET = 7340032,      // normed rows for the experts, (rows, hidden) f32
    ROUTED_B_BYTES = 1048576,       // (256, 2048) bf16
    ROTARY_A_OFFSET = 8388608,      // cosines and sines of each row's position, (rows, head_dim) f32
    ROTARY_A_BYTES = 131072,        // (256, 128) f32
    ROTARY_B_OFFSET = 8519680,      // cosines and sines of each row's position, (rows, head_dim) f32
    ROTARY_B_BYTES = 131072,        // (256, 128) f32
    ROUTES_A_OFFSET = 8650752,      // each row's experts, their weights and where they are, (rows, top_k)
    ROUTES_A_BYTES = 8448,          // (256, 2) experts and weights
    ROUTES_B_OFFSET = 8659200,      // each row's experts, their weights and where they are, (rows, top_k)
    ROUTES_B_BYTES = 8448,          // (256, 2) experts and weights
    ARRIVALS_A_OFFSET = 8667648,    // rows by expert, from every sender
    ARRIVALS_A_BYTES = 65792,       // rows of 1 expert, from 16 senders
    ARRIVALS_B_OFFSET = 8733440,    // rows by expert, from every sender
    ARRIVALS_B_BYTES = 65792,       // rows of 1 expert, from 16 senders
    OUTGOING_A_OFFSET = 8799232,    // rows on their way to other ranks' experts; their sums come back in the same place
    OUTGOING_A_BYTES = 2105344,     // 512 rows of 2048 bf16 and their wishes
    OUTGOING_B_OFFSET = 10904576,   // rows on their way to other ranks' experts; their sums come back in the same place
    OUTGOING_B_BYTES = 2105344,     // 512 rows of 2048 bf16 and their wishes
    INCOMING_A_OFFSET = 13009920,   // rows for this rank's experts, from every sender; then their sums
    INCOMING_A_BYTES = 16842752,    // (16, 256) rows of 2048 bf16 and their wishes
    INCOMING_B_OFFSET = 29852672,   // rows for this rank's experts, from every sender; then their sums
    INCOMING_B_BYTES = 16842752,    // (16, 256) rows of 2048 bf16 and their wishes
    EXPERT_OUT_A_OFFSET = 46695424, // weighted sums of this rank's experts, (senders, rows, hidden) f32
    EXPERT_OUT_A_BYTES = 8192,      // (1, 2048) f32
    EXPERT_OUT_B_OFFSET = 46703616, // weighted sums of this rank's experts, (senders, rows, hidden) f32
    EXPERT_OUT_B_BYTES = 8192,      // (1, 2048) f32
    STEP_OFFSET = 46711808,         // the device's copy of the step header
    STEP_BYTES = 9472,              // up to 512 rows of the lane, block tables
    LOAD_OFFSET = 46721280,         // rows counted by layer and expert
    LOAD_BYTES = 256,               // (4, 2) counts
    SCRATCH_OFFSET = 46721536,      // scratch of one op
    SCRATCH_BYTES = 92274688,       // the largest need of one op
    WORKSPACE_OFFSET = 138996224,   // working memory of cuBLASLt
    WORKSPACE_BYTES = 33554432,     // what cuBLASLt advises
    KV_OFFSET = 172550656,          // KV cache, blocks of 16 positions: keys (head_dim, 16), values (16, head_dim) f32
    KV_BYTES = 67108864,            // 4 layers x 256 blocks x 8 heads x (keys and values) of (16, 128) bf16
    ARENA_BYTES = 239659520,        // 228.56 MiB
    STEP_ROWS = 512,                // rows that STEP has room for
};

/* The dense shard: where a weight is in layer 0; each layer's are a stride further. Matrices are outputs x inputs. */
enum {
    INPUT_NORM_WEIGHT = 0,           // norm before attention, 2048 f32
    QKV_WEIGHT = 8192,               // query, key and value heads of this tp coordinate, 3072 x 2048 bf16
    ATTENTION_OUT_WEIGHT = 12591104, // output projection, columns of this tp coordinate's heads, 2048 x 1024 bf16
    POST_NORM_WEIGHT = 16785408,     // norm before the experts, 2048 f32
    ROUTER_WEIGHT = 16793600,        // router, 16 x 2048 f32
    DENSE_LAYER_STRIDE = 16924672,   // weights of a layer
    DENSE_BYTES = 67698688,          // 64.56 MiB
};

/* The experts shard: where a weight is in slot 0 of layer 0. */
enum {
    GATE_UP_WEIGHT = 0,             // gate and up rows of this tp coordinate, 6144 x 2048 bf16
    DOWN_WEIGHT = 25165824,         // down columns of this tp coordinate, 2048 x 3072 bf16
    EXPERT_SLOT_STRIDE = 37748736,  // one expert
    EXPERT_LAYER_STRIDE = 37748736, // slots of a layer: 1
    EXPERTS_BYTES = 150994944,      // 144.00 MiB
};

/* The rank's part of the shared segment: of each mailbox the flag lines (posted and taken, a pair a slot), the data,
 * and how far its slots are apart. */
enum {
    LOAD_FLAGS = 0,       // rows counted by layer and expert, read by the head
    LOAD_DATA = 0,        // 64 bytes
    LOAD_DATA_BYTES = 64, // all slots
    LOAD_STRIDE = 0,      // from slot to slot
    LOAD_SLOTS = 0,       // pairs of flag lines
};
