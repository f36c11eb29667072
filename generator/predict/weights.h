/* Which part of the checkpoint each rank of a plan holds, in the checkpoint's own terms: rows and columns of stored
 * tensors, whatever layout a shard file gives them.
 *
 * A stored weight is (outputs, inputs). Every one is cut along one of its sides, by tp; the other side is whole, and is
 * the hidden size. So a rank's part of a tensor is a slice of the side that is cut. */
#pragma once

#include "plan.h"

enum weight_scope { OF_FIRST_STAGE, OF_LAYER, OF_EXPERT, OF_LAST_STAGE };
enum weight_side { CUT_ROWS, CUT_COLUMNS };
enum weight_cut { CUT_VOCABULARY, CUT_HEADS, CUT_KV_HEADS, CUT_EXPERT_HIDDEN, UNCUT_VECTOR, UNCUT_ROUTER };

/* id, the plan's tensor that it is a part of, scope, side that is cut, what the side is */
#define WEIGHTS(X)                                                                                                     \
    X(EMBEDDING, EMBEDDING, OF_FIRST_STAGE, CUT_ROWS, CUT_VOCABULARY)                                                  \
    X(INPUT_NORM, INPUT_NORM, OF_LAYER, CUT_ROWS, UNCUT_VECTOR)                                                        \
    X(QUERY, QKV, OF_LAYER, CUT_ROWS, CUT_HEADS)                                                                       \
    X(KEY, QKV, OF_LAYER, CUT_ROWS, CUT_KV_HEADS)                                                                      \
    X(VALUE, QKV, OF_LAYER, CUT_ROWS, CUT_KV_HEADS)                                                                    \
    X(OUTPUT, ATTENTION_OUT, OF_LAYER, CUT_COLUMNS, CUT_HEADS)                                                         \
    X(POST_NORM, POST_NORM, OF_LAYER, CUT_ROWS, UNCUT_VECTOR)                                                          \
    X(ROUTER, ROUTER, OF_LAYER, CUT_ROWS, UNCUT_ROUTER)                                                                \
    X(GATE, GATE_UP, OF_EXPERT, CUT_ROWS, CUT_EXPERT_HIDDEN)                                                           \
    X(UP, GATE_UP, OF_EXPERT, CUT_ROWS, CUT_EXPERT_HIDDEN)                                                             \
    X(DOWN, DOWN, OF_EXPERT, CUT_COLUMNS, CUT_EXPERT_HIDDEN)                                                           \
    X(FINAL_NORM, FINAL_NORM, OF_LAST_STAGE, CUT_ROWS, UNCUT_VECTOR)                                                   \
    X(HEAD, LM_HEAD, OF_LAST_STAGE, CUT_ROWS, CUT_VOCABULARY)

enum weight_kind {
#define X(id, tensor, scope, side, cut) WEIGHT_##id,
    WEIGHTS(X)
#undef X
        WEIGHT_KINDS
};

/* One row of WEIGHTS as data. */
struct weight_info {
    const char *name; /* "QUERY" */
    enum tensor_kind tensor;
    enum weight_scope scope;
    enum weight_side side;
    enum weight_cut cut;
};

extern const struct weight_info weight_table[WEIGHT_KINDS];

struct slice {
    int first, count;
};

/* The slice that tp coordinate `tp` has of the side that is cut; the shapes of any class of the plan will do. What a
 * plan fills up with zeros, beyond the vocabulary, is no part of it. */
struct slice weight_slice(const struct shapes *shape, enum weight_kind kind, int tp);

/* A piece: the tensors of one scope, cut for one tp coordinate. Pieces are numbers that sort by layer, expert and tp:
 * layer -1 is the embedding, the model's number of layers is the final norm and the head, expert -1 is what a layer has
 * beside its experts. */
typedef uint64_t piece;

int piece_layer(piece of);
int piece_expert(piece of);
int piece_tp(piece of);
enum weight_scope piece_scope(piece of, const struct shapes *shape);

/* The pieces of a rank. They follow from its stage, ep and tp alone. Writes at most rank_most_pieces(). */
int rank_pieces(const struct plan *plan, const struct rank_row *row, piece *out);
int rank_most_pieces(const struct plan *plan);

/* The experts in a rank's slots of a layer of the model: [expert_slots], -1: an empty slot. */
const int *experts_held(const struct plan *plan, int layer, int ep);

/* The experts alone, into out [expert_slots]; returns how many. */
int list_experts(const struct plan *plan, int layer, int ep, int *out);

/* What values of this kind are stored as in a plan's shards. */
enum dtype weight_dtype(const struct plan *plan, enum weight_kind kind);

/* Whether two plans split one and the same model, as far as shapes tell. */
bool same_model(const struct plan *left, const struct plan *right);
