/* Every op, buffer and mailbox that a schedule can name: the one place that knows them all.
 *
 * The planner lists ops, the verifier proves things about them, the templates print them and the runtime implements
 * them (runtime/ops/<c_name> for processors, runtime/cuda/ops/<c_name> for GPUs): all four go by these tables.
 *
 * An op belongs to one micro-batch and, where its text says "layer", to one layer. Its action says how it meets peers:
 *
 *   COMPUTE     meets nobody; one that writes PARTIAL or LOGITS, which peers read in place, first waits until they have
 *               taken what it wrote last
 *   COLLECTIVE  ends when every member of the group along its axis has entered it
 *   POST        puts a message in each peer's mailbox; waits only for its last message there to be taken
 *   WAIT        ends when every peer's message is there
 *   SEND        ends when the neighbour along the axis can receive
 *   RECEIVE     ends when the neighbour along the axis has sent
 *
 * `mailbox` is the mailbox an op's bytes travel through; `frees` is the one whose slot the op hands back.
 *
 * On GPUs there are no mailboxes: bytes travel by NCCL, which buffers nothing. A POST ends when every member has
 * entered it, and a WAIT waits for nobody but the own POST. */
#pragma once

/* Memory that ops hand to each other within a rank. One of each a micro-batch, but KV and SCRATCH: one a rank. */
#define BUFFERS(X)                                                                                                     \
    X(ROTARY, "cosines and sines of each row's position, (rows, head_dim) f32")                                        \
    X(RESIDUAL, "residual stream, (rows, hidden) f32")                                                                 \
    X(PARTIAL, "this rank's share of the sum over tp, (rows, hidden) f32")                                             \
    X(ROUTED, "normed rows for the experts, (rows, hidden) f32")                                                       \
    X(ROUTES, "each row's experts, their weights and where they are, (rows, top_k)")                                   \
    X(ARRIVALS, "rows by expert, from every sender")                                                                   \
    X(EXPERT_OUT, "weighted sums of this rank's experts, (senders, rows, hidden) f32")                                 \
    X(LOGITS, "this rank's slice of the logits, (logit rows, vocabulary slice) f32")                                   \
    X(TOKENS, "sampled tokens")                                                                                        \
    X(KV, "KV cache, blocks of 16 positions: keys (head_dim, 16), values (16, head_dim) f32")                          \
    X(SCRATCH, "scratch of one op")                                                                                    \
    X(OUTGOING, "rows on their way to other ranks' experts; their sums come back in the same place")                   \
    X(INCOMING, "rows for this rank's experts, from every sender; then their sums")                                    \
    X(STEP, "the device's copy of the step header")                                                                    \
    X(LOAD, "rows counted by layer and expert")                                                                        \
    X(WORKSPACE, "working memory of cuBLASLt")

/* Slots in the shared segment. The slot lies in its receiver's mailbox, but PARTIAL and LOGITS, which every peer of the
 * tp group reads from their writer's. */
#define MAILBOXES(X)                                                                                                   \
    X(STAGE, "rows from the previous stage")                                                                           \
    X(PARTIAL, "this rank's share of a tp sum, read by the tp group")                                                  \
    X(DISPATCH, "rows for this rank's experts, one slot an ep peer")                                                   \
    X(COMBINE, "expert sums for this rank's rows, one slot an ep peer")                                                \
    X(LOGITS, "this rank's slice of the logits, read by the tp group and the head")                                    \
    X(TOKENS, "sampled tokens, read by the head")                                                                      \
    X(LOAD, "rows counted by layer and expert, read by the head")                                                      \
    X(COUNTS, "how many rows each ep peer is about to get")

/* How each op meets peers.
 *
 *   id, function, text after "layer N" where the op has one, has a layer, action, axis, mailbox, frees
 */
