/* Sizes: the classes are slices of one model, and its tp slices cover heads, expert hidden sizes and the vocabulary
 * exactly. */
#include "verify/proofs.h"

#include <string.h>

/* Everything but the number of layers is the model's or the batch's and so the same in all classes. */
static bool classes_agree(const struct plan *plan, struct error *error)
{
    const struct rank_class *first = &plan->classes[0];
    for (int i = 1; i < plan->class_count; i++) {
        const struct rank_class *class = &plan->classes[i];
        struct shapes shape = class->shape;
        shape.layers = first->shape.layers;
#define X(field, NAME, meaning)                                                                                        \
    if (shape.field != first->shape.field)                                                                             \
        return refuse(error, plan, KEY_model, "class %s has " #NAME " (%s) %d, class %s has %d", first->name, meaning, \
                      first->shape.field, class->name, shape.field);
        SHAPES(X)
#undef X
        if (class->weights != first->weights || strcmp(class->rms_epsilon, first->rms_epsilon) != 0 ||
            strcmp(class->rope_theta, first->rope_theta) != 0)
            return refuse(error, plan, KEY_model, "classes %s and %s differ in dtype, epsilon or rotary base",
                          first->name, class->name);
    }
    return true;
}

/* Query heads and hidden sizes are cut in equal parts. Key/value heads too, or, where there are fewer than ranks, each
 * is held by as many ranks as share it. Either way a rank's query heads must read its own key/value heads. */
static bool slices_cover(const struct plan *plan, const struct shapes *shape, struct error *error)
{
    const struct {
        const char *what;
        int64_t all, slices;
    } cuts[] = {
        {"query heads", shape->model_heads, (int64_t)shape->heads * shape->tp},
        {"values of an expert's hidden size", shape->model_expert_hidden, (int64_t)shape->expert_hidden * shape->tp},
    };
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        if (cuts[i].all != cuts[i].slices)
            return refuse(error, plan, KEY_grid, "the model has %lld %s, but the slices of tp %d make %lld",
                          (long long)cuts[i].all, cuts[i].what, shape->tp, (long long)cuts[i].slices);
    int64_t held = (int64_t)shape->kv_heads * shape->tp;
    bool replicated = shape->kv_heads == 1 && held % shape->model_kv_heads == 0;
    if (held != shape->model_kv_heads && !replicated)
        return refuse(error, plan, KEY_grid,
                      "the model has %d key/value heads, which tp %d ranks of %d each do not hold",
                      shape->model_kv_heads, shape->tp, shape->kv_heads);
    if (shape->model_heads / shape->model_kv_heads % (shape->heads / shape->kv_heads) != 0)
        return refuse(error, plan, KEY_grid, "%d query heads share a key/value head of a rank, but %d of the model's",
                      shape->heads / shape->kv_heads, shape->model_heads / shape->model_kv_heads);
    return true;
}

bool prove_sizes(const struct plan *plan, struct error *error)
{
    if (!classes_agree(plan, error))
        return false;
    const struct shapes *shape = &plan->classes[0].shape;
    if (shape->heads % shape->kv_heads != 0)
        return refuse(error, plan, KEY_grid, "a rank's %d query heads cannot share its %d key/value heads",
                      shape->heads, shape->kv_heads);
    if (!slices_cover(plan, shape, error))
        return false;
    if (shape->head_dim % 2 != 0)
        return refuse(error, plan, KEY_model, "a head of %d values cannot be rotated in pairs", shape->head_dim);
    int slice = (shape->vocabulary - 1) / shape->tp + 1;
    if (shape->vocabulary_slice != slice)
        return refuse(error, plan, KEY_grid, "%d tokens over tp %d are slices of %d, but a rank has %d",
                      shape->vocabulary, shape->tp, slice, shape->vocabulary_slice);
    return true;
}
