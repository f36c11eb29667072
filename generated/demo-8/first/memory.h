/* demo-8, class first: where everything is in a rank's memory. Offsets and sizes are bytes.
 *
 * The arena, 9,200,000 bytes, is taken once at start. A buffer is in use from the first op that
 * touches it to the last, of one layer where both have a layer.
 *
 *     offset      bytes  buffer        in use                            holds
 *          0     65,536  RESIDUAL_A    reduce_embedding to send_stage    (128, 128) f32
 *     65,536     65,536  RESIDUAL_B    reduce_embedding to send_stage    (128, 128) f32
 *    131,072     65,536  ROUTED_A      route to experts                  (128, 128) f32
 *    196,608     65,536  ROUTED_B      route to experts                  (128, 128) f32
 *    262,144     16,384  ROTARY_A      rotary to attention               (128, 32) f32
 *    278,528     16,384  ROTARY_B      rotary to attention               (128, 32) f32
 *    294,912      5,248  ROUTES_A      route to combine_finish           (128, 2) experts and weights
 *    300,160      5,248  ROUTES_B      route to combine_finish           (128, 2) experts and weights
 *    305,408      6,208  ARRIVALS_A    dispatch_finish to combine_start  rows of 8 experts, from 2 senders
 *    311,616      6,208  ARRIVALS_B    dispatch_finish to combine_start  rows of 8 experts, from 2 senders
 *    317,824    131,072  EXPERT_OUT_A  experts to combine_finish         (2, 128, 128) f32
 *    448,896    131,072  EXPERT_OUT_B  experts to combine_finish         (2, 128, 128) f32
 *    579,968    231,424  SCRATCH       one op                            the largest need of one op
 *    811,392  8,388,608  KV            as long as the rank runs          8 layers x 256 blocks x 1 head x (keys and
 *                                                                        values) of (16, 32) f32
 */
#pragma once

enum {
    RESIDUAL_A_OFFSET = 0,        // residual stream, (rows, hidden) f32
    RESIDUAL_A_BYTES = 65536,     // (128, 128) f32
    RESIDUAL_B_OFFSET = 65536,    // residual stream, (rows, hidden) f32
    RESIDUAL_B_BYTES = 65536,     // (128, 128) f32
    ROUTED_A_OFFSET = 131072,     // normed rows for the experts, (rows, hidden) f32
    ROUTED_A_BYTES = 65536,       // (128, 128) f32
    ROUTED_B_OFFSET = 196608,     // normed rows for the experts, (rows, hidden) f32
    ROUTED_B_BYTES = 65536,       // (128, 128) f32
    ROTARY_A_OFFSET = 262144,     // cosines and sines of each row's position, (rows, head_dim) f32
    ROTARY_A_BYTES = 16384,       // (128, 32) f32
    ROTARY_B_OFFSET = 278528,     // cosines and sines of each row's position, (rows, head_dim) f32
    ROTARY_B_BYTES = 16384,       // (128, 32) f32
    ROUTES_A_OFFSET = 294912,     // each row's experts, their weights and where they are, (rows, top_k)
    ROUTES_A_BYTES = 5248,        // (128, 2) experts and weights
    ROUTES_B_OFFSET = 300160,     // each row's experts, their weights and where they are, (rows, top_k)
    ROUTES_B_BYTES = 5248,        // (128, 2) experts and weights
    ARRIVALS_A_OFFSET = 305408,   // rows by expert, from every sender
    ARRIVALS_A_BYTES = 6208,      // rows of 8 experts, from 2 senders
    ARRIVALS_B_OFFSET = 311616,   // rows by expert, from every sender
    ARRIVALS_B_BYTES = 6208,      // rows of 8 experts, from 2 senders
    EXPERT_OUT_A_OFFSET = 317824, // weighted sums of this rank's experts, (senders, rows, hidden) f32
    EXPERT_OUT_A_BYTES = 131072,  // (2, 128, 128) f32
    EXPERT_OUT_B_OFFSET = 448896, // weighted sums of this rank's experts, (senders, rows, hidden) f32
    EXPERT_OUT_B_BYTES = 131072,  // (2, 128, 128) f32
    SCRATCH_OFFSET = 579968,      // scratch of one op
    SCRATCH_BYTES = 231424,       // the largest need of one op
    KV_OFFSET = 811392,           // KV cache, blocks of 16 positions: keys (head_dim, 16), values (16, head_dim) f32
    KV_BYTES = 8388608,           // 8 layers x 256 blocks x 1 head x (keys and values) of (16, 32) f32
    ARENA_BYTES = 9200000,        // 8.77 MiB
};

