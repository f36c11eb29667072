/* Mailboxes: each message slot and flag line has its own bytes within the rank's part, and enough of them; the parts
 * have theirs within the shared segment. */
#include "base/heap.h"
#include "verify/extents.h"
#include "verify/proofs.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LINE = 64, F32 = 4, FLAG_LINES = 2, EXPERT_AND_WEIGHT = 8, TOKEN = 4, COUNTER = 8 };

/* What a mailbox must be: pairs of flag lines, messages side by side, bytes of one message. */
struct demand {
    int slots, messages;
    uint64_t bytes;
};

static struct demand demand_of(const struct rank_class *class, enum mailbox_kind kind)
{
    const struct shapes *shape = &class->shape;
    uint64_t row = (uint64_t)shape->hidden * F32, sent = times((uint64_t)shape->dispatch_rows, row);
    uint64_t stream = times((uint64_t)row_capacity(shape), row);
    uint64_t routes = times((uint64_t)shape->dispatch_rows, (uint64_t)shape->top_k * EXPERT_AND_WEIGHT);
    uint64_t logits = times((uint64_t)shape->logit_rows, (uint64_t)shape->vocabulary_slice * F32);
    switch (kind) {
    case MAILBOX_STAGE:
        return (struct demand){1, 1, stream};
    case MAILBOX_PARTIAL:
        return (struct demand){shape->tp, 1, stream};
    case MAILBOX_DISPATCH:
        return (struct demand){shape->ep, shape->ep, LINE + routes + sent};
    case MAILBOX_COMBINE:
        return (struct demand){shape->ep, shape->ep, sent};
    case MAILBOX_LOGITS:
        return (struct demand){class->device == DEVICE_CPU ? shape->tp : 0, 1, logits};
    case MAILBOX_TOKENS: /* read by the head alone, between steps: no flags */
        return (struct demand){0, 1, times((uint64_t)shape->micro_batches, (uint64_t)shape->logit_rows * TOKEN)};
    default: /* likewise */
        return (struct demand){0, 1, times((uint64_t)shape->layers, ((uint64_t)shape->expert_slots + 1) * COUNTER)};
    }
}

static bool mailbox_is_right(const struct plan *plan, int class_index, const struct mailbox *mailbox,
                             struct error *error)
{
    struct demand demand = demand_of(&plan->classes[class_index], mailbox->kind);
    struct words name = micro_words(mailbox_names[mailbox->kind], mailbox->micro);
    if (mailbox->slots != demand.slots)
        return refuse(error, plan, KEY_batch, "%s has %d slots in mailbox %s, but %d ranks use it",
                      class_words(plan, class_index).text, mailbox->slots, name.text, demand.slots);
    uint64_t room = demand.messages > 1 ? mailbox->stride : mailbox->bytes;
    if (room < demand.bytes || mailbox->bytes < times(room, (uint64_t)demand.messages))
        return refuse(error, plan, KEY_batch,
                      "%s has %" PRIu64 " bytes in mailbox %s, every %" PRIu64
                      " a message, but %d messages take %" PRIu64 " each",
                      class_words(plan, class_index).text, mailbox->bytes, name.text, room, demand.messages,
                      demand.bytes);
    if ((mailbox->flags | mailbox->data | mailbox->stride) % LINE != 0)
        return refuse(error, plan, KEY_batch,
                      "%s has mailbox %s at bytes %" PRIu64 " and %" PRIu64 ", not multiples of %d",
                      class_words(plan, class_index).text, name.text, mailbox->flags, mailbox->data, LINE);
    return true;
}

/* Flag lines and data of all mailboxes, apart from each other and within the rank's part. */
static bool mailboxes_are_apart(const struct plan *plan, int class_index, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    struct extent *extents = heap_take(2 * (size_t) class->mailbox_count, sizeof *extents);
    int count = 0;
    bool apart = true;
    for (int i = 0; i < class->mailbox_count && apart; i++) {
        const struct mailbox *mailbox = &class->mailboxes[i];
        const struct extent parts[] = {
            {.begin = mailbox->flags, .end = mailbox->flags + (uint64_t)mailbox->slots * FLAG_LINES * LINE, .owner = i},
            {.begin = mailbox->data, .end = mailbox->data + mailbox->bytes, .owner = i}};
        for (int part = 0; part < 2; part++) {
            if (parts[part].end < parts[part].begin || parts[part].end > plan->mailbox_bytes)
                apart =
                    refuse(error, plan, KEY_batch, "%s has mailbox %s beyond the %" PRIu64 " bytes of a rank's part",
                           class_words(plan, class_index).text,
                           micro_words(mailbox_names[mailbox->kind], mailbox->micro).text, plan->mailbox_bytes);
            if (parts[part].end > parts[part].begin)
                extents[count++] = parts[part];
        }
    }
    const struct extent *overlap = apart ? extents_overlap(extents, count) : NULL;
    if (overlap) {
        const struct mailbox *under = &class->mailboxes[overlap[0].owner], *over = &class->mailboxes[overlap[1].owner];
        apart = refuse(error, plan, KEY_batch, "%s has mailbox %s over mailbox %s, at byte %" PRIu64 " of its part",
                       class_words(plan, class_index).text, micro_words(mailbox_names[over->kind], over->micro).text,
                       micro_words(mailbox_names[under->kind], under->micro).text, overlap[1].begin);
    }
    free(extents);
    return apart;
}

