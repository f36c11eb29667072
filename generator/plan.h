/* The plan: the one thing that the stages of the compiler share.
 *
 *   read/    fills a struct strategy
 *   plan/    turns it into a struct plan: every number that a rank will ever need
 *   verify/  proves things about a finished plan, and reads one back from emitted sources
 *   emit/    prints it
 *   tool/    cuts a checkpoint by it, builds it, runs it
 *
 * A struct plan holds nothing that cannot be read back from the sources it is emitted as; plan_canonical() lists all of
 * it as text, and the plan hash is the SHA-256 of that text. Arrays live in the plan's pool. */
#pragma once

#include "base/error.h"
#include "base/pool.h"
#include "base/text.h"
#include "ops.h"
#include "packed.h"

#include <stdbool.h>
#include <stdint.h>

struct hardware; /* hardware.h */
struct claims;   /* claims.h */

/* ---- words */

/* The axes of the grid, outermost first: the order of coordinates everywhere. */
enum axis { AXIS_DP, AXIS_PP, AXIS_EP, AXIS_TP, AXES, AXIS_NONE = AXES };
extern const char *const axis_names[AXES]; /* "dp" "pp" "ep" "tp" */

enum phase { PREFILL, DECODE, PHASES };
extern const char *const phase_names[PHASES]; /* "prefill" "decode" */

enum {
    KV_BLOCK_POSITIONS = 16,
    MAX_WORLD = 65536,
    MAX_LAYERS = 1024,
    MAX_EXPERTS = 1024,
    MAX_TOP_K = 32,
    MAX_MICRO_BATCHES = 8,
    MAX_STOP_TOKENS = 16
};

/* ---- what a strategy says */

/* One model, as its config.json gives it; both dialects end up the same. */
struct model {
    const char *family; /* "mixtral" */
    const char *folder; /* the checkpoint's folder; NULL for an inline table */
    int hidden, layers, heads, kv_heads, head_dim;
    int experts, top_k, expert_hidden;
    int vocabulary, max_positions;
    int window; /* sliding window in positions; 0: none */
    double rms_epsilon, rope_theta;
    int stop_tokens[MAX_STOP_TOKENS], stop_token_count;
};

/* The keys of a strategy, for the line of each. */
#define STRATEGY_KEYS(X)                                                                                               \
    X(name) X(model) X(grid) X(rank) X(stages) X(experts) X(target) X(batch) X(dtype) X(dispatch) X(require) X(claims)

enum strategy_key {
#define X(key) KEY_##key,
    STRATEGY_KEYS(X)
#undef X
        STRATEGY_KEY_COUNT
};

struct strategy {
    const char *path;              /* the file, as named by the user; where its errors point */
    int lines[STRATEGY_KEY_COUNT]; /* the line of each key; the line of the table where a key is absent */
    const char *name;              /* [a-z0-9-]+; names the output folder */
    struct model model;
    int grid[AXES];
    int world;         /* product of grid */
    int *rank_of;      /* [world] rank number by coordinates: ((dp * pp_n + pp) * ep_n + ep) * tp_n + tp */
    int *stage_layers; /* [grid[AXIS_PP]], sums to model.layers */
    /* Which ep coordinates hold an expert: holders[(layer * experts + expert) * holder_room + i], -1 after the last. */
    int *holders;
    int holder_room; /* 1 unless an expert has replicas */
    struct {
        const char *device;    /* "cpu" */
        const char *transport; /* "shm" */
        int threads, ranks_per_node;
        uint64_t memory_bytes; /* of one rank's device */
    } target;
    struct {
        int sequences;    /* a lane (one dp, ep coordinate) serves at once */
        int context;      /* positions of one sequence, at most */
        int prefill_rows; /* rows of one lane in one step, at most */
        int micro_batches;
        int logit_rows; /* rows of one lane and micro-batch whose logits can be asked for, at most */
    } batch;
    struct {
        enum dtype weights;
    } dtype;
    double capacity_factor; /* 0: exact (dropless) */
    struct {
        double ttft_s;       /* 0: not required */
        double tokens_per_s; /* 0: not required */
        bool per_rank;       /* tokens_per_s is of one rank, not of all */
        int ttft_line, throughput_line;
    } require;
    const struct hardware *hardware; /* what predictions are about; NULL: none is stated, or none is there */
    const struct claims *claims;     /* what a document states; NULL: nothing */
};