#define OPS(X)                                                                                                         \
    X(ROTARY, rotary, "rotary angles", 0, COMPUTE, NONE, NONE, NONE)                                                   \
    X(EMBED, embed, "embedding", 0, COMPUTE, NONE, NONE, NONE)                                                         \
    X(EMBED_SLICE, embed_slice, "embedding slice", 0, COMPUTE, NONE, NONE, NONE)                                       \
    X(REDUCE_EMBEDDING, reduce_embedding, "embedding all-reduce", 0, COLLECTIVE, TP, PARTIAL, PARTIAL)                 \
    X(SUM_EMBEDDING, sum_embedding, "embedding all-reduce", 0, COLLECTIVE, TP, PARTIAL, NONE)                          \
    X(ADD_EMBEDDING, add_embedding, "embedding residual", 0, COMPUTE, NONE, NONE, NONE)                                \
    X(RECEIVE_STAGE, receive_stage, "stage receive", 0, RECEIVE, PP, STAGE, STAGE)                                     \
    X(ATTENTION, attention, "attention", 1, COMPUTE, NONE, NONE, NONE)                                                 \
    X(REDUCE_ATTENTION, reduce_attention, "attention all-reduce", 1, COLLECTIVE, TP, PARTIAL, PARTIAL)                 \
    X(ADD_ATTENTION, add_attention, "attention residual", 1, COMPUTE, NONE, NONE, NONE)                                \
    X(ROUTE, route, "expert routing", 1, COMPUTE, NONE, NONE, NONE)                                                    \
    X(SUM_ATTENTION, sum_attention, "attention all-reduce", 1, COLLECTIVE, TP, PARTIAL, NONE)                          \
    X(ADD_AND_ROUTE, add_and_route, "attention residual and expert routing", 1, COMPUTE, NONE, NONE, NONE)             \
    X(DISPATCH_COUNTS, dispatch_counts, "expert dispatch counts", 1, COLLECTIVE, EP, COUNTS, NONE)                     \
    X(DISPATCH_START, dispatch_start, "expert dispatch start", 1, POST, EP, DISPATCH, NONE)                            \
    X(DISPATCH_FINISH, dispatch_finish, "expert dispatch", 1, WAIT, EP, DISPATCH, NONE)                                \
    X(GATHER, gather, "expert gather", 1, COMPUTE, NONE, NONE, NONE)                                                   \
    X(EXPERTS, experts, "experts", 1, COMPUTE, NONE, NONE, DISPATCH)                                                   \
    X(COMBINE_START, combine_start, "expert combine start", 1, POST, EP, COMBINE, NONE)                                \
    X(COMBINE_FINISH, combine_finish, "expert combine", 1, WAIT, EP, COMBINE, COMBINE)                                 \
    X(SCATTER, scatter, "expert scatter", 1, COMPUTE, NONE, NONE, NONE)                                                \
    X(REDUCE_EXPERTS, reduce_experts, "experts all-reduce", 1, COLLECTIVE, TP, PARTIAL, PARTIAL)                       \
    X(SUM_EXPERTS, sum_experts, "experts all-reduce", 1, COLLECTIVE, TP, PARTIAL, NONE)                                \
    X(ADD_EXPERTS, add_experts, "experts residual", 1, COMPUTE, NONE, NONE, NONE)                                      \
    X(SEND_STAGE, send_stage, "stage send", 0, SEND, PP, STAGE, NONE)                                                  \
    X(HEAD, head, "head", 0, COMPUTE, NONE, NONE, NONE)                                                                \
    X(GATHER_LOGITS, gather_logits, "logits all-gather", 0, COLLECTIVE, TP, LOGITS, NONE)                              \
    X(SAMPLE, sample, "sampling", 0, COMPUTE, NONE, NONE, LOGITS)

/* What each op does to buffers on a device, and on which of the device's streams it runs. Processors have one stream;
 * GPUs run NCCL's operations on COMM, so that they overlap with the kernels on COMPUTE. An op that a device does not
 * have is not in its list.
 *
 *   id, stream, reads, writes
 */
#define B(name) (1u << BUFFER_##name)

