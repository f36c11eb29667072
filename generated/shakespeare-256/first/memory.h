/* shakespeare-256, class first: where everything is in a rank's memory. Offsets and sizes are bytes.
 *
 * The arena, 2,637,056 bytes, is taken once at start. A buffer is in use from the first op that
 * touches it to the last, of one layer where both have a layer.
 *
 *     offset      bytes  buffer        in use                            holds
 *          0     16,384  RESIDUAL_A    reduce_embedding to send_stage    (32, 128) f32
 *     16,384     16,384  ROUTED_A      route to experts                  (32, 128) f32
 *     32,768      4,096  ROTARY_A      rotary to attention               (32, 32) f32
 *     36,864      3,200  ROUTES_A      route to combine_finish           (32, 2) experts and weights
 *     40,064      6,272  ARRIVALS_A    dispatch_finish to combine_start  rows of 1 expert, from 16 senders
 *     46,336    262,144  EXPERT_OUT_A  experts to combine_finish         (16, 32, 128) f32
 *    308,480    231,424  SCRATCH       one op                            the largest need of one op
 *    539,904  2,097,152  KV            as long as the rank runs          4 layers x 128 blocks x 1 head x (keys and
 *                                                                        values) of (16, 32) f32
 */
#pragma once

enum {
    RESIDUAL_A_OFFSET = 0,       // residual stream, (rows, hidden) f32
    RESIDUAL_A_BYTES = 16384,    // (32, 128) f32
    ROUTED_A_OFFSET = 16384,     // normed rows for the experts, (rows, hidden) f32
    ROUTED_A_BYTES = 16384,      // (32, 128) f32
    ROTARY_A_OFFSET = 32768,     // cosines and sines of each row's position, (rows, head_dim) f32
    ROTARY_A_BYTES = 4096,       // (32, 32) f32
    ROUTES_A_OFFSET = 36864,     // each row's experts, their weights and where they are, (rows, top_k)
    ROUTES_A_BYTES = 3200,       // (32, 2) experts and weights
    ARRIVALS_A_OFFSET = 40064,   // rows by expert, from every sender
    ARRIVALS_A_BYTES = 6272,     // rows of 1 expert, from 16 senders
    EXPERT_OUT_A_OFFSET = 46336, // weighted sums of this rank's experts, (senders, rows, hidden) f32
    EXPERT_OUT_A_BYTES = 262144, // (16, 32, 128) f32
    SCRATCH_OFFSET = 308480,     // scratch of one op
    SCRATCH_BYTES = 231424,      // the largest need of one op
    KV_OFFSET = 539904,          // KV cache, blocks of 16 positions: keys (head_dim, 16), values (16, head_dim) f32
    KV_BYTES = 2097152,          // 4 layers x 128 blocks x 1 head x (keys and values) of (16, 32) f32
    ARENA_BYTES = 2637056,       // 2.51 MiB
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
    DENSE_BYTES = 495616,          // 0.47 MiB
};

/* The experts shard: where a weight is in slot 0 of layer 0. */
enum {
    GATE_UP_WEIGHT = 0,          // gate and up rows of this tp coordinate, 64 x 128 bf16
    DOWN_WEIGHT = 16384,         // down columns of this tp coordinate, 128 x 32 bf16
    EXPERT_SLOT_STRIDE = 24576,  // one expert
    EXPERT_LAYER_STRIDE = 24576, // slots of a layer: 1
    EXPERTS_BYTES = 98304,       // 0.09 MiB
};

/* The rank's part of the shared segment: of each mailbox the flag lines (posted and taken, a pair a slot), the data,
 * and how far its slots are apart. */
enum {
    PARTIAL_A_FLAGS = 0,            // this rank's share of a tp sum, read by the tp group
    PARTIAL_A_DATA = 256,           // 16,384 bytes
    PARTIAL_A_DATA_BYTES = 16384,   // all slots
    PARTIAL_A_STRIDE = 0,           // from slot to slot
    PARTIAL_A_SLOTS = 2,            // pairs of flag lines
    DISPATCH_A_FLAGS = 16640,       // rows for this rank's experts, one slot an ep peer
    DISPATCH_A_DATA = 18688,        // 271,360 bytes
    DISPATCH_A_DATA_BYTES = 271360, // all slots
    DISPATCH_A_STRIDE = 16960,      // from slot to slot
    DISPATCH_A_SLOTS = 16,          // pairs of flag lines
    COMBINE_A_FLAGS = 290048,       // expert sums for this rank's rows, one slot an ep peer
    COMBINE_A_DATA = 292096,        // 262,144 bytes
    COMBINE_A_DATA_BYTES = 262144,  // all slots
    COMBINE_A_STRIDE = 16384,       // from slot to slot
    COMBINE_A_SLOTS = 16,           // pairs of flag lines
    LOAD_FLAGS = 554240,            // rows counted by layer and expert, read by the head
    LOAD_DATA = 554240,             // 64 bytes
    LOAD_DATA_BYTES = 64,           // all slots
    LOAD_STRIDE = 0,                // from slot to slot
    LOAD_SLOTS = 0,                 // pairs of flag lines
};

/* In the part of the next stage's rank: the mailbox that rows go to. */
enum {
    NEXT_STAGE_A_FLAGS = 0,          // posted and taken
    NEXT_STAGE_A_DATA = 128,         // 16,384 bytes
    NEXT_STAGE_A_DATA_BYTES = 16384, // all slots
};
