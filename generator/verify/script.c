#include "verify/script.h"
#include "base/heap.h"
#include "verify/proofs.h"

#include <stdlib.h>

enum { MOST_STEPS_OF_OP = 4 };

int channel_count(const struct rank_class *class)
{
    return MAILBOX_KINDS * 2 * class->shape.micro_batches;
}

int channel_of(const struct rank_class *class, enum mailbox_kind kind, int receipt, int micro)
{
    return ((int)kind * 2 + receipt) * class->shape.micro_batches + micro;
}

enum axis axis_of_channel(const struct shapes *shape, int channel)
{
    static const enum axis axes[MAILBOX_KINDS] = {
        [MAILBOX_STAGE] = AXIS_NONE, [MAILBOX_PARTIAL] = AXIS_TP, [MAILBOX_DISPATCH] = AXIS_EP,
        [MAILBOX_COMBINE] = AXIS_EP, [MAILBOX_LOGITS] = AXIS_TP,  [MAILBOX_TOKENS] = AXIS_NONE,
        [MAILBOX_LOAD] = AXIS_NONE,  [MAILBOX_COUNTS] = AXIS_EP};
    return axes[channel / (2 * shape->micro_batches)];
}

/* The script being written, and how often it has signalled and waited on each channel so far. */
struct writer {
    const struct rank_class *class;
    struct script script;
    int *signals, *waits;
    int op_index;
};

static void add_signal(struct writer *writer, int channel)
{
    writer->signals[channel]++;
    writer->script.moves[writer->script.count++] = (struct move){.op_index = writer->op_index, .channel = channel};
}

static void add_wait(struct writer *writer, enum reach reach, int channel, int needed)
{
    writer->script.moves[writer->script.count++] = (struct move){
        .op_index = writer->op_index, .waits = true, .channel = channel, .needed = needed, .reach = reach};
}

/* Whether a mailbox connects a group; with one rank along its axis nobody waits. */
static bool is_shared(const struct rank_class *class, enum mailbox_kind kind)
{
    if (kind == MAILBOX_NONE)
        return false;
    enum axis axis = axis_of_channel(&class->shape, channel_of(class, kind, MESSAGE, 0));
    return axis != AXIS_NONE && (axis == AXIS_TP ? class->shape.tp : class->shape.ep) > 1;
}

/* PARTIAL and LOGITS lie where the tp peers read them: they are written again only when all have read them. */
static void await_readers(struct writer *writer, const struct op *op)
{
    static const struct {
        unsigned buffer;
        enum mailbox_kind mailbox;
    } in_place[] = {{B(PARTIAL), MAILBOX_PARTIAL}, {B(LOGITS), MAILBOX_LOGITS}};
    for (size_t i = 0; i < sizeof in_place / sizeof *in_place; i++) {
        enum mailbox_kind mailbox = in_place[i].mailbox;
        if ((effects_of(writer->class, op->kind)->writes & in_place[i].buffer) == 0 ||
            !is_shared(writer->class, mailbox))
            continue;
        int shown = writer->signals[channel_of(writer->class, mailbox, MESSAGE, op->micro)];
        if (shown > 0)
            add_wait(writer, REACH_TP, channel_of(writer->class, mailbox, RECEIPT, op->micro), shown);
    }
}

/* The moves of an action along an axis, whose messages and receipts are counted on these channels. */
static void meet_peers(struct writer *writer, enum op_action action, enum axis axis, int message, int receipt)
{
    enum reach group = axis == AXIS_TP ? REACH_TP : REACH_EP;
    switch (action) {
    case ACTION_COMPUTE:
        break;
    case ACTION_COLLECTIVE:
        add_signal(writer, message);
        add_wait(writer, group, message, writer->signals[message]);
        break;
    case ACTION_POST:
        if (writer->signals[message] > 0)
            add_wait(writer, group, receipt, writer->signals[message]);
        add_signal(writer, message);
        break;
    case ACTION_WAIT:
        add_wait(writer, group, message, ++writer->waits[message]);
        break;
    case ACTION_SEND:
        add_signal(writer, message);
        add_wait(writer, REACH_NEXT, receipt, writer->signals[message]);
        break;
    case ACTION_RECEIVE:
        add_signal(writer, receipt);
        add_wait(writer, REACH_PREVIOUS, message, writer->signals[receipt]);
        break;
    }
}

/* A communicator has the channels of one kind of message along its axis, for all calls there. */
static void meet_on_communicator(struct writer *writer, const struct op *op)
{
    static const enum mailbox_kind communicators[AXES] = {
        [AXIS_PP] = MAILBOX_STAGE, [AXIS_EP] = MAILBOX_DISPATCH, [AXIS_TP] = MAILBOX_PARTIAL};
    const struct op_info *info = &op_table[op->kind];
    if (info->action == ACTION_COMPUTE || info->action == ACTION_WAIT)
        return;
    meet_peers(writer, info->action == ACTION_POST ? ACTION_COLLECTIVE : info->action, info->axis,
               channel_of(writer->class, communicators[info->axis], MESSAGE, 0),
               channel_of(writer->class, communicators[info->axis], RECEIPT, 0));
}

/* Messages are left in mailboxes, and these handed back. */
static void meet_in_mailboxes(struct writer *writer, const struct op *op)
{
    const struct op_info *info = &op_table[op->kind];
    await_readers(writer, op);
    if (info->mailbox != MAILBOX_NONE)
        meet_peers(writer, info->action, info->axis, channel_of(writer->class, info->mailbox, MESSAGE, op->micro),
                   channel_of(writer->class, info->mailbox, RECEIPT, op->micro));
    if (is_shared(writer->class, info->frees))
        add_signal(writer, channel_of(writer->class, info->frees, RECEIPT, op->micro));
}

struct script script_make(const struct rank_class *class, enum phase phase)
{
    const struct schedule *schedule = &class->schedules[phase];
    struct writer writer = {.class = class};
    size_t channels = (size_t)channel_count(class);
    writer.signals = heap_take(channels, sizeof *writer.signals);
    writer.waits = heap_take(channels, sizeof *writer.waits);
    writer.script.moves = heap_take((size_t)schedule->count * MOST_STEPS_OF_OP, sizeof *writer.script.moves);
    for (int i = 0; i < schedule->count; i++) {
        writer.op_index = i;
        (class->device == DEVICE_CUDA ? meet_on_communicator : meet_in_mailboxes)(&writer, &schedule->ops[i]);
    }
    free(writer.signals);
    free(writer.waits);
    return writer.script;
}

void script_free(struct script *script)
{
    free(script->moves);
    *script = (struct script){0};
}
