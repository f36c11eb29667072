/* Sizes: the classes are slices of one model, and the tp slices of it cover the vocabulary exactly.
 *
 * Heads and hidden sizes of the whole model are not in a plan, so of those only agreement can be shown: among the
 * classes here, with the weights in tensors. */
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

bool prove_sizes(const struct plan *plan, struct error *error)
{
    if (!classes_agree(plan, error))
        return false;
    const struct shapes *shape = &plan->classes[0].shape;
    if (shape->heads % shape->kv_heads != 0)
        return refuse(error, plan, KEY_grid, "a rank's %d query heads cannot share its %d key/value heads",
                      shape->heads, shape->kv_heads);
    if (shape->head_dim % 2 != 0)
        return refuse(error, plan, KEY_model, "a head of %d values cannot be rotated in pairs", shape->head_dim);
    int slice = (shape->vocabulary - 1) / shape->tp + 1;
    if (shape->vocabulary_slice != slice)
        return refuse(error, plan, KEY_grid, "%d tokens over tp %d are slices of %d, but a rank has %d",
                      shape->vocabulary, shape->tp, slice, shape->vocabulary_slice);
    return true;
}