/* Control, then two step headers a lane, then a part a rank, to the segment's last byte. */
static bool segment_is_right(const struct plan *plan, struct error *error)
{
    uint64_t lanes = (uint64_t)plan->grid[AXIS_DP] * (uint64_t)plan->grid[AXIS_EP];
    uint64_t headers = times(2 * lanes, plan->step_bytes);
    uint64_t parts = times((uint64_t)plan->world, plan->mailbox_bytes);
    if (plan->step_offset == 0 || plan->step_bytes == 0 || plan->step_offset > plan->mailbox_offset ||
        headers > plan->mailbox_offset - plan->step_offset)
        return refuse(error, plan, KEY_batch,
                      "the shared segment has step headers from byte %" PRIu64 " and mailboxes from byte %" PRIu64
                      ", but two headers for each of %" PRIu64 " lanes take %" PRIu64,
                      plan->step_offset, plan->mailbox_offset, lanes, headers);
    if (plan->mailbox_offset > plan->segment_bytes || parts != plan->segment_bytes - plan->mailbox_offset)
        return refuse(error, plan, KEY_batch,
                      "the shared segment has %" PRIu64 " bytes, but %d mailbox parts of %" PRIu64 " from byte %" PRIu64
                      " on do not end there",
                      plan->segment_bytes, plan->world, plan->mailbox_bytes, plan->mailbox_offset);
    if ((plan->step_offset | plan->step_bytes | plan->mailbox_offset | plan->mailbox_bytes) % LINE != 0)
        return refuse(error, plan, KEY_batch, "parts of the shared segment do not begin at multiples of %d", LINE);
    return true;
}

/* Every message has a mailbox to go through. */
static bool messages_have_mailboxes(const struct plan *plan, int class_index, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    for (int phase = 0; phase < PHASES; phase++) {
        for (int i = 0; i < class->schedules[phase].count; i++) {
            const struct op *op = &class->schedules[phase].ops[i];
            const struct op_info *info = &op_table[op->kind];
            if (info->mailbox != MAILBOX_NONE && info->action != ACTION_SEND &&
                !find_mailbox(class, info->mailbox, op->micro))
                return refuse(error, plan, KEY_batch, "%s has no mailbox %s",
                              class_op_words(plan, class_index, phase, i).text,
                              micro_words(mailbox_names[info->mailbox], op->micro).text);
        }
    }
    return true;
}

/* On GPUs messages go through no mailbox, and ranks have none but those that the head reads. */
static bool mailboxes_are_heads(const struct plan *plan, int class_index, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    for (int i = 0; i < class->mailbox_count; i++) {
        const struct mailbox *mailbox = &class->mailboxes[i];
        bool heads =
            mailbox->kind == MAILBOX_LOGITS || mailbox->kind == MAILBOX_TOKENS || mailbox->kind == MAILBOX_LOAD;
        if (!heads)
            return refuse(error, plan, KEY_target, "%s has mailbox %s, which nobody on a GPU writes",
                          class_words(plan, class_index).text,
                          micro_words(mailbox_names[mailbox->kind], mailbox->micro).text);
    }
    return true;
}

/* The head finds the load of every rank, and the logits and tokens of the last stage. */
static bool head_finds_results(const struct plan *plan, int class_index, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    bool found = find_mailbox(class, MAILBOX_LOAD, -1);
    found = found && (!class->last_stage || find_mailbox(class, MAILBOX_TOKENS, -1));
    for (int micro = 0; micro < class->shape.micro_batches && class->last_stage; micro++)
        found = found && find_mailbox(class, MAILBOX_LOGITS, micro);
    if (!found)
        return refuse(error, plan, KEY_batch, "%s lacks a mailbox that the head reads",
                      class_words(plan, class_index).text);
    return true;
}

bool prove_mailboxes(const struct plan *plan, struct error *error)
{
    for (int i = 0; i < plan->class_count; i++) {
        const struct rank_class *class = &plan->classes[i];
        for (int mailbox = 0; mailbox < class->mailbox_count; mailbox++)
            if (!mailbox_is_right(plan, i, &class->mailboxes[mailbox], error))
                return false;
        bool there =
            class->device == DEVICE_CPU ? messages_have_mailboxes(plan, i, error) : mailboxes_are_heads(plan, i, error);
        if (!there || !head_finds_results(plan, i, error) || !mailboxes_are_apart(plan, i, error))
            return false;
    }
    return segment_is_right(plan, error);
}
