/* The ledger: every byte that a rank of a class will own or touch, by purpose. */
#include "plan/passes.h"

#include "cuda/reserves.h"
#include "job.h"

enum { MOST_LINES = 32 };

#define KIND(id) (1u << TENSOR_##id)

static void add(struct rank_class *class, const char *purpose, uint64_t bytes)
{
    if (bytes == 0)
        return;
    class->ledger[class->ledger_count++] = (struct ledger_line){purpose, bytes};
    class->ledger_bytes += bytes;
}

/* All matrices of the kinds in a set of bits. */
static uint64_t tensor_bytes(const struct rank_class *class, unsigned kinds)
{
    uint64_t sum = 0;
    for (int kind = 0; kind < TENSOR_KINDS; kind++) {
        const struct tensor *tensor = &class->tensors[kind];
        if (!tensor->present || !(kinds & 1u << kind))
            continue;
        uint64_t layers = tensor->layer_stride ? (uint64_t) class->shape.layers : 1;
        uint64_t slots = tensor->slot_stride ? (uint64_t) class->shape.expert_slots : 1;
        sum += BYTES(tensor->bytes, layers, slots);
    }
    return sum;
}

static uint64_t buffer_bytes(const struct rank_class *class, enum buffer_kind kind)
{
    uint64_t sum = 0;
    for (int i = 0; i < class->buffer_count; i++)
        if (class->buffers[i].kind == kind)
            sum += class->buffers[i].bytes;
    return sum;
}

/* Own mailboxes, and the pages of peers' mailboxes that this rank writes or reads: what it sends and the tp peers'
 * shares. A peer's slot is as large as the own one of that kind. */
static void add_mailboxes(const struct plan *plan, struct rank_class *class)
{
    uint64_t own = 0, peers = 0;
    const struct shapes *shape = &class->shape;
    for (int i = 0; i < class->mailbox_count; i++) {
        const struct mailbox *mailbox = &class->mailboxes[i];
        own += mailbox->bytes + BYTES(mailbox->slots, 2, LINE_BYTES);
        if (mailbox_is_pushed(mailbox))
            peers += mailbox->bytes / (uint64_t)shape->ep * (uint64_t)(shape->ep - 1);
        if (mailbox_is_pulled(mailbox))
            peers += BYTES(mailbox->bytes, shape->tp - 1);
    }
    if (!class->last_stage)
        peers += BYTES(shape->micro_batches, most_rows(shape), shape->hidden, 4);
    add(class, "mailboxes: own", own);
    add(class, "mailboxes: peers'", peers);
    add(class, "mailboxes: control and step headers",
        JOB_BYTES + BYTES(plan->world, RANK_CONTROL_BYTES) + 2 * plan->step_bytes);
}

/* What a rank on a processor touches beside weights and arena: mailboxes, whole pages, and its program. */
static void add_process(const struct plan *plan, struct rank_class *class)
{
    add_mailboxes(plan, class);
    uint64_t pages = plan_pages(plan, class);
    if (pages > class->ledger_bytes) /* always, but where sizes are past all numbers: no device has room for those */
        add(class, "whole pages: headers of shards, ends of pages", pages - class->ledger_bytes);
    add(class, "program: code, data and stack", PROGRAM_BYTES);
    add(class, "program: schedules",
        BYTES(class->schedules[PREFILL].count + class->schedules[DECODE].count, CALL_BYTES));
}

/* What a GPU holds beside weights and arena. */
static void add_libraries(struct rank_class *class)
{
    const struct shapes *shape = &class->shape;
    add(class, "reserve: driver's context and kernels", gpu_context_bytes);
    add(class, "reserve: NCCL communicators",
        BYTES((shape->tp > 1) + (shape->ep > 1) + (shape->pp > 1), gpu_communicator_bytes));
}

void plan_ledger(struct plan *plan, struct rank_class *class)
{
    static const struct {
        const char *purpose;
        unsigned kinds;
    } weights[] = {
        {"weights: embedding", KIND(EMBEDDING)},
        {"weights: attention", KIND(QKV) | KIND(ATTENTION_OUT)},
        {"weights: routers", KIND(ROUTER)},
        {"weights: experts", KIND(GATE_UP) | KIND(DOWN)},
        {"weights: norms", KIND(INPUT_NORM) | KIND(POST_NORM) | KIND(FINAL_NORM)},
        {"weights: head", KIND(LM_HEAD)},
    };
    static const struct {
        const char *purpose;
        enum buffer_kind kind;
    } activations[] = {
        {"activations: residual stream", BUFFER_RESIDUAL},
        {"activations: tp shares", BUFFER_PARTIAL},
        {"activations: routed rows", BUFFER_ROUTED},
        {"activations: rotary angles", BUFFER_ROTARY},
        {"activations: routes", BUFFER_ROUTES},
        {"activations: arrivals", BUFFER_ARRIVALS},
        {"activations: expert sums", BUFFER_EXPERT_OUT},
        {"activations: rows to other ranks' experts", BUFFER_OUTGOING},
        {"activations: rows for own experts", BUFFER_INCOMING},
        {"activations: logits", BUFFER_LOGITS},
        {"activations: tokens", BUFFER_TOKENS},
        {"activations: step header", BUFFER_STEP},
        {"activations: counted load", BUFFER_LOAD},
        {"activations: scratch", BUFFER_SCRATCH},
        {"activations: cuBLASLt's workspace", BUFFER_WORKSPACE},
    };
    class->ledger = pool_take(&plan->pool, MOST_LINES, sizeof *class->ledger);
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
        add(class, weights[i].purpose, tensor_bytes(class, weights[i].kinds));
    add(class, "KV cache", buffer_bytes(class, BUFFER_KV));
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        add(class, activations[i].purpose, buffer_bytes(class, activations[i].kind));
    if (class->device == DEVICE_CUDA)
        add_libraries(class);
    else
        add_process(plan, class);
}
