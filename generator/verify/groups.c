/* Groups: all members of a tp or ep group make the same calls in the same order with the same sizes, and every send
 * meets its receive.
 *
 * Through mailboxes, the sizes are the mailboxes'. On a communicator they follow from the call (kind, micro-batch and
 * layer) and from shapes, which the proof sizes has shown to be the same in all classes, or from rows, which are the
 * lane's or were exchanged by the call before. */
#include "base/heap.h"
#include "verify/proofs.h"

#include <inttypes.h>
#include <stdlib.h>

/* The next op at or after `from` along this axis and, for pp, with this action; schedule->count when there is none. On
 * GPUs a WAIT is no call. */
static int next_call(const struct rank_class *class, enum phase phase, int from, enum axis axis, enum op_action action)
{
    const struct schedule *schedule = &class->schedules[phase];
    while (from < schedule->count) {
        const struct op_info *info = &op_table[schedule->ops[from].kind];
        bool calls = class->device == DEVICE_CPU || info->action != ACTION_WAIT;
        if (calls && info->axis == (int)axis && (axis != AXIS_PP || info->action == action))
            break;
        from++;
    }
    return from;
}

static struct words call_words(const struct plan *plan, int rank, enum phase phase, int op_index)
{
    const struct rank_class *class = &plan->classes[plan->ranks[rank].class_index];
    return op_index < class->schedules[phase].count ? op_words(plan, rank, phase, op_index) : words_of("nothing more");
}

static bool same_mailbox(const struct mailbox *a, const struct mailbox *b)
{
    return a && b && a->flags == b->flags && a->data == b->data && a->stride == b->stride && a->bytes == b->bytes &&
           a->slots == b->slots;
}

/* Ranks of one class make the same calls by definition; of two classes, they are compared one by one. */
static bool same_calls(const struct plan *plan, int rank, int member, enum axis axis, enum phase phase,
                       struct error *error)
{
    const struct rank_class *class = &plan->classes[plan->ranks[rank].class_index];
    const struct rank_class *other = &plan->classes[plan->ranks[member].class_index];
    const struct schedule *left = &class->schedules[phase], *right = &other->schedules[phase];
    int l = next_call(class, phase, 0, axis, ACTION_COMPUTE), r = next_call(other, phase, 0, axis, ACTION_COMPUTE);
    while (l < left->count || r < right->count) {
        const struct op *mine = &left->ops[l], *theirs = &right->ops[r];
        bool same = l < left->count && r < right->count && mine->kind == theirs->kind && mine->micro == theirs->micro &&
                    mine->layer == theirs->layer;
        if (!same)
            return refuse(error, plan, KEY_grid,
                          "ranks %d and %d are in one %s group, but in %s rank %d calls %s where rank %d calls %s",
                          rank, member, axis_names[axis], phase_names[phase], rank,
                          call_words(plan, rank, phase, l).text, member, call_words(plan, member, phase, r).text);
        enum mailbox_kind kind = op_table[mine->kind].mailbox;
        if (class->device == DEVICE_CPU &&
            !same_mailbox(find_mailbox(class, kind, mine->micro), find_mailbox(other, kind, mine->micro)))
            return refuse(error, plan, KEY_grid,
                          "ranks %d and %d are in one %s group, but %s goes through mailbox %s, which differs in "
                          "place or size",
                          rank, member, axis_names[axis], op_words(plan, rank, phase, l).text,
                          micro_words(mailbox_names[kind], mine->micro).text);
        l = next_call(class, phase, l + 1, axis, ACTION_COMPUTE);
        r = next_call(other, phase, r + 1, axis, ACTION_COMPUTE);
    }
    return true;
}

static bool groups_agree(const struct plan *plan, struct error *error)
{
    static const enum axis axes[] = {AXIS_TP, AXIS_EP};
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        for (int i = 0; i < 2; i++) {
            int leader = axes[i] == AXIS_TP ? row->tp_group[0] : row->ep_group[0];
            if (plan->ranks[leader].class_index == row->class_index)
                continue;
            for (int phase = 0; phase < PHASES; phase++)
                if (!same_calls(plan, leader, rank, axes[i], phase, error))
                    return false;
        }
    }
    return true;
}

