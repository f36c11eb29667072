/* demo-8-cuda, class last: layers 8-15, ranks 4-7.
 * The sizes that its code is compiled with. */
#pragma once

#define CLASS_NAME   "last"
#define PLAN_HASH    "54770493b4e32eb19d64e1402575c25ebd40b6d4a82866139b3a5704fd43c864"
#define WEIGHT_DTYPE DTYPE_BF16
#define RMS_EPSILON  1e-05f
#define ROPE_THETA   10000.0

enum {
    WORLD = 8,                // ranks in all
    DP = 1,                   // data-parallel replicas
    PP = 2,                   // pipeline stages
    EP = 2,                   // ranks the experts of a layer are placed on
    TP = 2,                   // ranks that share heads, expert hidden sizes and the vocabulary
    LAYERS = 8,               // layers of this class
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
    EXPERT_SLOTS = 8,         // experts of a layer that this rank has room for
    EXPERT_HIDDEN = 32,       // this rank's slice of an expert's hidden size
    VOCABULARY = 2048,        // tokens
    VOCABULARY_SLICE = 1024,  // tokens of this rank; the last rank's are filled up with zeros
    MICRO_BATCHES = 2,        // slices of a step's rows
    PREFILL_ROWS = 128,       // rows of a micro-batch in prefill, at most
    DECODE_ROWS = 4,          // rows of a micro-batch in decode, at most
    LOGIT_ROWS = 64,          // rows of a micro-batch that have logits, at most
    SEQUENCES = 8,            // sequences of a lane
    CONTEXT = 512,            // positions of a sequence
    WINDOW = 512,             // positions that a row attends to, itself included
    KV_BLOCKS = 256,          // KV blocks of a layer
    SEQUENCE_BLOCKS = 32,     // KV blocks of a sequence
    EXPERT_CAPACITY = 128,    // rows that one expert takes of one sender's micro-batch
    DISPATCH_ROWS = 128,      // rows that a micro-batch sends to one ep peer, at most
    ARRIVAL_ROWS = 256,       // rows of a micro-batch that one expert can get, from all senders
    EXPERT_TILE = 512,        // rows of one expert, on GPUs of all experts, that are computed together
    EXACT_DISPATCH = 1,       // whether messages are of as many rows as are sent, in prefill
};

/* Device memory that a rank takes in all, at most. Alone, for in C++ one large constant makes all of its enum long. */
enum {
    LEDGER_BYTES = 1518326784,
};

enum micro_batch { A, B };

/* Counted within the class: LAYER_0 is layer 8 of the model. */
enum layer {
    LAYER_0,
    LAYER_1,
    LAYER_2,
    LAYER_3,
    LAYER_4,
    LAYER_5,
    LAYER_6,
    LAYER_7,
};