/* batch.logit_rows of a strategy that does not say: decode needs the logits of every sequence, prefill those of as many
 * rows as it has, at most. */
int usual_logit_rows(int sequences, int prefill_rows, int micro_batches);

/* ---- the plan */

/* Sizes of one class, emitted as enum constants of class.h under their upper-case names. */
#define SHAPES(X)                                                                                                      \
    X(world, WORLD, "ranks in all")                                                                                    \
    X(dp, DP, "data-parallel replicas")                                                                                \
    X(pp, PP, "pipeline stages")                                                                                       \
    X(ep, EP, "ranks the experts of a layer are placed on")                                                            \
    X(tp, TP, "ranks that share heads, expert hidden sizes and the vocabulary")                                        \
    X(layers, LAYERS, "layers of this class")                                                                          \
    X(model_layers, MODEL_LAYERS, "layers of the model")                                                               \
    X(hidden, HIDDEN, "values of a row of the residual stream")                                                        \
    X(model_heads, MODEL_HEADS, "query heads of the model")                                                            \
    X(model_kv_heads, MODEL_KV_HEADS, "key/value heads of the model")                                                  \
    X(model_expert_hidden, MODEL_EXPERT_HIDDEN, "an expert's hidden size in the model")                                \
    X(heads, HEADS, "query heads of this rank")                                                                        \
    X(kv_heads, KV_HEADS, "key/value heads of this rank")                                                              \
    X(head_dim, HEAD_DIM, "values of a head")                                                                          \
    X(experts, EXPERTS, "experts of a layer, over all ranks")                                                          \
    X(top_k, TOP_K, "experts of a row")                                                                                \
    X(expert_slots, EXPERT_SLOTS, "experts of a layer that this rank has room for")                                    \
    X(expert_hidden, EXPERT_HIDDEN, "this rank's slice of an expert's hidden size")                                    \
    X(vocabulary, VOCABULARY, "tokens")                                                                                \
    X(vocabulary_slice, VOCABULARY_SLICE, "tokens of this rank; the last rank's are filled up with zeros")             \
    X(micro_batches, MICRO_BATCHES, "slices of a step's rows")                                                         \
    X(prefill_rows, PREFILL_ROWS, "rows of a micro-batch in prefill, at most")                                         \
    X(decode_rows, DECODE_ROWS, "rows of a micro-batch in decode, at most")                                            \
    X(logit_rows, LOGIT_ROWS, "rows of a micro-batch that have logits, at most")                                       \
    X(sequences, SEQUENCES, "sequences of a lane")                                                                     \
    X(context, CONTEXT, "positions of a sequence")                                                                     \
    X(window, WINDOW, "positions that a row attends to, itself included")                                              \
    X(kv_blocks, KV_BLOCKS, "KV blocks of a layer")                                                                    \
    X(sequence_blocks, SEQUENCE_BLOCKS, "KV blocks of a sequence")                                                     \
    X(expert_capacity, EXPERT_CAPACITY, "rows that one expert takes of one sender's micro-batch")                      \
    X(dispatch_rows, DISPATCH_ROWS, "rows that a micro-batch sends to one ep peer, at most")                           \
    X(arrival_rows, ARRIVAL_ROWS, "rows of a micro-batch that one expert can get, from all senders")                   \
    X(expert_tile, EXPERT_TILE, "rows of one expert, on GPUs of all experts, that are computed together")

struct shapes {
#define X(field, NAME, text) int field;
    SHAPES(X)
#undef X
};

