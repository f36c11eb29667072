/* The mailboxes of a class, and the shared segment.
 *
 *   control | step headers, two a lane | part of rank 0 | part of rank 1 | ...
 *
 * Every rank has a part of the same size, so that a peer's part is found by its number alone. The stage mailboxes come
 * first in each: the sender is of another class and must know where they are. */
#include "plan/passes.h"

#include "job.h"

#include <assert.h>

enum { F32 = 4, INT = 4, FLAG_LINES = 2, MOST_MAILBOXES = 5 * MAX_MICRO_BATCHES + 2 };

struct part {
    struct rank_class *class;
    uint64_t end;
};

/* Adds `slots` flag pairs and `copies` data slots of `bytes` each. */
static void add(struct part *part, enum mailbox_kind kind, int micro, int slots, int copies, uint64_t bytes)
{
    assert(part->class->mailbox_count < MOST_MAILBOXES);
    uint64_t stride = align_up(bytes, LINE_BYTES);
    uint64_t flags = part->end, data = flags + BYTES(slots, FLAG_LINES, LINE_BYTES);
    part->class->mailboxes[part->class->mailbox_count++] = (struct mailbox){.kind = kind,
                                                                            .micro = micro,
                                                                            .flags = flags,
                                                                            .data = data,
                                                                            .stride = copies > 1 ? stride : 0,
                                                                            .bytes = BYTES(copies, stride),
                                                                            .slots = slots};
    part->end = data + BYTES(copies, stride);
}

static uint64_t dispatch_bytes(const struct shapes *shape)
{
    return LINE_BYTES + align_up(BYTES(shape->dispatch_rows, shape->top_k, INT + F32), LINE_BYTES) +
           BYTES(shape->dispatch_rows, shape->hidden, F32);
}

/* What the head reads. */
static void add_results(struct part *part, int readers)
{
    const struct rank_class *class = part->class;
    const struct shapes *shape = &class->shape;
    for (int micro = 0; micro < shape->micro_batches && class->last_stage; micro++)
        add(part, MAILBOX_LOGITS, micro, readers, 1, BYTES(shape->logit_rows, shape->vocabulary_slice, F32));
    if (class->last_stage)
        add(part, MAILBOX_TOKENS, -1, 0, 1, BYTES(shape->micro_batches, shape->logit_rows, INT));
    add(part, MAILBOX_LOAD, -1, 0, 1, BYTES(shape->layers, shape->expert_slots + 1, sizeof(uint64_t)));
}

/* Between ranks that share memory; NCCL needs none. */
static void add_peers(struct part *part)
{
    const struct rank_class *class = part->class;
    const struct shapes *shape = &class->shape;
    uint64_t stream = BYTES(most_rows(shape), shape->hidden, F32);
    for (int micro = 0; micro < shape->micro_batches && !class->first_stage; micro++)
        add(part, MAILBOX_STAGE, micro, 1, 1, stream);
    for (int micro = 0; micro < shape->micro_batches && shape->tp > 1; micro++)
        add(part, MAILBOX_PARTIAL, micro, shape->tp, 1, stream);
    for (int micro = 0; micro < shape->micro_batches && shape->ep > 1; micro++) {
        add(part, MAILBOX_DISPATCH, micro, shape->ep, shape->ep, dispatch_bytes(shape));
        add(part, MAILBOX_COMBINE, micro, shape->ep, shape->ep, BYTES(shape->dispatch_rows, shape->hidden, F32));
    }
}

bool plan_mailboxes(const struct strategy *strategy, struct plan *plan, struct rank_class *class, struct error *error)
{
    (void)strategy;
    (void)error;
    class->mailboxes = pool_take(&plan->pool, MOST_MAILBOXES, sizeof *class->mailboxes);
    struct part part = {.class = class};
    bool shared = class->device == DEVICE_CPU;
    if (shared)
        add_peers(&part);
    add_results(&part, shared ? class->shape.tp : 0);
    if (part.end > plan->mailbox_bytes)
        plan->mailbox_bytes = part.end;
    return true;
}

void plan_segment(struct plan *plan)
{
    const struct shapes *shape = &plan->classes[0].shape;
    uint64_t lanes = (uint64_t)plan->grid[AXIS_DP] * plan->grid[AXIS_EP];
    uint64_t rows = (uint64_t)shape->micro_batches * most_rows(shape);
    plan->step_offset = align_up(JOB_BYTES + BYTES(plan->world, RANK_CONTROL_BYTES), PAGE_BYTES);
    plan->step_bytes = align_up(step_header_bytes(rows, shape->sequences, shape->sequence_blocks), PAGE_BYTES);
    plan->mailbox_offset = plan->step_offset + BYTES(lanes, 2, plan->step_bytes);
    plan->mailbox_bytes = align_up(plan->mailbox_bytes, PAGE_BYTES);
    plan->segment_bytes = plan->mailbox_offset + BYTES(plan->world, plan->mailbox_bytes);
}
