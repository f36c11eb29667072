/* Ledger: it counts every byte that the plan gives a rank, and the device holds them. On GPUs that is the GPU's memory;
 * the segment with its mailboxes lies in the host's. */
#include "verify/proofs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LINE = 64, PAGE = 4096, F32 = 4, FLAG_LINES = 2 };

/* The sum of the lines whose purpose begins with `prefix`. */
static uint64_t sum_of(const struct rank_class *class, const char *prefix)
{
    uint64_t sum = 0;
    for (int i = 0; i < class->ledger_count; i++)
        if (strncmp(class->ledger[i].purpose, prefix, strlen(prefix)) == 0)
            sum += class->ledger[i].bytes;
    return sum;
}

static uint64_t buffer_sum(const struct rank_class *class, bool kv)
{
    uint64_t sum = 0;
    for (int i = 0; i < class->buffer_count; i++)
        if ((class->buffers[i].kind == BUFFER_KV) == kv)
            sum += class->buffers[i].bytes;
    return sum;
}

static uint64_t own_mailboxes(const struct rank_class *class)
{
    uint64_t sum = 0;
    for (int i = 0; i < class->mailbox_count; i++)
        sum += class->mailboxes[i].bytes + (uint64_t) class->mailboxes[i].slots * FLAG_LINES * LINE;
    return sum;
}

/* What a rank touches in other ranks' parts, and so finds in its resident memory: the slots it posts to, the shares it
 * reads, and the next stage's mailbox. */
static uint64_t peers_mailboxes(const struct rank_class *class)
{
    const struct shapes *shape = &class->shape;
    uint64_t ep_peers = (uint64_t)shape->ep - 1, tp_peers = (uint64_t)shape->tp - 1, sum = 0;
    for (int i = 0; i < class->mailbox_count; i++) {
        const struct mailbox *mailbox = &class->mailboxes[i];
        if (mailbox->kind == MAILBOX_DISPATCH || mailbox->kind == MAILBOX_COMBINE)
            sum += times(ep_peers, mailbox->bytes / (uint64_t)shape->ep);
        if (mailbox->kind == MAILBOX_PARTIAL || mailbox->kind == MAILBOX_LOGITS)
            sum += times(tp_peers, mailbox->bytes);
    }
    uint64_t rows = times((uint64_t)shape->micro_batches, (uint64_t)row_capacity(shape));
    return class->last_stage ? sum : sum + times(rows, (uint64_t)shape->hidden * F32);
}

/* A part of the ledger, by how its lines begin, and the bytes of it that the plan gives a rank. */
struct owned {
    const char *purpose;
    uint64_t bytes;
};

static bool is_counted(const struct plan *plan, int class_index, struct owned owned, struct error *error)
{
    uint64_t counted = sum_of(&plan->classes[class_index], owned.purpose);
    return counted == owned.bytes ||
           refuse(error, plan, KEY_target, "%s has %" PRIu64 " bytes of \"%s\" in its ledger, but owns %" PRIu64,
                  class_words(plan, class_index).text, counted, owned.purpose, owned.bytes);
}

/* What a process has beside weights and arena: its mailboxes and those it meets, control, and its program. */
static bool process_is_counted(const struct plan *plan, int class_index, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    if (!is_counted(plan, class_index, (struct owned){"mailboxes: own", own_mailboxes(class)}, error) ||
        !is_counted(plan, class_index, (struct owned){"mailboxes: peers'", peers_mailboxes(class)}, error))
        return false;
    uint64_t control = sum_of(class, "mailboxes: control"), headers = times(2, plan->step_bytes);
    if (control < headers || control - headers > plan->step_offset || plan->step_offset - (control - headers) >= PAGE)
        return refuse(error, plan, KEY_target,
                      "%s has %" PRIu64
                      " bytes of control and step headers in its ledger, but control takes up to %" PRIu64
                      " and two headers %" PRIu64,
                      class_words(plan, class_index).text, control, plan->step_offset, headers);
    if (sum_of(class, "program") == 0)
        return refuse(error, plan, KEY_target, "%s has no line for the program in its ledger",
                      class_words(plan, class_index).text);
    return true;
}

/* What a GPU holds beside weights and arena: nothing of the segment, which is host memory, but what its driver and
 * NCCL take. */