/* Weights of one kind. Those with a layer repeat every layer_stride bytes, those with a slot every slot_stride. */
enum shard_file { SHARD_DENSE, SHARD_EXPERTS, SHARD_FILES };

#define TENSORS(X)                                                                                                     \
    X(EMBEDDING, DENSE, "embedding, rows of this tp coordinate")                                                       \
    X(INPUT_NORM, DENSE, "norm before attention")                                                                      \
    X(QKV, DENSE, "query, key and value heads of this tp coordinate")                                                  \
    X(ATTENTION_OUT, DENSE, "output projection, columns of this tp coordinate's heads")                                \
    X(POST_NORM, DENSE, "norm before the experts")                                                                     \
    X(ROUTER, DENSE, "router")                                                                                         \
    X(GATE_UP, EXPERTS, "gate and up rows of this tp coordinate")                                                      \
    X(DOWN, EXPERTS, "down columns of this tp coordinate")                                                             \
    X(FINAL_NORM, DENSE, "norm before the head")                                                                       \
    X(LM_HEAD, DENSE, "head, rows of this tp coordinate")

enum tensor_kind {
#define X(id, file, text) TENSOR_##id,
    TENSORS(X)
#undef X
        TENSOR_KINDS
};
extern const char *const tensor_names[TENSOR_KINDS], *const tensor_texts[TENSOR_KINDS];
extern const enum shard_file tensor_files[TENSOR_KINDS];

struct tensor {
    bool present; /* a middle stage has no embedding */
    enum dtype dtype;
    int outputs, inputs;   /* of one matrix; a norm is (1, n) */
    uint64_t offset;       /* of the first, from the start of the shard's payload */
    uint64_t layer_stride; /* 0: not per layer */
    uint64_t slot_stride;  /* 0: not per expert */
    uint64_t bytes;        /* of one matrix */
};

/* Arena memory. One entry a buffer kind and micro-batch; micro is -1 for those that a rank has one of: KV, SCRATCH,
 * STEP, LOAD and WORKSPACE. */
struct buffer {
    enum buffer_kind kind;
    int micro;
    uint64_t offset, bytes; /* in the arena */
    const char *purpose;    /* shape in words */
};

/* A mailbox of a rank, in its part of the shared segment: `slots` message slots of `stride` bytes from `data`, and two
 * 64-byte flag lines (posted, taken) a slot from `flags`. micro is -1 for TOKENS and LOAD. PARTIAL and LOGITS have one
 * data slot and one pair of flag lines a reader; slots counts the pairs, and stride is 0. */
struct mailbox {
    enum mailbox_kind kind;
    int micro;
    uint64_t flags, data; /* offsets from the start of the rank's part */
    uint64_t stride;      /* bytes from slot to slot */
    uint64_t bytes;       /* of the data, all slots */
    int slots;
};

struct op {
    enum op_kind kind;
    int micro;
    int layer;       /* within the class; -1: none */
    int awaits;      /* id of the op on the device's other stream that must have ended first; 0: none */
    bool recorded;   /* an op on the other stream, the host, or the end of the step awaits this one */
    int host_awaits; /* id of the op that must have ended before the host enqueues this one: it reads counts; 0: none */
};

struct schedule {
    struct op *ops; /* the id of an op is its index + 1 */
    int count;
    int joins; /* id of the COMM op that must have ended when the step ends; 0: none is left then */
};

struct ledger_line {
    const char *purpose;
    uint64_t bytes;
};

