/* The op lists of a class: straight lines, one for prefill and one for decode. Those of GPUs are in cuda_schedule.c.
 *
 * A layer of one micro-batch is three runs of ops: up to the dispatch of its rows, the experts, and from the combine
 * on. In prefill with several ep ranks, micro-batches go through the layers in pairs, run by run in turn, so that the
 * rows of one travel while the other computes. In decode there is too little to hide: one micro-batch after the other,
 * which hands the first to the next stage as early as can be. */
#include "plan/listing.h"
#include "plan/passes.h"

enum { OPS_PER_LAYER = 14, OPS_PER_MICRO_BATCH = 8 };

static void attend_and_dispatch(struct listing *listing, int micro, int layer)
{
    list_op(listing, OP_ATTENTION, micro, layer);
    list_op(listing, listing->shape->tp > 1 ? OP_REDUCE_ATTENTION : OP_ADD_ATTENTION, micro, layer);
    list_op(listing, OP_ROUTE, micro, layer);
    if (listing->shape->ep > 1)
        list_op(listing, OP_DISPATCH_START, micro, layer);
}

static void compute_experts(struct listing *listing, int micro, int layer)
{
    list_op(listing, listing->shape->ep > 1 ? OP_DISPATCH_FINISH : OP_GATHER, micro, layer);
    list_op(listing, OP_EXPERTS, micro, layer);
    if (listing->shape->ep > 1)
        list_op(listing, OP_COMBINE_START, micro, layer);
}

static void combine(struct listing *listing, int micro, int layer)
{
    list_op(listing, listing->shape->ep > 1 ? OP_COMBINE_FINISH : OP_SCATTER, micro, layer);
    list_op(listing, listing->shape->tp > 1 ? OP_REDUCE_EXPERTS : OP_ADD_EXPERTS, micro, layer);
}

/* Micro-batches begin <= m < end go through the stage side by side. */
static void pass_together(struct listing *listing, int begin, int end)
{
    static void (*const runs[])(struct listing *, int, int) = {attend_and_dispatch, compute_experts, combine};
    for (int micro = begin; micro < end; micro++)
        list_entry(listing, micro);
    for (int layer = 0; layer < listing->shape->layers; layer++)
        for (size_t run = 0; run < sizeof runs / sizeof *runs; run++)
            for (int micro = begin; micro < end; micro++)
                runs[run](listing, micro, layer);
    for (int micro = begin; micro < end; micro++)
        list_exit(listing, micro);
}

static void list_cpu_ops(const struct rank_class *class, enum phase phase, struct schedule *schedule)
{
    const struct shapes *shape = &class->shape;
    struct listing listing = {class, shape, schedule, false};
    list_in_groups(&listing, phase == PREFILL && shape->ep > 1 ? 2 : 1, pass_together);
}

bool plan_schedules(const struct strategy *strategy, struct plan *plan, struct rank_class *class, struct error *error)
{
    (void)strategy;
    (void)error;
    const struct shapes *shape = &class->shape;
    size_t most = (size_t)shape->micro_batches * ((size_t)shape->layers * OPS_PER_LAYER + OPS_PER_MICRO_BATCH);
    for (int phase = 0; phase < PHASES; phase++) {
        struct schedule *schedule = &class->schedules[phase];
        schedule->ops = pool_take(&plan->pool, most, sizeof(struct op));
        if (class->device == DEVICE_CUDA) {
            bool exactly = phase == PREFILL && dispatch_is_exact(plan);
            list_cuda_ops(class, phase, exactly, schedule);
            plan_awaits(class, exactly, schedule);
        } else {
            list_cpu_ops(class, phase, schedule);
        }
    }
    return true;
}