#define CPU_EFFECTS(X)                                                                                                 \
    X(ROTARY, COMPUTE, 0, B(ROTARY))                                                                                   \
    X(EMBED, COMPUTE, 0, B(RESIDUAL))                                                                                  \
    X(EMBED_SLICE, COMPUTE, 0, B(PARTIAL))                                                                             \
    X(REDUCE_EMBEDDING, COMPUTE, B(PARTIAL), B(RESIDUAL))                                                              \
    X(RECEIVE_STAGE, COMPUTE, 0, B(RESIDUAL))                                                                          \
    X(ATTENTION, COMPUTE, B(RESIDUAL) | B(ROTARY), B(PARTIAL) | B(KV) | B(SCRATCH))                                    \
    X(REDUCE_ATTENTION, COMPUTE, B(PARTIAL) | B(RESIDUAL), B(RESIDUAL))                                                \
    X(ADD_ATTENTION, COMPUTE, B(PARTIAL) | B(RESIDUAL), B(RESIDUAL))                                                   \
    X(ROUTE, COMPUTE, B(RESIDUAL), B(ROUTED) | B(ROUTES) | B(SCRATCH))                                                 \
    X(DISPATCH_START, COMPUTE, B(ROUTED) | B(ROUTES), 0)                                                               \
    X(DISPATCH_FINISH, COMPUTE, B(ROUTED) | B(ROUTES), B(ARRIVALS))                                                    \
    X(GATHER, COMPUTE, B(ROUTED) | B(ROUTES), B(ARRIVALS))                                                             \
    X(EXPERTS, COMPUTE, B(ARRIVALS) | B(ROUTED), B(EXPERT_OUT) | B(SCRATCH))                                           \
    X(COMBINE_START, COMPUTE, B(EXPERT_OUT) | B(ARRIVALS), 0)                                                          \
    X(COMBINE_FINISH, COMPUTE, B(EXPERT_OUT) | B(ROUTES), B(PARTIAL))                                                  \
    X(SCATTER, COMPUTE, B(EXPERT_OUT) | B(ROUTES), B(PARTIAL))                                                         \
    X(REDUCE_EXPERTS, COMPUTE, B(PARTIAL) | B(RESIDUAL), B(RESIDUAL))                                                  \
    X(ADD_EXPERTS, COMPUTE, B(PARTIAL) | B(RESIDUAL), B(RESIDUAL))                                                     \
    X(SEND_STAGE, COMPUTE, B(RESIDUAL), 0)                                                                             \
    X(HEAD, COMPUTE, B(RESIDUAL), B(LOGITS) | B(SCRATCH))                                                              \
    X(GATHER_LOGITS, COMPUTE, B(LOGITS), 0)                                                                            \
    X(SAMPLE, COMPUTE, B(LOGITS), B(TOKENS) | B(SCRATCH))

