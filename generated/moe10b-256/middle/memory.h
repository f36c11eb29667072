/* moe10b-256, class middle: where everything is in a rank's memory. Offsets and sizes are bytes.
 *
 * The arena, 221,661,696 bytes, is taken once at start. A buffer is in use from the first op that
 * touches it to the last, of one layer where both have a layer.
 *
 *       offset        bytes  buffer        in use                            holds
 *            0    2,097,152  RESIDUAL_A    receive_stage to send_stage       (256, 2048) f32
 *    2,097,152    2,097,152  RESIDUAL_B    receive_stage to send_stage       (256, 2048) f32
 *    4,194,304    2,097,152  ROUTED_A      route to experts                  (256, 2048) f32
 *    6,291,456    2,097,152  ROUTED_B      route to experts                  (256, 2048) f32
 *    8,388,608      131,072  ROTARY_A      rotary to attention               (256, 128) f32
 *    8,519,680      131,072  ROTARY_B      rotary to attention               (256, 128) f32
 *    8,650,752       24,704  ROUTES_A      route to combine_finish           (256, 2) experts and weights
 *    8,675,456       24,704  ROUTES_B      route to combine_finish           (256, 2) experts and weights
 *    8,700,160       49,280  ARRIVALS_A    dispatch_finish to combine_start  rows of 1 expert, from 16 senders
 *    8,749,440       49,280  ARRIVALS_B    dispatch_finish to combine_start  rows of 1 expert, from 16 senders
 *    8,798,720   33,554,432  EXPERT_OUT_A  experts to combine_finish         (16, 256, 2048) f32
 *   42,353,152   33,554,432  EXPERT_OUT_B  experts to combine_finish         (16, 256, 2048) f32
 *   75,907,584   11,536,384  SCRATCH       one op                            the largest need of one op
 *   87,443,968  134,217,728  KV            as long as the rank runs          4 layers x 256 blocks x 8 heads x (keys
 *                                                                            and values) of (16, 128) f32
 */
#pragma once