/* Where a stage receives: in a mailbox, or at once in its residual stream. */
static uint64_t stage_room(const struct rank_class *class, int micro)
{
    if (class->device == DEVICE_CUDA) {
        const struct buffer *buffer = find_buffer(class, BUFFER_RESIDUAL, micro);
        return buffer ? buffer->bytes : 0;
    }
    const struct mailbox *mailbox = find_mailbox(class, MAILBOX_STAGE, micro);
    return mailbox ? mailbox->bytes : 0;
}

/* The sends of a rank and the receives of the next are of the same micro-batches in the same order. */
static bool sends_are_received(const struct plan *plan, int sender, int receiver, enum phase phase, struct error *error)
{
    const struct rank_class *from = &plan->classes[plan->ranks[sender].class_index];
    const struct rank_class *to = &plan->classes[plan->ranks[receiver].class_index];
    const struct schedule *sends = &from->schedules[phase], *receives = &to->schedules[phase];
    int s = next_call(from, phase, 0, AXIS_PP, ACTION_SEND), r = next_call(to, phase, 0, AXIS_PP, ACTION_RECEIVE);
    while (s < sends->count || r < receives->count) {
        if (s == sends->count || r == receives->count || sends->ops[s].micro != receives->ops[r].micro)
            return refuse(error, plan, KEY_grid,
                          "in %s rank %d sends %s where rank %d, the stage after it, receives %s", phase_names[phase],
                          sender, call_words(plan, sender, phase, s).text, receiver,
                          call_words(plan, receiver, phase, r).text);
        uint64_t room = stage_room(to, sends->ops[s].micro);
        uint64_t bytes = times((uint64_t)row_capacity(&from->shape), (uint64_t)from->shape.hidden * 4);
        if (room < bytes)
            return refuse(error, plan, KEY_grid,
                          "in %s rank %d sends up to %" PRIu64 " bytes by %s, but rank %d has room for %" PRIu64,
                          phase_names[phase], sender, bytes, op_words(plan, sender, phase, s).text, receiver, room);
        s = next_call(from, phase, s + 1, AXIS_PP, ACTION_SEND);
        r = next_call(to, phase, r + 1, AXIS_PP, ACTION_RECEIVE);
    }
    return true;
}

/* Each pair of classes that meet is compared once: `seen` marks them. */
static bool stages_agree(const struct plan *plan, unsigned char *seen, struct error *error)
{
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        if (row->next < 0)
            continue;
        unsigned char *pair = &seen[(size_t)row->class_index * plan->class_count + plan->ranks[row->next].class_index];
        for (int phase = 0; phase < PHASES && !*pair; phase++)
            if (!sends_are_received(plan, rank, row->next, phase, error))
                return false;
        *pair = 1;
    }
    return true;
}

/* A sender's code holds one place for its receiver's mailbox, whatever class the receiver is of. */
static bool stage_mailboxes_agree(const struct plan *plan, struct error *error)
{
    int first = 0;
    while (first < plan->class_count && !find_mailbox(&plan->classes[first], MAILBOX_STAGE, 0))
        first++;
    for (int i = first + 1; i < plan->class_count; i++) {
        if (plan->classes[i].first_stage)
            continue;
        for (int micro = 0; micro < plan->classes[i].shape.micro_batches; micro++)
            if (!same_mailbox(find_mailbox(&plan->classes[first], MAILBOX_STAGE, micro),
                              find_mailbox(&plan->classes[i], MAILBOX_STAGE, micro)))
                return refuse(error, plan, KEY_stages, "%s and class %s differ in where mailbox %s is",
                              class_words(plan, first).text, plan->classes[i].name, micro_words("STAGE", micro).text);
    }
    return true;
}

bool prove_groups(const struct plan *plan, struct error *error)
{
    unsigned char *seen = heap_take((size_t)plan->class_count * (size_t)plan->class_count, sizeof *seen);
    bool proven = groups_agree(plan, error) && stages_agree(plan, seen, error) &&
                  (plan->classes[0].device == DEVICE_CUDA || stage_mailboxes_agree(plan, error));
    free(seen);
    return proven;
}
