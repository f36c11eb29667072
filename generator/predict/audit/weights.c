/* Bytes of weights: of the model, and of a GPU, from the plan's own tensors. Only what a parameter is stored as can be
 * assumed otherwise. */
#include "predict/audit/parts.h"

#include <string.h>

static uint64_t copies(const struct rank_class *class, const struct tensor *tensor)
{
    uint64_t layers = tensor->layer_stride ? (uint64_t) class->shape.layers : 1;
    return layers * (tensor->slot_stride ? (uint64_t) class->shape.expert_slots : 1);
}

static uint64_t tensor_parameters(const struct rank_class *class, const struct tensor *tensor)
{
    return tensor->present ? (uint64_t)tensor->outputs * (uint64_t)tensor->inputs * copies(class, tensor) : 0;
}

uint64_t class_parameters(const struct rank_class *class)
{
    uint64_t sum = 0;
    for (int kind = 0; kind < TENSOR_KINDS; kind++)
        sum += tensor_parameters(class, &class->tensors[kind]);
    return sum;
}

/* As planned, these are the bytes of the shard files, to the byte. Otherwise norms and routers, which the plan keeps in
 * f32, stay so, unless a training state replaces all. */
uint64_t class_weight_bytes(const struct rank_class *class, enum storage storage)
{
    enum storage planned = class->weights == DTYPE_F32 ? STORE_F32 : STORE_BF16;
    uint64_t bytes = class->shard_bytes[SHARD_DENSE] + class->shard_bytes[SHARD_EXPERTS];
    if (storage == planned)
        return bytes;
    if (storage == STORE_ADAM)
        return class_parameters(class) * (uint64_t)storage_bytes[STORE_ADAM];
    bytes = 0;
    for (int kind = 0; kind < TENSOR_KINDS; kind++) {
        const struct tensor *tensor = &class->tensors[kind];
        bool follows = tensor->dtype == class->weights && kind != TENSOR_ROUTER && tensor->outputs > 1;
        bytes += tensor_parameters(class, tensor) * (follows ? (uint64_t)storage_bytes[storage] : 4);
    }
    return bytes;
}

const struct rank_class *heaviest_class(const struct plan *plan, enum storage storage)
{
    const struct rank_class *heaviest = &plan->classes[0];
    for (int i = 1; i < plan->class_count; i++)
        if (class_weight_bytes(&plan->classes[i], storage) > class_weight_bytes(heaviest, storage))
            heaviest = &plan->classes[i];
    return heaviest;
}

struct computed audit_weights(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    struct parameter_count count = model_parameters(&scenario->strategy->model);
    uint64_t parameters = all_parameters(&count);
    int size = storage_bytes[scenario->weights];
    struct computed computed =
        exactly((double)parameters * size,
                pool_format(scenario->pool, "%s parameters x %d bytes (%s)", whole(scenario->pool, parameters), size,
                            storage_names[scenario->weights]));
    computed.meets = pool_format(scenario->pool, "%.3g bytes a parameter", aim(claim) / (double)parameters);
    return computed;
}

/* "embedding 65,536,000 + attention ...", of the planned storage. */
static const char *weight_sum(const struct rank_class *class, struct pool *pool)
{
    const char *sum = "";
    for (int i = 0; i < class->ledger_count; i++)
        if (strncmp(class->ledger[i].purpose, "weights: ", 9) == 0)
            sum = pool_format(pool, "%s%s%s %s", sum, *sum ? " + " : "", class->ledger[i].purpose + 9,
                              whole(pool, class->ledger[i].bytes));
    return sum;
}

/* Why dividing all by the number of GPUs is too little. */
static const char *even_share(const struct scenario *scenario)
{
    struct pool *pool = scenario->pool;
    const int *grid = scenario->plan->grid;
    struct parameter_count count = model_parameters(&scenario->strategy->model);
    uint64_t bytes = all_parameters(&count) * (uint64_t)storage_bytes[scenario->weights];
    return pool_format(pool,
                       "an even share, %s / %d = %s, would also divide by dp %d, whose replicas each hold a copy, and "
                       "by ep %d, over which attention is replicated",
                       whole(pool, bytes), scenario->plan->world, whole(pool, bytes / (uint64_t)scenario->plan->world),
                       grid[AXIS_DP], grid[AXIS_EP]);
}

struct computed audit_weights_per_gpu(const struct scenario *scenario, const struct claim *claim)
{
    struct pool *pool = scenario->pool;
    const struct rank_class *class = heaviest_class(scenario->plan, scenario->weights);
    uint64_t bytes = class_weight_bytes(class, scenario->weights);
    struct computed computed =
        exactly((double)bytes, pool_format(pool, "class %s: %s = %s bytes; %s", class->name, weight_sum(class, pool),
                                           whole(pool, bytes), even_share(scenario)));
    if ((double)bytes <= claim->figure.high)
        return computed;
    struct grid_choice best = lightest_grid(scenario);
    bool met = best.bytes > 0 && (double)best.bytes <= claim->figure.high;
    computed.meets =
        pool_format(pool, "%s %s, %s bytes on the fullest GPU",
                    met ? "another grid of as many ranks:" : "no grid of as many ranks; the least is had with",
                    grid_text(pool, best.grid), whole(pool, best.bytes));
    return computed;
}
