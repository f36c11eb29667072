/* Arena: each buffer that an op touches exists, has its own bytes, and enough of them for its shape. */
#include "base/heap.h"
#include "verify/buffer_sizes.h"
#include "verify/extents.h"
#include "verify/proofs.h"

#include <inttypes.h>
#include <stdlib.h>

/* Where buffers begin: a cache line; on GPUs what a warp reads at once, and a copy of any kind wants. */
static const uint64_t lines[DEVICES] = {[DEVICE_CPU] = 64, [DEVICE_CUDA] = 256};

/* Which mailbox holds a buffer when the arena does not, and for which classes that is so. */
static enum mailbox_kind mailbox_instead(const struct rank_class *class, enum buffer_kind kind)
{
    if (class->device == DEVICE_CUDA)
        return MAILBOX_NONE;
    switch (kind) {
    case BUFFER_PARTIAL:
        return class->shape.tp > 1 ? MAILBOX_PARTIAL : MAILBOX_NONE;
    case BUFFER_LOGITS:
        return MAILBOX_LOGITS;
    case BUFFER_TOKENS:
        return MAILBOX_TOKENS;
    default:
        return MAILBOX_NONE;
    }
}

/* The memory of every op's buffers is there. */
static bool buffers_exist(const struct plan *plan, int class_index, enum phase phase, int op_index, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    const struct op *op = &class->schedules[phase].ops[op_index];
    unsigned touched = effects_of(class, op->kind)->reads | effects_of(class, op->kind)->writes;
    for (int kind = 0; kind < BUFFER_KINDS; kind++) {
        if ((touched & 1u << kind) == 0)
            continue;
        enum mailbox_kind mailbox = mailbox_instead(class, kind);
        int micro = buffer_is_shared(kind) || mailbox == MAILBOX_TOKENS ? -1 : op->micro;
        if (mailbox == MAILBOX_NONE ? !find_buffer(class, kind, micro) : !find_mailbox(class, mailbox, micro))
            return refuse(error, plan, KEY_batch, "%s has no memory for %s",
                          class_op_words(plan, class_index, phase, op_index).text,
                          micro_words(buffer_names[kind], micro).text);
    }
    return true;
}

static bool buffer_is_right(const struct plan *plan, int class_index, const struct buffer *buffer, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    const char *name = buffer_names[buffer->kind];
    if (mailbox_instead(class, buffer->kind) != MAILBOX_NONE)
        return refuse(error, plan, KEY_batch, "%s has %s in its arena, where its peers cannot read it",
                      class_words(plan, class_index).text, micro_words(name, buffer->micro).text);
    uint64_t need = least_buffer_bytes(plan, class, buffer->kind), line = lines[class->device];
    if (buffer->bytes < need)
        return refuse(error, plan, KEY_batch, "%s has %" PRIu64 " bytes for %s, but its shape takes %" PRIu64,
                      class_words(plan, class_index).text, buffer->bytes, micro_words(name, buffer->micro).text, need);
    if (buffer->offset % line != 0)
        return refuse(error, plan, KEY_batch, "%s has %s at byte %" PRIu64 ", which is not a multiple of %" PRIu64,
                      class_words(plan, class_index).text, micro_words(name, buffer->micro).text, buffer->offset, line);
    if (buffer->offset > class->arena_bytes || buffer->bytes > class->arena_bytes - buffer->offset)
        return refuse(error, plan, KEY_batch, "%s has %s beyond the %" PRIu64 " bytes of its arena",
                      class_words(plan, class_index).text, micro_words(name, buffer->micro).text, class->arena_bytes);
    return true;
}

/* Ops on GPUs find a micro-batch's buffer by its number: the first one's place, and that many times its bytes. */
static bool buffer_is_in_row(const struct plan *plan, int class_index, const struct buffer *buffer, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    const struct buffer *first = find_buffer(class, buffer->kind, 0);
    if (class->device == DEVICE_CPU || buffer->micro < 0 ||
        (first && buffer->bytes == first->bytes &&
         buffer->offset == first->offset + times((uint64_t)buffer->micro, first->bytes)))
        return true;
    return refuse(error, plan, KEY_batch, "%s has %s at byte %" PRIu64 ", which is not where it follows micro-batch A",
                  class_words(plan, class_index).text, micro_words(buffer_names[buffer->kind], buffer->micro).text,
                  buffer->offset);
}

static bool buffers_are_apart(const struct plan *plan, int class_index, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    struct extent *extents = heap_take((size_t) class->buffer_count, sizeof *extents);
    for (int i = 0; i < class->buffer_count; i++) {
        const struct buffer *buffer = &class->buffers[i];
        extents[i] = (struct extent){.begin = buffer->offset, .end = buffer->offset + buffer->bytes, .owner = i};
    }
    const struct extent *overlap = extents_overlap(extents, class->buffer_count);
    if (overlap) {
        const struct buffer *under = &class->buffers[overlap[0].owner], *over = &class->buffers[overlap[1].owner];
        refuse(error, plan, KEY_batch, "%s has %s over %s, at byte %" PRIu64 " of its arena",
               class_words(plan, class_index).text, micro_words(buffer_names[over->kind], over->micro).text,
               micro_words(buffer_names[under->kind], under->micro).text, over->offset);
    }
    free(extents);
    return !overlap;
}

bool prove_arena(const struct plan *plan, struct error *error)
{
    for (int i = 0; i < plan->class_count; i++) {
        const struct rank_class *class = &plan->classes[i];
        for (int phase = 0; phase < PHASES; phase++)
            for (int op_index = 0; op_index < class->schedules[phase].count; op_index++)
                if (!buffers_exist(plan, i, phase, op_index, error))
                    return false;
        for (int buffer = 0; buffer < class->buffer_count; buffer++)
            if (!buffer_is_right(plan, i, &class->buffers[buffer], error) ||
                !buffer_is_in_row(plan, i, &class->buffers[buffer], error))
                return false;
        if (!buffers_are_apart(plan, i, error))
            return false;
    }
    return true;
}
