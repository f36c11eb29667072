/* The op lists of a class: straight lines, one for prefill and one for decode. Those of GPUs are in cuda_schedule.c.
 *
 * A layer of one micro-batch is three runs of ops: up to the dispatch of its rows, the experts, and from the combine
 * on. In prefill with several ep ranks, micro-batches go through the layers in pairs, run by run in turn, so that the
 * rows of one travel while the other computes. In decode there is too little to hide: one micro-batch after the other,
 * which hands the first to the next stage as early as can be. */
#include "plan/passes.h"

#include <string.h>

enum { OPS_PER_LAYER = 14, OPS_PER_MICRO_BATCH = 8 };

struct listing {
    const struct shapes *shape;
    const struct rank_class *class;
    struct schedule *schedule;
};

static void add(struct listing *listing, enum op_kind kind, int micro, int layer)
{
    listing->schedule->ops[listing->schedule->count++] = (struct op){.kind = kind, .micro = micro, .layer = layer};
}

static void enter_stage(struct listing *listing, int micro)
{
    add(listing, OP_ROTARY, micro, -1);
    if (!listing->class->first_stage) {
        add(listing, OP_RECEIVE_STAGE, micro, -1);
    } else if (listing->shape->tp == 1) {
        add(listing, OP_EMBED, micro, -1);
    } else {
        add(listing, OP_EMBED_SLICE, micro, -1);
        add(listing, OP_REDUCE_EMBEDDING, micro, -1);
    }
}

static void leave_stage(struct listing *listing, int micro)
{
    if (!listing->class->last_stage) {
        add(listing, OP_SEND_STAGE, micro, -1);
        return;
    }
    add(listing, OP_HEAD, micro, -1);
    if (listing->shape->tp > 1)
        add(listing, OP_GATHER_LOGITS, micro, -1);
    add(listing, OP_SAMPLE, micro, -1);
}

static void attend_and_dispatch(struct listing *listing, int micro, int layer)
{
    add(listing, OP_ATTENTION, micro, layer);
    add(listing, listing->shape->tp > 1 ? OP_REDUCE_ATTENTION : OP_ADD_ATTENTION, micro, layer);
    add(listing, OP_ROUTE, micro, layer);
    if (listing->shape->ep > 1)
        add(listing, OP_DISPATCH_START, micro, layer);
}

static void compute_experts(struct listing *listing, int micro, int layer)
{
    add(listing, listing->shape->ep > 1 ? OP_DISPATCH_FINISH : OP_GATHER, micro, layer);
    add(listing, OP_EXPERTS, micro, layer);
    if (listing->shape->ep > 1)
        add(listing, OP_COMBINE_START, micro, layer);
}

static void combine(struct listing *listing, int micro, int layer)
{
    add(listing, listing->shape->ep > 1 ? OP_COMBINE_FINISH : OP_SCATTER, micro, layer);
    add(listing, listing->shape->tp > 1 ? OP_REDUCE_EXPERTS : OP_ADD_EXPERTS, micro, layer);
}

/* Micro-batches begin <= m < end go through the stage side by side. */
static void pass_together(struct listing *listing, int begin, int end)
{
    static void (*const runs[])(struct listing *, int, int) = {attend_and_dispatch, compute_experts, combine};
    for (int micro = begin; micro < end; micro++)
        enter_stage(listing, micro);
    for (int layer = 0; layer < listing->shape->layers; layer++)
        for (size_t run = 0; run < sizeof runs / sizeof *runs; run++)
            for (int micro = begin; micro < end; micro++)
                runs[run](listing, micro, layer);
    for (int micro = begin; micro < end; micro++)
        leave_stage(listing, micro);
}

static void list_cpu_ops(const struct rank_class *class, enum phase phase, struct schedule *schedule)
{
    const struct shapes *shape = &class->shape;
    struct listing listing = {shape, class, schedule};
    int together = phase == PREFILL && shape->ep > 1 ? 2 : 1;
    for (int micro = 0; micro < shape->micro_batches; micro += together) {
        int end = micro + together < shape->micro_batches ? micro + together : shape->micro_batches;
        pass_together(&listing, micro, end);
    }
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
            list_cuda_ops(plan, class, phase, schedule);
            plan_awaits(class, phase == PREFILL && dispatch_is_exact(plan), schedule);
        } else {
            list_cpu_ops(class, phase, schedule);
        }
    }
    return true;
}