/* The dense shard: where a weight is in layer 0; each layer's are a stride further. Matrices are outputs x inputs. */
enum {
    EMBEDDING_WEIGHT = 0,          // embedding, rows of this tp coordinate, 1024 x 128 bf16
    INPUT_NORM_WEIGHT = 262144,    // norm before attention, 128 f32
    QKV_WEIGHT = 262656,           // query, key and value heads of this tp coordinate, 128 x 128 bf16
    ATTENTION_OUT_WEIGHT = 295424, // output projection, columns of this tp coordinate's heads, 128 x 64 bf16
    POST_NORM_WEIGHT = 311808,     // norm before the experts, 128 f32
    ROUTER_WEIGHT = 312320,        // router, 16 x 128 f32
    DENSE_LAYER_STRIDE = 58368,    // weights of a layer
    DENSE_BYTES = 729088,          // 0.70 MiB
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
    PARTIAL_A_FLAGS = 0,            // this rank's share of a tp sum, read by the tp group
    PARTIAL_A_DATA = 256,           // 65,536 bytes
    PARTIAL_A_DATA_BYTES = 65536,   // all slots
    PARTIAL_A_STRIDE = 0,           // from slot to slot
    PARTIAL_A_SLOTS = 2,            // pairs of flag lines
    PARTIAL_B_FLAGS = 65792,        // this rank's share of a tp sum, read by the tp group
    PARTIAL_B_DATA = 66048,         // 65,536 bytes
    PARTIAL_B_DATA_BYTES = 65536,   // all slots
    PARTIAL_B_STRIDE = 0,           // from slot to slot
    PARTIAL_B_SLOTS = 2,            // pairs of flag lines
    DISPATCH_A_FLAGS = 131584,      // rows for this rank's experts, one slot an ep peer
    DISPATCH_A_DATA = 131840,       // 135,296 bytes
    DISPATCH_A_DATA_BYTES = 135296, // all slots
    DISPATCH_A_STRIDE = 67648,      // from slot to slot
    DISPATCH_A_SLOTS = 2,           // pairs of flag lines
    COMBINE_A_FLAGS = 267136,       // expert sums for this rank's rows, one slot an ep peer
    COMBINE_A_DATA = 267392,        // 131,072 bytes
    COMBINE_A_DATA_BYTES = 131072,  // all slots
    COMBINE_A_STRIDE = 65536,       // from slot to slot
    COMBINE_A_SLOTS = 2,            // pairs of flag lines
    DISPATCH_B_FLAGS = 398464,      // rows for this rank's experts, one slot an ep peer
    DISPATCH_B_DATA = 398720,       // 135,296 bytes
    DISPATCH_B_DATA_BYTES = 135296, // all slots
    DISPATCH_B_STRIDE = 67648,      // from slot to slot
    DISPATCH_B_SLOTS = 2,           // pairs of flag lines
    COMBINE_B_FLAGS = 534016,       // expert sums for this rank's rows, one slot an ep peer
    COMBINE_B_DATA = 534272,        // 131,072 bytes
    COMBINE_B_DATA_BYTES = 131072,  // all slots
    COMBINE_B_STRIDE = 65536,       // from slot to slot
    COMBINE_B_SLOTS = 2,            // pairs of flag lines
    LOAD_FLAGS = 665344,            // rows counted by layer and expert, read by the head
    LOAD_DATA = 665344,             // 576 bytes
    LOAD_DATA_BYTES = 576,          // all slots
    LOAD_STRIDE = 0,                // from slot to slot
    LOAD_SLOTS = 0,                 // pairs of flag lines
};

/* In the part of the next stage's rank: the mailbox that rows go to. */
enum {
    NEXT_STAGE_A_FLAGS = 0,          // posted and taken
    NEXT_STAGE_A_DATA = 128,         // 65,536 bytes
    NEXT_STAGE_A_DATA_BYTES = 65536, // all slots
    NEXT_STAGE_B_FLAGS = 65664,      // posted and taken
    NEXT_STAGE_B_DATA = 65792,       // 65,536 bytes
    NEXT_STAGE_B_DATA_BYTES = 65536, // all slots
};
