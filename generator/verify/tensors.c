/* Tensors: each class has the weights its layers need, of the sizes its shapes give, none over another. */
#include "base/heap.h"
#include "verify/extents.h"
#include "verify/proofs.h"

#include <stdlib.h>

enum { LINE = 64 };

enum where { EVERY_STAGE, FIRST_STAGE, LAST_STAGE };

/* What a tensor must be: on which stages, repeated how, stored how. */
struct rule {
    enum where where;
    bool per_layer, per_slot;
    bool panels; /* a packed matrix; otherwise plain rows */
    bool exact;  /* f32 whatever the dtype of weights: norms, and routers, whose near ties rounding would turn */
};

static const struct rule rules[TENSOR_KINDS] = {
    [TENSOR_EMBEDDING] = {.where = FIRST_STAGE},
    [TENSOR_INPUT_NORM] = {.per_layer = true, .exact = true},
    [TENSOR_QKV] = {.per_layer = true, .panels = true},
    [TENSOR_ATTENTION_OUT] = {.per_layer = true, .panels = true},
    [TENSOR_POST_NORM] = {.per_layer = true, .exact = true},
    [TENSOR_ROUTER] = {.per_layer = true, .panels = true, .exact = true},
    [TENSOR_GATE_UP] = {.per_layer = true, .per_slot = true, .panels = true},
    [TENSOR_DOWN] = {.per_layer = true, .per_slot = true, .panels = true},
    [TENSOR_FINAL_NORM] = {.where = LAST_STAGE, .exact = true},
    [TENSOR_LM_HEAD] = {.where = LAST_STAGE, .panels = true},
};

struct matrix {
    uint64_t outputs, inputs;
};

static void matrices_of(const struct shapes *shape, struct matrix matrices[TENSOR_KINDS])
{
    uint64_t hidden = (uint64_t)shape->hidden, tokens = (uint64_t)shape->vocabulary_slice;
    uint64_t queries = times((uint64_t)shape->heads, (uint64_t)shape->head_dim);
    uint64_t keys = times((uint64_t)shape->kv_heads, (uint64_t)shape->head_dim);
    const struct matrix expected[TENSOR_KINDS] = {
        [TENSOR_EMBEDDING] = {tokens, hidden},
        [TENSOR_INPUT_NORM] = {1, hidden},
        [TENSOR_QKV] = {queries + keys + keys, hidden},
        [TENSOR_ATTENTION_OUT] = {hidden, queries},
        [TENSOR_POST_NORM] = {1, hidden},
        [TENSOR_ROUTER] = {(uint64_t)shape->experts, hidden},
        [TENSOR_GATE_UP] = {2 * (uint64_t)shape->expert_hidden, hidden},
        [TENSOR_DOWN] = {hidden, (uint64_t)shape->expert_hidden},
        [TENSOR_FINAL_NORM] = {1, hidden},
        [TENSOR_LM_HEAD] = {tokens, hidden},
    };
    for (int kind = 0; kind < TENSOR_KINDS; kind++)
        matrices[kind] = expected[kind];
}

static bool belongs(const struct rank_class *class, enum where where)
{
    return where == EVERY_STAGE || (where == FIRST_STAGE ? class->first_stage : class->last_stage);
}

