/* Bytes of a GPU, from the plan's own tensors, buffers and ledger; only the storage of parameters and of the KV cache
 * can be assumed otherwise. */
#include "predict/audit/parts.h"

#include <stdio.h>
#include <string.h>

/* ---- weights */

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

/* ---- KV cache */

static uint64_t planned_kv_bytes(const struct rank_class *class)
{
    uint64_t bytes = 0;
    for (int i = 0; i < class->buffer_count; i++)
        if (class->buffers[i].kind == BUFFER_KV)
            bytes += class->buffers[i].bytes;
    return bytes;
}

static uint64_t class_kv_bytes(const struct rank_class *class, enum storage storage)
{
    return planned_kv_bytes(class) / 4 * (uint64_t)storage_bytes[storage]; /* a plan's cache is f32 */
}

struct computed audit_kv_per_gpu(const struct scenario *scenario, const struct claim *claim)
{
    struct pool *pool = scenario->pool;
    const struct rank_class *class = &scenario->plan->classes[0];
    for (int i = 1; i < scenario->plan->class_count; i++)
        if (planned_kv_bytes(&scenario->plan->classes[i]) > planned_kv_bytes(class))
            class = &scenario->plan->classes[i];
    const struct shapes *shape = &class->shape;
    uint64_t bytes = class_kv_bytes(class, scenario->kv);
    struct computed computed =
        exactly((double)bytes,
                pool_format(pool,
                            "%d layers x %d blocks x %d positions x %d heads x %d x 2 (keys, values) x %d bytes (%s) = "
                            "%s; %d sequences of %d positions a GPU",
                            shape->layers, shape->kv_blocks, KV_BLOCK_POSITIONS, shape->kv_heads, shape->head_dim,
                            storage_bytes[scenario->kv], storage_names[scenario->kv], whole(pool, bytes),
                            shape->sequences, shape->context));
    double times = aim(claim) / (double)bytes;
    computed.meets = pool_format(pool, "a context of %s positions, or %s sequences in all, with %s",
                                 number_text(pool, floor(shape->context * times)),
                                 number_text(pool, floor(shape->sequences * times) * shape->ep * shape->dp),
                                 storage_names[scenario->kv]);
    return computed;
}

/* ---- activations and the program */

static uint64_t ledger_sum(const struct rank_class *class, const char *const *purposes)
{
    uint64_t sum = 0;
    for (int i = 0; i < class->ledger_count; i++)
        for (const char *const *purpose = purposes; *purpose; purpose++)
            if (strncmp(class->ledger[i].purpose, *purpose, strlen(*purpose)) == 0)
                sum += class->ledger[i].bytes;
    return sum;
}

static const struct rank_class *fullest_class(const struct plan *plan, const char *const *purposes)
{
    const struct rank_class *fullest = &plan->classes[0];
    for (int i = 1; i < plan->class_count; i++)
        if (ledger_sum(&plan->classes[i], purposes) > ledger_sum(fullest, purposes))
            fullest = &plan->classes[i];
    return fullest;
}

struct computed audit_activations_per_gpu(const struct scenario *scenario, const struct claim *claim)
{
    static const char *const buffers[] = {"activations:", NULL}, *const messages[] = {"mailboxes: own", NULL};
    static const char *const both[] = {"activations:", "mailboxes: own", NULL};
    struct pool *pool = scenario->pool;
    const struct rank_class *class = fullest_class(scenario->plan, both);
    uint64_t bytes = ledger_sum(class, both);
    struct computed computed = exactly(
        (double)bytes,
        pool_format(pool, "class %s: buffers %s + mailboxes %s = %s bytes (f32) at %d rows a lane in a step",
                    class->name, whole(pool, ledger_sum(class, buffers)), whole(pool, ledger_sum(class, messages)),
                    whole(pool, bytes), scenario->strategy->batch.prefill_rows));
    double rows = scenario->strategy->batch.prefill_rows * aim(claim) / (double)bytes;
    computed.meets =
        pool_format(pool, "about %s rows a lane in one step (batch.prefill_rows)", number_text(pool, floor(rows)));
    return computed;
}