#define CUDA_EFFECTS(X)                                                                                                \
    X(ROTARY, COMPUTE, 0, B(ROTARY))                                                                                   \
    X(EMBED, COMPUTE, 0, B(RESIDUAL))                                                                                  \
    X(EMBED_SLICE, COMPUTE, 0, B(PARTIAL))                                                                             \
    X(SUM_EMBEDDING, COMM, B(PARTIAL), B(PARTIAL))                                                                     \
    X(ADD_EMBEDDING, COMPUTE, B(PARTIAL), B(RESIDUAL))                                                                 \
    X(RECEIVE_STAGE, COMM, 0, B(RESIDUAL))                                                                             \
    X(ATTENTION, COMPUTE, B(RESIDUAL) | B(ROTARY), B(PARTIAL) | B(KV) | B(SCRATCH) | B(WORKSPACE))                     \
    X(SUM_ATTENTION, COMM, B(PARTIAL), B(PARTIAL))                                                                     \
    X(ADD_AND_ROUTE, COMPUTE, B(PARTIAL) | B(RESIDUAL),                                                                \
      B(RESIDUAL) | B(ROUTED) | B(ROUTES) | B(OUTGOING) | B(INCOMING) | B(LOAD) | B(SCRATCH))                          \
    X(DISPATCH_COUNTS, COMM, B(ROUTES), B(ARRIVALS))                                                                   \
    X(DISPATCH_START, COMM, B(ROUTES) | B(OUTGOING), B(INCOMING) | B(ARRIVALS))                                        \
    X(DISPATCH_FINISH, COMPUTE, B(ROUTES) | B(INCOMING) | B(ARRIVALS), B(ARRIVALS))                                    \
    X(GATHER, COMPUTE, B(ROUTES) | B(INCOMING), B(ARRIVALS))                                                           \
    X(EXPERTS, COMPUTE, B(ARRIVALS) | B(INCOMING), B(INCOMING) | B(EXPERT_OUT) | B(LOAD) | B(SCRATCH) | B(WORKSPACE))  \
    X(COMBINE_START, COMM, B(ROUTES) | B(ARRIVALS) | B(INCOMING), B(OUTGOING))                                         \
    X(COMBINE_FINISH, COMPUTE, B(ROUTES) | B(OUTGOING) | B(INCOMING), B(PARTIAL))                                      \
    X(SCATTER, COMPUTE, B(ROUTES) | B(INCOMING), B(PARTIAL))                                                           \
    X(SUM_EXPERTS, COMM, B(PARTIAL), B(PARTIAL))                                                                       \
    X(ADD_EXPERTS, COMPUTE, B(PARTIAL) | B(RESIDUAL), B(RESIDUAL))                                                     \
    X(SEND_STAGE, COMM, B(RESIDUAL), 0)                                                                                \
    X(HEAD, COMPUTE, B(RESIDUAL), B(LOGITS) | B(SCRATCH) | B(WORKSPACE))                                               \
    X(GATHER_LOGITS, COMM, B(LOGITS), B(LOGITS))                                                                       \
    X(SAMPLE, COMPUTE, B(LOGITS), B(TOKENS) | B(SCRATCH))

enum buffer_kind {
#define X(id, text) BUFFER_##id,
    BUFFERS(X)
#undef X
        BUFFER_KINDS
};

enum mailbox_kind {
#define X(id, text) MAILBOX_##id,
    MAILBOXES(X)
#undef X
        MAILBOX_KINDS,
    MAILBOX_NONE = MAILBOX_KINDS
};

enum op_action { ACTION_COMPUTE, ACTION_COLLECTIVE, ACTION_POST, ACTION_WAIT, ACTION_SEND, ACTION_RECEIVE };

enum op_kind {
#define X(id, function, text, has_layer, action, axis, mailbox, frees) OP_##id,
    OPS(X)
#undef X
        OP_KINDS
};

/* One row of OPS as data. `axis` is an enum axis of plan.h, AXIS_NONE for COMPUTE. */
struct op_info {
    const char *id;       /* "DISPATCH_START" */
    const char *function; /* "dispatch_start": its name in generated sources */
    const char *text;     /* "expert dispatch start": its name for people */
    int has_layer;
    enum op_action action;
    int axis;
    enum mailbox_kind mailbox, frees;
};

enum device { DEVICE_CPU, DEVICE_CUDA, DEVICES };
enum stream { STREAM_COMPUTE, STREAM_COMM, STREAMS };

/* A row of CPU_EFFECTS or CUDA_EFFECTS as data. */
struct op_effects {
    int exists; /* on this device */
    enum stream stream;
    unsigned reads, writes; /* bits of enum buffer_kind */
};

extern const struct op_info op_table[OP_KINDS];
extern const struct op_effects op_effects[DEVICES][OP_KINDS];
extern const char *const device_names[DEVICES]; /* "cpu" "cuda" */
enum device device_named(const char *name);     /* one of these names */
extern const char *const stream_names[STREAMS]; /* "compute" "comm" */
extern const char *const buffer_names[BUFFER_KINDS], *const buffer_texts[BUFFER_KINDS];
extern const char *const mailbox_names[MAILBOX_KINDS], *const mailbox_texts[MAILBOX_KINDS];
