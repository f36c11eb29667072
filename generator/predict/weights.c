#include "predict/weights.h"

const struct weight_info weight_table[WEIGHT_KINDS] = {
#define X(id, tensor, scope, side, cut) [WEIGHT_##id] = {#id, TENSOR_##tensor, scope, side, cut},
    WEIGHTS(X)
#undef X
};

/* tp slices of `each` values; the last ones end where the side ends. */
static struct slice even_slice(int tp, int each, int all)
{
    int64_t first = (int64_t)tp * each;
    if (first >= all)
        return (struct slice){all, 0};
    return (struct slice){(int)first, all - first < each ? (int)(all - first) : each};
}

/* Fewer key/value heads than tp ranks: runs of neighbours hold the same head. */
static struct slice kv_slice(const struct shapes *shape, int tp)
{
    int holders = shape->kv_heads * shape->tp / shape->model_kv_heads;
    return (struct slice){tp / holders * shape->kv_heads * shape->head_dim, shape->kv_heads * shape->head_dim};
}

struct slice weight_slice(const struct shapes *shape, enum weight_kind kind, int tp)
{
    switch (weight_table[kind].cut) {
    case CUT_VOCABULARY:
        return even_slice(tp, shape->vocabulary_slice, shape->vocabulary);
    case CUT_HEADS:
        return even_slice(tp, shape->heads * shape->head_dim, shape->model_heads * shape->head_dim);
    case CUT_KV_HEADS:
        return kv_slice(shape, tp);
    case CUT_EXPERT_HIDDEN:
        return even_slice(tp, shape->expert_hidden, shape->model_expert_hidden);
    case UNCUT_ROUTER:
        return (struct slice){0, shape->experts};
    case UNCUT_VECTOR:
    default:
        return (struct slice){0, 1};
    }
}

/* ---- pieces: layer + 1, expert + 1, tp, from the highest bits down */

enum { TP_BITS = 20, EXPERT_BITS = 20 };

static piece make_piece(int layer, int expert, int tp)
{
    return (piece)(layer + 1) << (EXPERT_BITS + TP_BITS) | (piece)(expert + 1) << TP_BITS | (piece)tp;
}

int piece_layer(piece of)
{
    return (int)(of >> (EXPERT_BITS + TP_BITS)) - 1;
}

int piece_expert(piece of)
{
    return (int)(of >> TP_BITS & ((1u << EXPERT_BITS) - 1)) - 1;
}

int piece_tp(piece of)
{
    return (int)(of & ((1u << TP_BITS) - 1));
}

enum weight_scope piece_scope(piece of, const struct shapes *shape)
{
    int layer = piece_layer(of);
    if (layer < 0)
        return OF_FIRST_STAGE;
    if (layer == shape->model_layers)
        return OF_LAST_STAGE;
    return piece_expert(of) < 0 ? OF_LAYER : OF_EXPERT;
}

const int *experts_held(const struct plan *plan, int layer, int ep)
{
    const struct placement *placement = &plan->placement;
    size_t row = placement->rows > 1 ? (size_t)layer : 0;
    return placement->held + (row * (size_t)plan->grid[AXIS_EP] + (size_t)ep) * (size_t)placement->expert_slots;
}

int list_experts(const struct plan *plan, int layer, int ep, int *out)
{
    const int *held = experts_held(plan, layer, ep);
    int count = 0;
    for (int slot = 0; slot < plan->placement.expert_slots; slot++)
        if (held[slot] >= 0)
            out[count++] = held[slot];
    return count;
}

int rank_most_pieces(const struct plan *plan)
{
    int layers = 0;
    for (int i = 0; i < plan->class_count; i++)
        layers = plan->classes[i].shape.layers > layers ? plan->classes[i].shape.layers : layers;
    return layers * (plan->placement.expert_slots + 1) + 2;
}

int rank_pieces(const struct plan *plan, const struct rank_row *row, piece *out)
{
    const struct rank_class *class = &plan->classes[row->class_index];
    int count = 0, tp = row->at[AXIS_TP], held[MAX_EXPERTS];
    if (class->first_stage)
        out[count++] = make_piece(-1, -1, tp);
    for (int layer = row->layer_base; layer < row->layer_base + class->shape.layers; layer++) {
        int experts = list_experts(plan, layer, row->at[AXIS_EP], held);
        out[count++] = make_piece(layer, -1, tp);
        for (int i = 0; i < experts; i++)
            out[count++] = make_piece(layer, held[i], tp);
    }
    if (class->last_stage)
        out[count++] = make_piece(class->shape.model_layers, -1, tp);
    return count;
}

enum dtype weight_dtype(const struct plan *plan, enum weight_kind kind)
{
    const struct rank_class *class = plan->classes;
    while (!class->tensors[weight_table[kind].tensor].present)
        class ++; /* every plan has a first and a last stage */
    return class->tensors[weight_table[kind].tensor].dtype;
}

bool same_model(const struct plan *left, const struct plan *right)
{
    const struct shapes *a = &left->classes[0].shape, *b = &right->classes[0].shape;
    return a->model_layers == b->model_layers && a->hidden == b->hidden && a->model_heads == b->model_heads &&
           a->model_kv_heads == b->model_kv_heads && a->head_dim == b->head_dim && a->experts == b->experts &&
           a->model_expert_hidden == b->model_expert_hidden && a->vocabulary == b->vocabulary;
}
