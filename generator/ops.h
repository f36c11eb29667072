/* Every op, buffer and mailbox that a schedule can name: the one place that knows them all.
 *
 * The planner lists ops, the verifier proves things about them, the templates print them and the runtime implements
 * them (runtime/ops/<c_name>): all four go by these tables.
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
 * `mailbox` is the mailbox an op's bytes travel through; `frees` is the one whose slot the op hands back. */
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
    X(SCRATCH, "scratch of one op")

/* Slots in the shared segment. The slot lies in its receiver's mailbox, but PARTIAL and LOGITS, which every peer of the
 * tp group reads from their writer's. */
#define MAILBOXES(X)                                                                                                   \
    X(STAGE, "rows from the previous stage")                                                                           \
    X(PARTIAL, "this rank's share of a tp sum, read by the tp group")                                                  \
    X(DISPATCH, "rows for this rank's experts, one slot an ep peer")                                                   \
    X(COMBINE, "expert sums for this rank's rows, one slot an ep peer")                                                \
    X(LOGITS, "this rank's slice of the logits, read by the tp group and the head")                                    \
    X(TOKENS, "sampled tokens, read by the head")                                                                      \
    X(LOAD, "rows counted by layer and expert, read by the head")

/* Operand lists: buffers read and written, as bits. */
#define B(name) (1u << BUFFER_##name)

/*   id, function, text after "layer N" where the op has one, has a layer, action, axis, mailbox, frees, reads, writes
 */
#define OPS(X)                                                                                                         \
    X(ROTARY, rotary, "rotary angles", 0, COMPUTE, NONE, NONE, NONE, 0, B(ROTARY))                                     \
    X(EMBED, embed, "embedding", 0, COMPUTE, NONE, NONE, NONE, 0, B(RESIDUAL))                                         \
    X(EMBED_SLICE, embed_slice, "embedding slice", 0, COMPUTE, NONE, NONE, NONE, 0, B(PARTIAL))                        \
    X(REDUCE_EMBEDDING, reduce_embedding, "embedding all-reduce", 0, COLLECTIVE, TP, PARTIAL, PARTIAL, B(PARTIAL),     \
      B(RESIDUAL))                                                                                                     \
    X(RECEIVE_STAGE, receive_stage, "stage receive", 0, RECEIVE, PP, STAGE, STAGE, 0, B(RESIDUAL))                     \
    X(ATTENTION, attention, "attention", 1, COMPUTE, NONE, NONE, NONE, B(RESIDUAL) | B(ROTARY),                        \
      B(PARTIAL) | B(KV) | B(SCRATCH))                                                                                 \
    X(REDUCE_ATTENTION, reduce_attention, "attention all-reduce", 1, COLLECTIVE, TP, PARTIAL, PARTIAL,                 \
      B(PARTIAL) | B(RESIDUAL), B(RESIDUAL))                                                                           \
    X(ADD_ATTENTION, add_attention, "attention residual", 1, COMPUTE, NONE, NONE, NONE, B(PARTIAL) | B(RESIDUAL),      \
      B(RESIDUAL))                                                                                                     \
    X(ROUTE, route, "expert routing", 1, COMPUTE, NONE, NONE, NONE, B(RESIDUAL), B(ROUTED) | B(ROUTES) | B(SCRATCH))   \
    X(DISPATCH_START, dispatch_start, "expert dispatch start", 1, POST, EP, DISPATCH, NONE, B(ROUTED) | B(ROUTES), 0)  \
    X(DISPATCH_FINISH, dispatch_finish, "expert dispatch", 1, WAIT, EP, DISPATCH, NONE, B(ROUTED) | B(ROUTES),         \
      B(ARRIVALS))                                                                                                     \
    X(GATHER, gather, "expert gather", 1, COMPUTE, NONE, NONE, NONE, B(ROUTED) | B(ROUTES), B(ARRIVALS))               \
    X(EXPERTS, experts, "experts", 1, COMPUTE, NONE, NONE, DISPATCH, B(ARRIVALS) | B(ROUTED),                          \
      B(EXPERT_OUT) | B(SCRATCH))                                                                                      \
    X(COMBINE_START, combine_start, "expert combine start", 1, POST, EP, COMBINE, NONE, B(EXPERT_OUT) | B(ARRIVALS),   \
      0)                                                                                                               \
    X(COMBINE_FINISH, combine_finish, "expert combine", 1, WAIT, EP, COMBINE, COMBINE, B(EXPERT_OUT) | B(ROUTES),      \
      B(PARTIAL))                                                                                                      \
    X(SCATTER, scatter, "expert scatter", 1, COMPUTE, NONE, NONE, NONE, B(EXPERT_OUT) | B(ROUTES), B(PARTIAL))         \
    X(REDUCE_EXPERTS, reduce_experts, "experts all-reduce", 1, COLLECTIVE, TP, PARTIAL, PARTIAL,                       \
      B(PARTIAL) | B(RESIDUAL), B(RESIDUAL))                                                                           \
    X(ADD_EXPERTS, add_experts, "experts residual", 1, COMPUTE, NONE, NONE, NONE, B(PARTIAL) | B(RESIDUAL),            \
      B(RESIDUAL))                                                                                                     \
    X(SEND_STAGE, send_stage, "stage send", 0, SEND, PP, STAGE, NONE, B(RESIDUAL), 0)                                  \
    X(HEAD, head, "head", 0, COMPUTE, NONE, NONE, NONE, B(RESIDUAL), B(LOGITS) | B(SCRATCH))                           \
    X(GATHER_LOGITS, gather_logits, "logits all-gather", 0, COLLECTIVE, TP, LOGITS, NONE, B(LOGITS), 0)                \
    X(SAMPLE, sample, "sampling", 0, COMPUTE, NONE, NONE, LOGITS, B(LOGITS), B(TOKENS) | B(SCRATCH))

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
#define X(id, function, text, has_layer, action, axis, mailbox, frees, reads, writes) OP_##id,
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
    unsigned reads, writes; /* bits of enum buffer_kind */
};

extern const struct op_info op_table[OP_KINDS];
extern const char *const buffer_names[BUFFER_KINDS], *const buffer_texts[BUFFER_KINDS];
extern const char *const mailbox_names[MAILBOX_KINDS], *const mailbox_texts[MAILBOX_KINDS];
