/* The weights of a class, laid out in its two shard files.
 *
 *   dense    embedding | layer 0: norm, qkv, output, norm, router | layer 1 ... | final norm | head
 *   experts  layer 0: slot 0: gate and up, down | slot 1 ... | layer 1 ...
 */
#include "plan/passes.h"

struct layout {
    struct rank_class *class;
    uint64_t end[SHARD_FILES]; /* where the next matrix goes */
};

static void place(struct layout *layout, enum tensor_kind kind, enum dtype dtype, int outputs, int inputs,
                  uint64_t bytes)
{
    uint64_t *end = &layout->end[tensor_files[kind]];
    layout->class->tensors[kind] = (struct tensor){
        .present = true, .dtype = dtype, .outputs = outputs, .inputs = inputs, .offset = *end, .bytes = bytes};
    *end += bytes;
}

static void place_panels(struct layout *layout, enum tensor_kind kind, enum dtype dtype, int outputs, int inputs)
{
    place(layout, kind, dtype, outputs, inputs, packed_bytes(dtype, outputs, inputs));
}

/* Embedding tables and norms are rows, not panels. */
static void place_rows(struct layout *layout, enum tensor_kind kind, enum dtype dtype, int rows, int width)
{
    place(layout, kind, dtype, rows, width, align_up(BYTES(rows, width, dtype == DTYPE_BF16 ? 2 : 4), LINE_BYTES));
}

static void place_attention(struct layout *layout, const struct shapes *shape, enum dtype dtype)
{
    int query = shape->heads * shape->head_dim, key_value = shape->kv_heads * shape->head_dim;
    place_rows(layout, TENSOR_INPUT_NORM, DTYPE_F32, 1, shape->hidden);
    place_panels(layout, TENSOR_QKV, dtype, query + 2 * key_value, shape->hidden);
    place_panels(layout, TENSOR_ATTENTION_OUT, dtype, shape->hidden, query);
    place_rows(layout, TENSOR_POST_NORM, DTYPE_F32, 1, shape->hidden);
    place_panels(layout, TENSOR_ROUTER, DTYPE_F32, shape->experts,
                 shape->hidden); /* near ties must not turn on rounding */
}

bool plan_tensors(const struct strategy *strategy, struct plan *plan, struct rank_class *class, struct error *error)
{
    (void)plan;
    (void)error;
    const struct shapes *shape = &class->shape;
    enum dtype dtype = strategy->dtype.weights;
    struct layout layout = {.class = class};

    if (class->first_stage)
        place_rows(&layout, TENSOR_EMBEDDING, dtype, shape->vocabulary_slice, shape->hidden);
    uint64_t layer_begin = layout.end[SHARD_DENSE];
    place_attention(&layout, shape, dtype);
    uint64_t layer_stride = layout.end[SHARD_DENSE] - layer_begin;
    layout.end[SHARD_DENSE] = layer_begin + BYTES(layer_stride, shape->layers);
    place_panels(&layout, TENSOR_GATE_UP, dtype, 2 * shape->expert_hidden, shape->hidden);
    place_panels(&layout, TENSOR_DOWN, dtype, shape->hidden, shape->expert_hidden);
    uint64_t slot_stride = layout.end[SHARD_EXPERTS];
    layout.end[SHARD_EXPERTS] = BYTES(slot_stride, shape->expert_slots, shape->layers);
    if (class->last_stage) {
        place_rows(&layout, TENSOR_FINAL_NORM, DTYPE_F32, 1, shape->hidden);
        place_panels(&layout, TENSOR_LM_HEAD, dtype, shape->vocabulary_slice, shape->hidden);
    }

    for (int kind = TENSOR_INPUT_NORM; kind <= TENSOR_ROUTER; kind++)
        class->tensors[kind].layer_stride = layer_stride;
    for (int kind = TENSOR_GATE_UP; kind <= TENSOR_DOWN; kind++) {
        class->tensors[kind].slot_stride = slot_stride;
        class->tensors[kind].layer_stride = BYTES(slot_stride, shape->expert_slots);
    }
    class->shard_bytes[SHARD_DENSE] = layout.end[SHARD_DENSE];
    class->shard_bytes[SHARD_EXPERTS] = layout.end[SHARD_EXPERTS];
    return true;
}
