/* What a document states about a deployment: `claims` of a strategy, figure by figure, and what the document leaves
 * open.
 *
 *   read/claims.c and read/assume.c fill it; predict/audit/ judges it. Nothing of it enters the plan. */
#pragma once

#include <stdbool.h>

struct hardware; /* hardware.h */

/* What a quantity is measured in; each has its list of units in read/claim_text.c. */
enum dimension {
    IN_NUMBER,     /* 256 */
    IN_PARAMETERS, /* 10 B */
    IN_MEMORY,     /* 0.078 GB */
    IN_TIME,       /* 0.472 s */
    IN_RATE,       /* 12 tokens/ms/gpu */
    IN_ANY_RATE,   /* 100 tokens/ms, of whatever its publisher means */
    IN_SHARE,      /* 65 % */
    IN_TIMES,      /* 21x */
    DIMENSIONS
};

/* What a document may leave open; the audit tries every combination of the alternatives that matter to a claim. */
#define ASSUMPTIONS(X)                                                                                                 \
    X(hidden_size, "heads grow with it, and experts keep their number of parameters")                                  \
    X(top_k, "experts of a token")                                                                                     \
    X(context, "positions of a sequence")                                                                              \
    X(sequences, "in the whole batch")                                                                                 \
    X(kv, "what keys and values are stored as")                                                                        \
    X(weights, "what a parameter is stored as; adam: with gradient, master copy and moments, 16 bytes")                \
    X(accelerator, "the GPU that the document does not name")

enum assumption {
#define X(name, text) ASSUME_##name,
    ASSUMPTIONS(X)
#undef X
        ASSUMPTIONS_ALL
};
#define A(name) (1u << ASSUME_##name)

/* How the figures of one quantity are told apart: by any word, or by words that mean something. */
enum label { ANY_LABEL, AXIS_LABEL, PUBLISHED_LABEL };

/* Everything that can be claimed: name, dimension, label, assumptions that its value depends on, and what it is. The
 * function that computes it is audit_NAME() of predict/audit. */
#define QUANTITIES(X)                                                                                                  \
    X(gpus, IN_NUMBER, ANY_LABEL, 0, "ranks of the plan")                                                              \
    X(grid, IN_NUMBER, AXIS_LABEL, 0, "ranks along an axis: dp, pp, ep or tp")                                         \
    X(rank_stride, IN_NUMBER, AXIS_LABEL, 0, "how much one step along an axis adds to the rank number")                \
    X(rank_numbers, IN_NUMBER, ANY_LABEL, 0, "rank numbers, each given once")                                          \
    X(layers, IN_NUMBER, ANY_LABEL, 0, "layers of the model")                                                          \
    X(layers_per_stage, IN_NUMBER, ANY_LABEL, 0, "layers of a pipeline stage")                                         \
    X(experts, IN_NUMBER, ANY_LABEL, 0, "experts of all layers")                                                       \
    X(experts_per_layer, IN_NUMBER, ANY_LABEL, 0, "experts of a layer")                                                \
    X(experts_per_gpu_layer, IN_NUMBER, ANY_LABEL, 0, "experts, whole or in part, of one layer on a GPU")              \
    X(experts_per_token, IN_NUMBER, ANY_LABEL, A(top_k), "experts that a token is sent to")                            \
    X(gpus_per_expert, IN_NUMBER, ANY_LABEL, 0, "GPUs that hold a part of an expert")                                  \
    X(shards_per_expert, IN_NUMBER, ANY_LABEL, 0, "parts that an expert is split into")                                \
    X(shards_per_gpu, IN_NUMBER, ANY_LABEL, 0, "parts of experts on a GPU, over its layers")                           \
    X(sequences, IN_NUMBER, ANY_LABEL, 0, "sequences of the whole batch")                                              \
    X(sequences_per_replica, IN_NUMBER, ANY_LABEL, 0, "sequences of one data-parallel replica")                        \
    X(context, IN_NUMBER, ANY_LABEL, 0, "positions of a sequence")                                                     \
    X(parameters, IN_PARAMETERS, ANY_LABEL, A(hidden_size), "parameters of the model")                                 \
    X(active_parameters, IN_PARAMETERS, ANY_LABEL, A(hidden_size) | A(top_k), "parameters that a token uses")          \
    X(sparsity, IN_TIMES, ANY_LABEL, A(hidden_size) | A(top_k), "all parameters over those that a token uses")         \
    X(weights, IN_MEMORY, ANY_LABEL, A(hidden_size) | A(weights), "one copy of the weights")                           \
    X(weights_per_gpu, IN_MEMORY, ANY_LABEL, A(hidden_size) | A(weights), "weights of the fullest GPU")                \
    X(kv_per_gpu, IN_MEMORY, ANY_LABEL, A(hidden_size) | A(context) | A(sequences) | A(kv), "KV cache of a GPU")       \
    X(activations_per_gpu, IN_MEMORY, ANY_LABEL, A(hidden_size) | A(top_k), "activations and messages of a GPU")       \
    X(overhead_per_gpu, IN_MEMORY, ANY_LABEL, 0, "what the program itself takes of a GPU")                             \
    X(memory_per_gpu, IN_MEMORY, ANY_LABEL, MEMORY_ASSUMPTIONS, "everything on the fullest GPU")                       \
    X(gpu_memory, IN_MEMORY, ANY_LABEL, A(accelerator), "memory that a GPU has")                                       \
    X(headroom, IN_MEMORY, ANY_LABEL, MEMORY_ASSUMPTIONS, "memory that stays free on the fullest GPU")                 \
    X(memory_used, IN_SHARE, ANY_LABEL, MEMORY_ASSUMPTIONS, "share of a GPU's memory in use")                          \
    X(memory_free, IN_SHARE, ANY_LABEL, MEMORY_ASSUMPTIONS, "share of a GPU's memory that stays free")                 \
    X(placement_imbalance, IN_SHARE, ANY_LABEL, 0, "most over mean, less one, of expert bytes on a GPU")               \
    X(load_imbalance, IN_SHARE, ANY_LABEL, A(top_k), "most over mean, less one, of rows that experts get in a step")   \
    X(mfu, IN_SHARE, ANY_LABEL, 0, "model FLOPs over the peak of the accelerator")                                     \
    X(overlap_gain, IN_SHARE, ANY_LABEL, 0, "throughput gained, on top of the MFU, by overlapping communication")      \
    X(throughput, IN_RATE, ANY_LABEL, SPEED_ASSUMPTIONS, "tokens of a GPU in a time")                                  \
    X(ttft, IN_TIME, ANY_LABEL, SPEED_ASSUMPTIONS | A(sequences), "time until every sequence has its first token")     \
    X(ttft_margin, IN_TIMES, ANY_LABEL, 0, "the required time to first token over the claimed one")                    \
    X(published, IN_ANY_RATE, PUBLISHED_LABEL, 0, "what others have published of their system")