static bool tensor_is_right(const struct plan *plan, int class_index, enum tensor_kind kind,
                            const struct matrix *expected, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    const struct tensor *tensor = &class->tensors[kind];
    const struct rule *rule = &rules[kind];
    if (tensor->present != belongs(class, rule->where))
        return refuse(error, plan, KEY_stages, "%s %s %s", class_words(plan, class_index).text,
                      tensor->present ? "has no use for the weights" : "lacks the weights", tensor_names[kind]);
    if (!tensor->present)
        return true;
    enum dtype dtype = rule->exact ? DTYPE_F32 : class->weights;
    if (tensor->dtype != dtype || (uint64_t)tensor->outputs != expected->outputs ||
        (uint64_t)tensor->inputs != expected->inputs)
        return refuse(error, plan, KEY_model, "%s has %s as (%d, %d) %s, but its shapes ask for (%llu, %llu) %s",
                      class_words(plan, class_index).text, tensor_names[kind], tensor->outputs, tensor->inputs,
                      tensor->dtype == DTYPE_F32 ? "f32" : "bf16", (unsigned long long)expected->outputs,
                      (unsigned long long)expected->inputs, dtype == DTYPE_F32 ? "f32" : "bf16");
    uint64_t values = times(expected->outputs, expected->inputs) * (dtype == DTYPE_BF16 ? 2 : 4);
    uint64_t bytes =
        rule->panels ? packed_bytes(dtype, tensor->outputs, tensor->inputs) : (values + LINE - 1) / LINE * LINE;
    if (tensor->bytes != bytes)
        return refuse(error, plan, KEY_model, "%s has %llu bytes for %s, but (%d, %d) takes %llu",
                      class_words(plan, class_index).text, (unsigned long long)tensor->bytes, tensor_names[kind],
                      tensor->outputs, tensor->inputs, (unsigned long long)bytes);
    if ((tensor->layer_stride > 0) != rule->per_layer || (tensor->slot_stride > 0) != rule->per_slot ||
        (tensor->offset | tensor->layer_stride | tensor->slot_stride) % LINE != 0)
        return refuse(error, plan, KEY_model, "%s has %s at byte %llu, a layer every %llu and a slot every %llu",
                      class_words(plan, class_index).text, tensor_names[kind], (unsigned long long)tensor->offset,
                      (unsigned long long)tensor->layer_stride, (unsigned long long)tensor->slot_stride);
    return true;
}

/* Adds the extent of every matrix in the file; returns how many there are. */
static int list_extents(const struct rank_class *class, enum shard_file file, struct extent *extents)
{
    int count = 0;
    for (int layer = 0; layer < class->shape.layers; layer++) {
        for (int kind = 0; kind < TENSOR_KINDS; kind++) {
            const struct tensor *tensor = &class->tensors[kind];
            if (!tensor->present || tensor_files[kind] != file || (layer > 0 && !rules[kind].per_layer))
                continue;
            int slots = rules[kind].per_slot ? class->shape.expert_slots : 1;
            for (int slot = 0; slot < slots; slot++) {
                uint64_t begin = tensor->offset + times(tensor->layer_stride, (uint64_t)layer) +
                                 times(tensor->slot_stride, (uint64_t)slot);
                extents[count++] = (struct extent){begin, begin + tensor->bytes, kind, layer, slot};
            }
        }
    }
    return count;
}

/* No two matrices share a byte, none lies outside the file, and the file has nothing else. */
static bool file_is_tiled(const struct plan *plan, int class_index, enum shard_file file, struct extent *extents,
                          struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    int count = list_extents(class, file, extents);
    const struct extent *overlap = extents_overlap(extents, count);
    if (overlap)
        return refuse(error, plan, KEY_model, "%s has %s of layer %d, slot %d over %s of layer %d, slot %d",
                      class_words(plan, class_index).text, tensor_names[overlap[1].owner], overlap[1].layer,
                      overlap[1].slot, tensor_names[overlap[0].owner], overlap[0].layer, overlap[0].slot);
    uint64_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += extents[i].end - extents[i].begin;
    uint64_t end = count > 0 ? extents[count - 1].end : 0;
    if (sum != class->shard_bytes[file] || end != class->shard_bytes[file])
        return refuse(error, plan, KEY_model, "%s has %llu bytes of %s weights up to byte %llu, but shards of %llu",
                      class_words(plan, class_index).text, (unsigned long long)sum,
                      file == SHARD_DENSE ? "dense" : "expert", (unsigned long long)end,
                      (unsigned long long)class->shard_bytes[file]);
    return true;
}

bool prove_tensors(const struct plan *plan, struct error *error)
{
    for (int i = 0; i < plan->class_count; i++) {
        const struct shapes *shape = &plan->classes[i].shape;
        struct matrix matrices[TENSOR_KINDS];
        matrices_of(shape, matrices);
        for (int kind = 0; kind < TENSOR_KINDS; kind++)
            if (!tensor_is_right(plan, i, kind, &matrices[kind], error))
                return false;
        size_t most = (size_t)shape->layers * (size_t)(shape->expert_slots + 1) * TENSOR_KINDS;
        struct extent *extents = heap_take(most, sizeof *extents);
        bool tiled = true;
        for (int file = 0; file < SHARD_FILES && tiled; file++)
            tiled = file_is_tiled(plan, i, file, extents, error);
        free(extents);
        if (!tiled)
            return false;
    }
    return true;
}