/* The ranks whose emitted code is identical. */
struct rank_class {
    const char *name; /* by role: only, first, middle, last; the layers are added where roles collide */
    enum device device;
    int ranks;                    /* how many */
    bool first_stage, last_stage; /* embeds; has the head */
    struct shapes shape;
    enum dtype weights;
    const char *rms_epsilon; /* decimal text, so that every reader of the sources sees the same number */
    const char *rope_theta;
    struct tensor tensors[TENSOR_KINDS];
    uint64_t shard_bytes[SHARD_FILES]; /* payloads */
    struct buffer *buffers;
    int buffer_count;
    uint64_t arena_bytes;
    struct mailbox *mailboxes;
    int mailbox_count;
    struct schedule schedules[PHASES];
    struct ledger_line *ledger;
    int ledger_count;
    uint64_t ledger_bytes; /* sum of the lines */
};

/* What is particular to one rank. */
struct rank_row {
    int rank, class_index;
    int at[AXES];
    int layer_base;                  /* the model's layer that is this rank's layer 0 */
    int previous, next;              /* ranks; -1: none */
    const int *tp_group, *ep_group;  /* ranks by coordinate, this one included */
    const char *shards[SHARD_FILES]; /* file names; equal names are one file */
};

/* Where experts are. Rows: one if every layer is placed alike, else one a model layer. Sources: 1 unless an expert has
 * replicas (then a sender's replica depends on its own ep coordinate), else ep. Holders likewise for slots. */
struct placement {
    int rows, sources;
    int *home; /* [rows][sources][experts] the ep coordinate that serves the expert to the sender */
    int *slot; /* [rows][sources][experts] the expert's slot there: index among that rank's experts */
    int *held; /* [rows][ep][expert_slots] the expert in each slot, -1: empty */
    int expert_slots;
};

struct plan {
    struct pool pool;
    const char *name;
    const char *path; /* of the strategy; NULL when read back from sources */
    int lines[STRATEGY_KEY_COUNT];
    int grid[AXES], world;
    const char *device, *transport;
    int threads, ranks_per_node;
    uint64_t memory_bytes; /* of one rank's device */
    const char *family;
    const char *dispatch; /* "exact" or "capacity" */
    int stop_tokens[MAX_STOP_TOKENS], stop_token_count;
    struct rank_class *classes;
    int class_count;
    struct rank_row *ranks; /* [world], by rank number */
    struct placement placement;
    /* The shared segment: control, then the step headers, then world mailbox parts of mailbox_bytes each. */
    uint64_t step_offset, step_bytes; /* one lane's step header; two of each, alternating */
    uint64_t mailbox_offset, mailbox_bytes, segment_bytes;
    char hash[65]; /* hexadecimal SHA-256 of plan_canonical() */
};

/* Everything in the plan as text, one fact a line, in a fixed order; the hash itself, the path and the lines are left
 * out. Two plans are the same plan exactly when these texts are equal. */
void plan_canonical(const struct plan *plan, struct text *out);

/* SHA-256 of plan_canonical(), into plan->hash. */
void plan_hash(struct plan *plan);

/* Whether no row is dropped, so that as many are sent and computed as there are. */
bool dispatch_is_exact(const struct plan *plan);

/* Whether a rank has one of these buffers, not one a micro-batch. */
static inline bool buffer_is_shared(enum buffer_kind kind)
{
    return kind == BUFFER_KV || kind == BUFFER_SCRATCH || kind == BUFFER_STEP || kind == BUFFER_LOAD ||
           kind == BUFFER_WORKSPACE;
}

/* Of what dtype the KV cache and the rows that travel are: processors sum and keep everything in f32, GPUs keep and
 * send values like the weights. */
static inline enum dtype value_dtype(const struct rank_class *class)
{
    return class->device == DEVICE_CUDA ? class->weights : DTYPE_F32;
}

/* What an op of this kind does to buffers on the device of the class. */
static inline const struct op_effects *effects_of(const struct rank_class *class, enum op_kind kind)
{
    return &op_effects[class->device][kind];
}

/* "layer 5 expert dispatch" (the model's layer, so `layer_base` is the rank's), with the micro-batch's letter when the
 * class has several: "layer 5 expert dispatch A". Returns `out`. */
char *op_text(const struct op *op, int layer_base, int micro_batches, char *out, size_t room);
