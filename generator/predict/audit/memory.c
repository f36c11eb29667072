/* Bytes of a GPU, from the plan's own tensors, buffers and ledger; only the storage of parameters and of the KV cache
 * can be assumed otherwise. */
#include "predict/audit/parts.h"

#include <string.h>

/* ---- KV cache */

static uint64_t planned_kv_bytes(const struct rank_class *class)
{
    uint64_t bytes = 0;
    for (int i = 0; i < class->buffer_count; i++)
        if (class->buffers[i].kind == BUFFER_KV)
            bytes += class->buffers[i].bytes;
    return bytes;
}

static enum storage planned_values(const struct rank_class *class)
{
    return value_dtype(class) == DTYPE_BF16 ? STORE_BF16 : STORE_F32;
}

static uint64_t class_kv_bytes(const struct rank_class *class, enum storage storage)
{
    uint64_t values = planned_kv_bytes(class) / (uint64_t)storage_bytes[planned_values(class)];
    return values * (uint64_t)storage_bytes[storage];
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
        pool_format(pool, "class %s: buffers %s + mailboxes %s = %s bytes (rows in %s) at %d rows a lane in a step",
                    class->name, whole(pool, ledger_sum(class, buffers)), whole(pool, ledger_sum(class, messages)),
                    whole(pool, bytes), storage_names[planned_values(class)], scenario->strategy->batch.prefill_rows));
    double rows = scenario->strategy->batch.prefill_rows * aim(claim) / (double)bytes;
    computed.meets =
        pool_format(pool, "about %s rows a lane in one step (batch.prefill_rows)", number_text(pool, floor(rows)));
    return computed;
}

struct computed audit_overhead_per_gpu(const struct scenario *scenario, const struct claim *claim)
{
    static const char *const program[] = {"program:", "mailboxes: control", NULL}, *const reserve[] = {"reserve:",
                                                                                                       NULL};
    (void)claim;
    const struct rank_class *class = fullest_class(scenario->plan, program),
                            *most = fullest_class(scenario->plan, reserve);
    if (class->device == DEVICE_CUDA)
        return unknown(pool_format(scenario->pool,
                                   "no framework is in the plan: a rank is one program; %s bytes are reserved for the "
                                   "driver's context and NCCL, an upper bound that nothing here measured; the document "
                                   "gives no source for its figure",
                                   whole(scenario->pool, ledger_sum(most, reserve))));
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

/* How long a context would fill the fullest GPU up to `wanted` bytes, when only the cache grows. */
static const char *context_that_fills(const struct scenario *scenario, double wanted)
{
    struct pool *pool = scenario->pool;
    const struct rank_class *class = fullest(scenario);
    double used = (double)class_memory(scenario, class), kv = (double)class_kv_bytes(class, scenario->kv);
    if (wanted < used - kv)
        return pool_format(pool, "none by its cache: without one, %s bytes are in use", number_text(pool, used - kv));
    return pool_format(pool, "a context of %s positions, all else as planned",
                       number_text(pool, floor(class->shape.context * (1 + (wanted - used) / kv))));
}

struct computed audit_memory_per_gpu(const struct scenario *scenario, const struct claim *claim)
{
    struct pool *pool = scenario->pool;
    const struct rank_class *class = fullest(scenario);
    uint64_t bytes = class_memory(scenario, class), kv = class_kv_bytes(class, scenario->kv);
    uint64_t weights = class_weight_bytes(class, scenario->weights);
    struct computed computed = exactly(
        (double)bytes,
        pool_format(pool, "the ledger of class %s: weights %s + KV %s + activations, mailboxes and program %s = %s",
                    class->name, whole(pool, weights), whole(pool, kv), whole(pool, bytes - weights - kv),
                    whole(pool, bytes)));
    computed.meets = context_that_fills(scenario, aim(claim));
    return computed;
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
    computed.meets = "an accelerator with that memory; name it in assume.accelerator";
    computed.evidence_only = true; /* another accelerator may have it */
    return computed;
}

struct computed audit_headroom(const struct scenario *scenario, const struct claim *claim)
{
    struct pool *pool = scenario->pool;
    double has = gpu_bytes(scenario), used = (double)class_memory(scenario, fullest(scenario));
    struct computed computed = exactly(has - used, pool_format(pool, "%s - %s bytes in use on the fullest GPU",
                                                               number_text(pool, has), number_text(pool, used)));
    computed.meets = context_that_fills(scenario, has - aim(claim));
    return computed;
}

static struct computed share_of_gpu(const struct scenario *scenario, double part, double wanted)
{
    double has = gpu_bytes(scenario);
    struct computed computed =
        exactly(part / has, pool_format(scenario->pool, "%s / %s bytes", number_text(scenario->pool, part),
                                        number_text(scenario->pool, has)));
    computed.meets = context_that_fills(scenario, wanted * has);
    return computed;
}

struct computed audit_memory_used(const struct scenario *scenario, const struct claim *claim)
{
    return share_of_gpu(scenario, (double)class_memory(scenario, fullest(scenario)), aim(claim));
}

struct computed audit_memory_free(const struct scenario *scenario, const struct claim *claim)
{
    double used = (double)class_memory(scenario, fullest(scenario));
    return share_of_gpu(scenario, gpu_bytes(scenario) - used, 1 - aim(claim));
}