enum {
    RESIDUAL_A_OFFSET = 0,          // residual stream, (rows, hidden) f32
    RESIDUAL_A_BYTES = 2097152,     // (256, 2048) f32
    RESIDUAL_B_OFFSET = 2097152,    // residual stream, (rows, hidden) f32
    RESIDUAL_B_BYTES = 2097152,     // (256, 2048) f32
    ROUTED_A_OFFSET = 4194304,      // normed rows for the experts, (rows, hidden) f32
    ROUTED_A_BYTES = 2097152,       // (256, 2048) f32
    ROUTED_B_OFFSET = 6291456,      // normed rows for the experts, (rows, hidden) f32
    ROUTED_B_BYTES = 2097152,       // (256, 2048) f32
    ROTARY_A_OFFSET = 8388608,      // cosines and sines of each row's position, (rows, head_dim) f32
    ROTARY_A_BYTES = 131072,        // (256, 128) f32
    ROTARY_B_OFFSET = 8519680,      // cosines and sines of each row's position, (rows, head_dim) f32
    ROTARY_B_BYTES = 131072,        // (256, 128) f32
    ROUTES_A_OFFSET = 8650752,      // each row's experts, their weights and where they are, (rows, top_k)
    ROUTES_A_BYTES = 24704,         // (256, 2) experts and weights
    ROUTES_B_OFFSET = 8675456,      // each row's experts, their weights and where they are, (rows, top_k)
    ROUTES_B_BYTES = 24704,         // (256, 2) experts and weights
    ARRIVALS_A_OFFSET = 8700160,    // rows by expert, from every sender
    ARRIVALS_A_BYTES = 49280,       // rows of 1 expert, from 16 senders
    ARRIVALS_B_OFFSET = 8749440,    // rows by expert, from every sender
    ARRIVALS_B_BYTES = 49280,       // rows of 1 expert, from 16 senders
    EXPERT_OUT_A_OFFSET = 8798720,  // weighted sums of this rank's experts, (senders, rows, hidden) f32
    EXPERT_OUT_A_BYTES = 33554432,  // (16, 256, 2048) f32
    EXPERT_OUT_B_OFFSET = 42353152, // weighted sums of this rank's experts, (senders, rows, hidden) f32
    EXPERT_OUT_B_BYTES = 33554432,  // (16, 256, 2048) f32
    SCRATCH_OFFSET = 75907584,      // scratch of one op
    SCRATCH_BYTES = 11536384,       // the largest need of one op
    KV_OFFSET = 87443968,           // KV cache, blocks of 16 positions: keys (head_dim, 16), values (16, head_dim) f32
    KV_BYTES = 134217728,           // 4 layers x 256 blocks x 8 heads x (keys and values) of (16, 128) f32
    ARENA_BYTES = 221661696,        // 211.39 MiB
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
    STAGE_A_FLAGS = 0,                // rows from the previous stage
    STAGE_A_DATA = 128,               // 2,097,152 bytes
    STAGE_A_DATA_BYTES = 2097152,     // all slots
    STAGE_A_STRIDE = 0,               // from slot to slot
    STAGE_A_SLOTS = 1,                // pairs of flag lines
    STAGE_B_FLAGS = 2097280,          // rows from the previous stage
    STAGE_B_DATA = 2097408,           // 2,097,152 bytes
    STAGE_B_DATA_BYTES = 2097152,     // all slots
    STAGE_B_STRIDE = 0,               // from slot to slot
    STAGE_B_SLOTS = 1,                // pairs of flag lines
    PARTIAL_A_FLAGS = 4194560,        // this rank's share of a tp sum, read by the tp group
    PARTIAL_A_DATA = 4194816,         // 2,097,152 bytes
    PARTIAL_A_DATA_BYTES = 2097152,   // all slots
    PARTIAL_A_STRIDE = 0,             // from slot to slot
    PARTIAL_A_SLOTS = 2,              // pairs of flag lines
    PARTIAL_B_FLAGS = 6291968,        // this rank's share of a tp sum, read by the tp group
    PARTIAL_B_DATA = 6292224,         // 2,097,152 bytes
    PARTIAL_B_DATA_BYTES = 2097152,   // all slots
    PARTIAL_B_STRIDE = 0,             // from slot to slot
    PARTIAL_B_SLOTS = 2,              // pairs of flag lines
    DISPATCH_A_FLAGS = 8389376,       // rows for this rank's experts, one slot an ep peer
    DISPATCH_A_DATA = 8391424,        // 33,620,992 bytes
    DISPATCH_A_DATA_BYTES = 33620992, // all slots
    DISPATCH_A_STRIDE = 2101312,      // from slot to slot
    DISPATCH_A_SLOTS = 16,            // pairs of flag lines
    COMBINE_A_FLAGS = 42012416,       // expert sums for this rank's rows, one slot an ep peer
    COMBINE_A_DATA = 42014464,        // 33,554,432 bytes
    COMBINE_A_DATA_BYTES = 33554432,  // all slots
    COMBINE_A_STRIDE = 2097152,       // from slot to slot
    COMBINE_A_SLOTS = 16,             // pairs of flag lines
    DISPATCH_B_FLAGS = 75568896,      // rows for this rank's experts, one slot an ep peer
    DISPATCH_B_DATA = 75570944,       // 33,620,992 bytes
    DISPATCH_B_DATA_BYTES = 33620992, // all slots
    DISPATCH_B_STRIDE = 2101312,      // from slot to slot
    DISPATCH_B_SLOTS = 16,            // pairs of flag lines
    COMBINE_B_FLAGS = 109191936,      // expert sums for this rank's rows, one slot an ep peer
    COMBINE_B_DATA = 109193984,       // 33,554,432 bytes
    COMBINE_B_DATA_BYTES = 33554432,  // all slots
    COMBINE_B_STRIDE = 2097152,       // from slot to slot
    COMBINE_B_SLOTS = 16,             // pairs of flag lines
    LOAD_FLAGS = 142748416,           // rows counted by layer and expert, read by the head
    LOAD_DATA = 142748416,            // 64 bytes
    LOAD_DATA_BYTES = 64,             // all slots
    LOAD_STRIDE = 0,                  // from slot to slot
    LOAD_SLOTS = 0,                   // pairs of flag lines
};

/* In the part of the next stage's rank: the mailbox that rows go to. */
enum {
    NEXT_STAGE_A_FLAGS = 0,            // posted and taken
    NEXT_STAGE_A_DATA = 128,           // 2,097,152 bytes
    NEXT_STAGE_A_DATA_BYTES = 2097152, // all slots
    NEXT_STAGE_B_FLAGS = 2097280,      // posted and taken
    NEXT_STAGE_B_DATA = 2097408,       // 2,097,152 bytes
    NEXT_STAGE_B_DATA_BYTES = 2097152, // all slots
};