static bool reserves_are_counted(const struct plan *plan, int class_index, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    const struct shapes *shape = &class->shape;
    bool communicates = shape->tp > 1 || shape->ep > 1 || shape->pp > 1;
    if (!is_counted(plan, class_index, (struct owned){"mailboxes: ", 0}, error))
        return false;
    if (sum_of(class, "reserve: driver") == 0 || (sum_of(class, "reserve: NCCL") > 0) != communicates)
        return refuse(error, plan, KEY_target,
                      "%s has %" PRIu64 " bytes for the driver and %" PRIu64
                      " for NCCL in its ledger, which a rank with%s peers does not have",
                      class_words(plan, class_index).text, sum_of(class, "reserve: driver"),
                      sum_of(class, "reserve: NCCL"), communicates ? "" : "out");
    return true;
}

static bool ledger_is_complete(const struct plan *plan, int class_index, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    const struct owned parts[] = {
        {"weights: ", class->shard_bytes[SHARD_DENSE] + class->shard_bytes[SHARD_EXPERTS]},
        {"KV cache", buffer_sum(class, true)},
        {"activations: ", buffer_sum(class, false)},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!is_counted(plan, class_index, parts[i], error))
            return false;
    if (buffer_sum(class, true) + buffer_sum(class, false) != class->arena_bytes)
        return refuse(error, plan, KEY_target, "%s has an arena of %" PRIu64 " bytes, but buffers of %" PRIu64,
                      class_words(plan, class_index).text, class->arena_bytes,
                      buffer_sum(class, true) + buffer_sum(class, false));
    if (class->device == DEVICE_CUDA ? !reserves_are_counted(plan, class_index, error)
                                     : !process_is_counted(plan, class_index, error))
        return false;
    if (sum_of(class, "") != class->ledger_bytes)
        return refuse(error, plan, KEY_target, "%s has a ledger of %" PRIu64 " bytes, but its lines add up to %" PRIu64,
                      class_words(plan, class_index).text, class->ledger_bytes, sum_of(class, ""));
    return true;
}

/* The only proof that a sound plan can fail: the strategy asks for more than the device has. Shows the ledger, and the
 * line with which it goes over. */
static bool too_large(const struct plan *plan, int class_index, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    char lines[1536] = "";
    size_t length = 0;
    uint64_t sum = 0;
    for (int i = 0; i < class->ledger_count && length < sizeof lines; i++) {
        uint64_t before = sum;
        sum += class->ledger[i].bytes;
        bool breaks = before <= plan->memory_bytes && sum > plan->memory_bytes;
        length +=
            (size_t)snprintf(lines + length, sizeof lines - length, "%s%s %" PRIu64 "%s", i ? ", " : "",
                             class->ledger[i].purpose, class->ledger[i].bytes, breaks ? " <- here it goes over" : "");
    }
    return fail(error, plan->path, plan->path ? plan->lines[KEY_target] : 0,
                "%s needs %" PRIu64 " bytes a rank, but the target's memory is %" PRIu64
                " (%s); raise target.memory, split over more ranks or make the batch smaller",
                class_words(plan, class_index).text, class->ledger_bytes, plan->memory_bytes, lines);
}

bool prove_ledger(const struct plan *plan, struct error *error)
{
    for (int i = 0; i < plan->class_count; i++) {
        const struct rank_class *class = &plan->classes[i];
        uint64_t mailboxes = class->device == DEVICE_CUDA ? 0 : own_mailboxes(class);
        uint64_t owned =
            class->shard_bytes[SHARD_DENSE] + class->shard_bytes[SHARD_EXPERTS] + class->arena_bytes + mailboxes;
        /* A plan read back from sources has no ledger; what it owns must fit all the same. */
        if (class->ledger_count > 0 && !ledger_is_complete(plan, i, error))
            return false;
        if (class->ledger_count > 0 && class->ledger_bytes > plan->memory_bytes)
            return too_large(plan, i, error);
        if (owned > plan->memory_bytes)
            return refuse(error, plan, KEY_target,
                          "%s owns %" PRIu64 " bytes a rank, but the target's memory is %" PRIu64,
                          class_words(plan, i).text, owned, plan->memory_bytes);
    }
    return true;
}
