/* moe10b-256, class middle: 4 layers, ranks 32-95, 160-223.
 * The sizes that its code is compiled with. */
#pragma once

#define CLASS_NAME   "middle"
#define PLAN_HASH    "161b87b785643d85cfd2b371c2633e1e6ac6e08921dc4ff9fcf0360724acacfa"
#define WEIGHT_DTYPE DTYPE_BF16
#define RMS_EPSILON  1e-05f
#define ROPE_THETA   10000.0

enum {
    WORLD = 256,                // ranks in all
    DP = 2,                     // data-parallel replicas
    PP = 4,                     // pipeline stages
    EP = 16,                    // ranks the experts of a layer are placed on
    TP = 2,                     // ranks that share heads, expert hidden sizes and the vocabulary
    LAYERS = 4,                 // layers of this class
    MODEL_LAYERS = 16,          // layers of the model
    HIDDEN = 2048,              // values of a row of the residual stream
    MODEL_HEADS = 16,           // query heads of the model
    MODEL_KV_HEADS = 16,        // key/value heads of the model
    MODEL_EXPERT_HIDDEN = 6144, // an expert's hidden size in the model
    HEADS = 8,                  // query heads of this rank
    KV_HEADS = 8,               // key/value heads of this rank
    HEAD_DIM = 128,             // values of a head
    EXPERTS = 16,               // experts of a layer, over all ranks
    TOP_K = 2,                  // experts of a row
    EXPERT_SLOTS = 1,           // experts of a layer that this rank has room for
    EXPERT_HIDDEN = 3072,       // this rank's slice of an expert's hidden size
    VOCABULARY = 32000,         // tokens
    VOCABULARY_SLICE = 16000,   // tokens of this rank; the last rank's are filled up with zeros
    MICRO_BATCHES = 2,          // slices of a step's rows
    PREFILL_ROWS = 256,         // rows of a micro-batch in prefill, at most
    DECODE_ROWS = 2,            // rows of a micro-batch in decode, at most
    LOGIT_ROWS = 64,            // rows of a micro-batch that have logits, at most
    SEQUENCES = 4,              // sequences of a lane
    CONTEXT = 1024,             // positions of a sequence
    WINDOW = 1024,              // positions that a row attends to, itself included
    KV_BLOCKS = 256,            // KV blocks of a layer
    SEQUENCE_BLOCKS = 64,       // KV blocks of a sequence
    EXPERT_CAPACITY = 256,      // rows that one expert takes of one sender's micro-batch
    DISPATCH_ROWS = 256,        // rows that a micro-batch sends to one ep peer, at most
    ARRIVAL_ROWS = 4096,        // rows of a micro-batch that one expert can get, from all senders
    EXPERT_TILE = 4096,         // rows of one expert, on GPUs of all experts, that are computed together
    EXACT_DISPATCH = 1,         // whether messages are of as many rows as are sent, in prefill
};

/* Device memory that a rank takes in all, at most. Alone, for in C++ one large constant makes all of its enum long. */
enum {
    LEDGER_BYTES = 1934748160,
};

enum micro_batch { A, B };

/* Counted within the class: LAYER_0 is the layer of the model that a rank's row calls layer_base. */
enum layer {
    LAYER_0,
    LAYER_1,
    LAYER_2,
    LAYER_3,
};
