/* shakespeare-256, class first: layers 0-3, ranks 0-31, 128-159.
 * The sizes that its code is compiled with. */
#pragma once

#define CLASS_NAME   "first"
#define PLAN_HASH    "83acd720bb817cdfae5d5d327f65518d1ea6b137b1003774e100d3bc63f4ee03"
#define WEIGHT_DTYPE DTYPE_BF16
#define RMS_EPSILON  1e-05f
#define ROPE_THETA   10000.0

enum {
    WORLD = 256,              // ranks in all
    DP = 2,                   // data-parallel replicas
    PP = 4,                   // pipeline stages
    EP = 16,                  // ranks the experts of a layer are placed on
    TP = 2,                   // ranks that share heads, expert hidden sizes and the vocabulary
    LAYERS = 4,               // layers of this class
    MODEL_LAYERS = 16,        // layers of the model
    HIDDEN = 128,             // values of a row of the residual stream
    MODEL_HEADS = 4,          // query heads of the model
    MODEL_KV_HEADS = 2,       // key/value heads of the model
    MODEL_EXPERT_HIDDEN = 64, // an expert's hidden size in the model
    HEADS = 2,                // query heads of this rank
    KV_HEADS = 1,             // key/value heads of this rank
    HEAD_DIM = 32,            // values of a head
    EXPERTS = 16,             // experts of a layer, over all ranks
    TOP_K = 2,                // experts of a row
    EXPERT_SLOTS = 1,         // experts of a layer that this rank has room for
    EXPERT_HIDDEN = 32,       // this rank's slice of an expert's hidden size
    VOCABULARY = 2048,        // tokens
    VOCABULARY_SLICE = 1024,  // tokens of this rank; the last rank's are filled up with zeros
    MICRO_BATCHES = 1,        // slices of a step's rows
    PREFILL_ROWS = 32,        // rows of a micro-batch in prefill, at most
    DECODE_ROWS = 4,          // rows of a micro-batch in decode, at most
    LOGIT_ROWS = 32,          // rows of a micro-batch that have logits, at most
    SEQUENCES = 4,            // sequences of a lane
    CONTEXT = 512,            // positions of a sequence
    WINDOW = 512,             // positions that a row attends to, itself included
    KV_BLOCKS = 128,          // KV blocks of a layer
    SEQUENCE_BLOCKS = 32,     // KV blocks of a sequence
    EXPERT_CAPACITY = 32,     // rows that one expert takes of one sender's micro-batch
    DISPATCH_ROWS = 32,       // rows that a micro-batch sends to one ep peer, at most
    ARRIVAL_ROWS = 512,       // rows of a micro-batch that one expert can get, from all senders
    EXPERT_TILE = 256,        // rows of one expert, on GPUs of all experts, that are computed together
};

enum micro_batch { A };

/* Counted within the class: LAYER_0 is layer 0 of the model. */
enum layer {
    LAYER_0,
    LAYER_1,
    LAYER_2,
    LAYER_3,
};