#define MEMORY_ASSUMPTIONS (A(hidden_size) | A(top_k) | A(context) | A(sequences) | A(kv) | A(weights))
#define SPEED_ASSUMPTIONS  (A(hidden_size) | A(top_k) | A(context) | A(accelerator))

enum quantity {
#define X(name, dimension, label, assumptions, text) QUANTITY_##name,
    QUANTITIES(X)
#undef X
        QUANTITY_COUNT
};

struct quantity_info {
    const char *name;
    enum dimension dimension;
    enum label label;
    unsigned assumptions; /* bits A(...) */
    const char *text;
};
extern const struct quantity_info quantity_table[QUANTITY_COUNT];
extern const char *const assumption_names[ASSUMPTIONS_ALL], *const assumption_texts[ASSUMPTIONS_ALL];

/* A figure as written: "0.078 GB" is everything that rounds to it, from 0.0775 to 0.0785 GB; ">= 100" has no end. */
struct figure {
    double least, most;     /* of what was written, in base units; -INFINITY, INFINITY: open */
    double low, high;       /* the same, with its own rounding */
    const char *unit;       /* as written; "" for a bare number */
    double factor;          /* of the unit: base units in one */
    bool at_least, at_most; /* ">= 100", "<= 10" */
    bool range;             /* "100-150" */
};

struct claim {
    const char *name; /* "throughput.expected" */
    enum quantity quantity;
    const char *label; /* "expected"; NULL: none */
    const char *text;  /* the figure as stated */
    struct figure figure;
    double mfu;       /* the condition mfu = "60 %", a share; 0: none */
    bool charged_all; /* the condition charged = "all": every parameter is charged to every token */
    int line;
};

enum { MOST_ALTERNATIVES = 8, MOST_COMBINATIONS = 4096 };

/* The alternatives of one assumption. `own` is the one that the strategy itself is planned with. */
struct alternatives {
    int count, own;
    int numbers[MOST_ALTERNATIVES];
    const char *words[MOST_ALTERNATIVES]; /* as shown */
    int line;
};

struct claims {
    struct claim *list; /* in the order of their lines */
    int count;
    struct alternatives assume[ASSUMPTIONS_ALL]; /* where nothing is assumed: the strategy's own value alone */
    const struct hardware *accelerators[MOST_ALTERNATIVES];
};

/* What `kv` and `weights` can be assumed to be stored as; numbers of their alternatives are indexes here. */
enum storage { STORE_BF16, STORE_F32, STORE_ADAM, STORAGES };
extern const char *const storage_names[STORAGES];
extern const int storage_bytes[STORAGES]; /* of one parameter */
