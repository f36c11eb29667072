/* What the proofs share: the list of them, how they refuse, and how they name ranks and ops.
 *
 * A proof may rely on those above it in this list; the first, form, makes it safe to follow the plan's indices. */
#pragma once

#include "plan.h"

/*   function, what it shows */
#define PROOFS(X)                                                                                                      \
    X(form, "every index in the plan points at something")                                                             \
    X(ranks, "coordinates, stages, neighbours and groups agree with each other")                                       \
    X(sizes, "the classes are slices of one model")                                                                    \
    X(tensors, "each class has the tensors it needs, none over another")                                               \
    X(shards, "a shard file has one content, and a content one file")                                                  \
    X(placement, "each token meets each of its experts exactly once")                                                  \
    X(order, "each micro-batch passes through each layer once, in order")                                              \
    X(lifetimes, "every value is written before it is read")                                                           \
    X(streams, "ops on a device's two streams never meet in one buffer")                                               \
    X(arena, "each buffer has its own bytes, and enough of them")                                                      \
    X(mailboxes, "each message slot has its own bytes, and enough of them")                                            \
    X(capacity, "no row is lost for want of room")                                                                     \
    X(groups, "members of a group make the same calls, and sends meet receives")                                       \
    X(progress, "a run without buffering finishes")                                                                    \
    X(ledger, "the ledger counts every byte, and the device holds them")                                               \
    X(pages, "the ledger counts whole pages")

#define X(name, text) bool prove_##name(const struct plan *plan, struct error *error);
PROOFS(X)
#undef X

/* Fills `error` with the text and, as what to do, that rankc and not the strategy is at fault (or that the sources were
 * changed, for a plan read back from them). Points at the strategy's line for `key`. Returns false. */
bool refuse(struct error *error, const struct plan *plan, enum strategy_key key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A piece of a message; made to be used within one call: refuse(…, "%s", class_words(plan, 0).text). */
struct words {
    char text[256];
};

struct words words_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "class first (ranks 0-3, 8)" */
struct words class_words(const struct plan *plan, int class_index);

/* `op 12 "layer 2 attention all-reduce A"`, with the layer numbers of `rank`. */
struct words op_words(const struct plan *plan, int rank, enum phase phase, int op_index);

/* `class first (ranks 0-3), prefill op 12 "layer 2 attention all-reduce A"` */
struct words class_op_words(const struct plan *plan, int class_index, enum phase phase, int op_index);

/* "STAGE of micro-batch A", or "TOKENS" for what all micro-batches share (micro -1). */
struct words micro_words(const char *name, int micro);

/* The lowest rank of a class; form has shown that there is one. */
int first_rank(const struct plan *plan, int class_index);

/* NULL when the class has none. */
const struct mailbox *find_mailbox(const struct rank_class *class, enum mailbox_kind kind, int micro);
const struct buffer *find_buffer(const struct rank_class *class, enum buffer_kind kind, int micro);

/* Rows of a micro-batch, in whichever phase has more. */
int row_capacity(const struct shapes *shape);

/* The product, or UINT64_MAX when that is too small a type: more than anything has room for, so every comparison fails
 * on the safe side. */
static inline uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}