struct computed audit_overhead_per_gpu(const struct scenario *scenario, const struct claim *claim)
{
    static const char *const program[] = {"program:", "mailboxes: control", NULL};
    (void)claim;
    const struct rank_class *class = fullest_class(scenario->plan, program);
    return unknown(pool_format(scenario->pool,
                               "no framework is in the plan: a rank is one static program, %s bytes with its control "
                               "block; the document gives no source for its figure",
                               whole(scenario->pool, ledger_sum(class, program))));
}

/* ---- the whole */

static uint64_t class_memory(const struct scenario *scenario, const struct rank_class *class)
{
    uint64_t weights = class->shard_bytes[SHARD_DENSE] + class->shard_bytes[SHARD_EXPERTS];
    return class->ledger_bytes - weights + class_weight_bytes(class, scenario->weights) - planned_kv_bytes(class) +
           class_kv_bytes(class, scenario->kv);
}

static const struct rank_class *fullest(const struct scenario *scenario)
{
    const struct rank_class *class = &scenario->plan->classes[0];
    for (int i = 1; i < scenario->plan->class_count; i++)
        if (class_memory(scenario, &scenario->plan->classes[i]) > class_memory(scenario, class))
            class = &scenario->plan->classes[i];
    return class;
}

/* What the document says a GPU has, or else what the strategy's target has. */
static double gpu_bytes(const struct scenario *scenario)
{
    const struct claim *stated = stated_figure(scenario->claims, QUANTITY_gpu_memory);
    return stated ? stated->figure.least : (double)scenario->plan->memory_bytes;
}

struct computed audit_memory_per_gpu(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    struct pool *pool = scenario->pool;
    const struct rank_class *class = fullest(scenario);
    uint64_t bytes = class_memory(scenario, class), kv = class_kv_bytes(class, scenario->kv);
    uint64_t weights = class_weight_bytes(class, scenario->weights);
    return exactly(
        (double)bytes,
        pool_format(pool, "the ledger of class %s: weights %s + KV %s + activations, mailboxes and program %s = %s",
                    class->name, whole(pool, weights), whole(pool, kv), whole(pool, bytes - weights - kv),
                    whole(pool, bytes)));
}

struct computed audit_gpu_memory(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    struct pool *pool = scenario->pool;
    if (!scenario->accelerator || scenario->accelerator->memory_bytes == 0)
        return unknown("no accelerator is named; list some in assume.accelerator");
    struct computed computed = exactly(
        (double)scenario->accelerator->memory_bytes,
        pool_format(pool, "the document names no accelerator; %s has %s bytes (%s)", scenario->accelerator->name,
                    whole(pool, scenario->accelerator->memory_bytes), scenario->accelerator->source));
    computed.evidence_only = true; /* another accelerator may have it */
    return computed;
}

struct computed audit_headroom(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    struct pool *pool = scenario->pool;
    double has = gpu_bytes(scenario), used = (double)class_memory(scenario, fullest(scenario));
    return exactly(has - used, pool_format(pool, "%s - %s bytes in use on the fullest GPU", whole(pool, (uint64_t)has),
                                           whole(pool, (uint64_t)used)));
}

static const char *share_text(const struct scenario *scenario, double part)
{
    return pool_format(scenario->pool, "%s / %s bytes", whole(scenario->pool, (uint64_t)part),
                       whole(scenario->pool, (uint64_t)gpu_bytes(scenario)));
}

struct computed audit_memory_used(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    double used = (double)class_memory(scenario, fullest(scenario));
    return exactly(used / gpu_bytes(scenario), share_text(scenario, used));
}

struct computed audit_memory_free(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    double free = gpu_bytes(scenario) - (double)class_memory(scenario, fullest(scenario));
    return exactly(free / gpu_bytes(scenario), share_text(scenario, free));
}
