/* The ledger: every byte that a rank of a class will own or touch, by purpose. */
#include "plan/passes.h"

#include "job.h"

enum { MOST_LINES = 32 };

static void add(struct rank_class *class, const char *purpose, uint64_t bytes)
{
    if (bytes == 0)
        return;
    class->ledger[class->ledger_count++] = (struct ledger_line){purpose, bytes};
    class->ledger_bytes += bytes;
}

static uint64_t tensor_bytes(const struct rank_class *class, enum tensor_kind first, enum tensor_kind last)
{
    uint64_t sum = 0;
    for (enum tensor_kind kind = first; kind <= last; kind++) {
        const struct tensor *tensor = &class->tensors[kind];
        if (!tensor->present)
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
        bool pushed = mailbox->kind == MAILBOX_DISPATCH || mailbox->kind == MAILBOX_COMBINE;
        bool pulled = mailbox->kind == MAILBOX_PARTIAL || mailbox->kind == MAILBOX_LOGITS;
        if (pushed)
            peers += mailbox->bytes / (uint64_t)shape->ep * (uint64_t)(shape->ep - 1);
        if (pulled)
            peers += BYTES(mailbox->bytes, shape->tp - 1);
    }
    if (!class->last_stage)
        peers += BYTES(shape->micro_batches, most_rows(shape), shape->hidden, 4);
    add(class, "mailboxes: own", own);
    add(class, "mailboxes: peers'", peers);
    add(class, "mailboxes: control and step headers",
        JOB_BYTES + BYTES(plan->world, RANK_CONTROL_BYTES) + 2 * plan->step_bytes);
}

void plan_ledger(struct plan *plan, struct rank_class *class)
{
    static const struct {
        const char *purpose;
        enum tensor_kind first, last;
    } weights[] = {
        {"weights: embedding", TENSOR_EMBEDDING, TENSOR_EMBEDDING},
        {"weights: attention", TENSOR_QKV, TENSOR_ATTENTION_OUT},
        {"weights: experts", TENSOR_GATE_UP, TENSOR_DOWN},
        {"weights: head", TENSOR_LM_HEAD, TENSOR_LM_HEAD},
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
        {"activations: scratch", BUFFER_SCRATCH},
    };
    class->ledger = pool_take(&plan->pool, MOST_LINES, sizeof *class->ledger);
    uint64_t named = 0;
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        uint64_t bytes = tensor_bytes(class, weights[i].first, weights[i].last);
        add(class, weights[i].purpose, bytes);
        named += bytes;
    }
    add(class, "weights: norms and routers",
        class->shard_bytes[SHARD_DENSE] + class->shard_bytes[SHARD_EXPERTS] - named);
    add(class, "KV cache", buffer_bytes(class, BUFFER_KV));
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        add(class, activations[i].purpose, buffer_bytes(class, activations[i].kind));
    add_mailboxes(plan, class);
    add(class, "program: code, data and stack", PROGRAM_BYTES);
}
