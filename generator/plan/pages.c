/* Whole pages: what a rank's memory takes beyond the bytes it is asked for, because the kernel maps pages.
 *
 * A rank maps what it uses and nothing beside it (runtime/pages.h), so the number of pages follows from offsets. A
 * peer's part of the segment begins at a page, and all members of a group have one layout, so the pages of one peer are
 * counted and multiplied. Which of a peer's slots is meant depends on the own coordinate, and with it whether the slot
 * ends a page further: the ledger of a class is that of the rank with the most. */
#include "plan/passes.h"

#include "job.h"
#include "shard_format.h"

enum { FLAG_PAIR_BYTES = 2 * LINE_BYTES };

/* Pages that extents touch, given in ascending order. */
struct pages {
    uint64_t count, next; /* next: the first page that is not counted yet */
};

static void cover(struct pages *pages, uint64_t first, uint64_t bytes)
{
    uint64_t begin = first / PAGE_BYTES, end = (first + bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    begin = begin > pages->next ? begin : pages->next;
    if (bytes == 0 || end <= begin)
        return;
    pages->count += end - begin;
    pages->next = end;
}

/* The slot of a tp peer that this rank reads: all of its share, and the flag lines for this reader. */
static void cover_share(struct pages *pages, const struct mailbox *mailbox, int tp)
{
    cover(pages, mailbox->flags + BYTES(tp, FLAG_PAIR_BYTES), FLAG_PAIR_BYTES);
    cover(pages, mailbox->data, mailbox->bytes);
}

/* The slot of an ep peer that this rank writes. */
static void cover_slot(struct pages *pages, const struct mailbox *mailbox, int ep)
{
    cover(pages, mailbox->flags + BYTES(ep, FLAG_PAIR_BYTES), FLAG_PAIR_BYTES);
    cover(pages, mailbox->data + BYTES(ep, mailbox->stride), mailbox->stride);
}

static uint64_t pages_of_peer(const struct rank_class *class, enum axis axis, int coordinate)
{
    struct pages pages = {0};
    for (int i = 0; i < class->mailbox_count; i++) {
        const struct mailbox *mailbox = &class->mailboxes[i];
        if (axis == AXIS_TP && mailbox_is_pulled(mailbox))
            cover_share(&pages, mailbox, coordinate);
        if (axis == AXIS_EP && mailbox_is_pushed(mailbox))
            cover_slot(&pages, mailbox, coordinate);
    }
    return pages.count;
}

/* Of all peers along an axis of `count` ranks, for the coordinate with the most. */
static uint64_t most_pages_of_peers(const struct rank_class *class, enum axis axis, int count)
{
    uint64_t most = 0;
    for (int own = 0; own < count; own++) {
        uint64_t pages = pages_of_peer(class, axis, own);
        most = pages > most ? pages : most;
    }
    return BYTES(most, count - 1);
}

/* The next stage's mailboxes lie at the start of its part, in every class alike. */
static uint64_t pages_of_next(const struct rank_class *class)
{
    struct pages pages = {0};
    uint64_t stream = align_up(BYTES(most_rows(&class->shape), class->shape.hidden, sizeof(float)), LINE_BYTES);
    for (int micro = 0; micro < class->shape.micro_batches && !class->last_stage; micro++)
        cover(&pages, BYTES(micro, FLAG_PAIR_BYTES + stream), FLAG_PAIR_BYTES + stream);
    return pages.count;
}

static uint64_t own_pages(const struct rank_class *class)
{
    struct pages pages = {0};
    for (int i = 0; i < class->mailbox_count; i++)
        cover(&pages, class->mailboxes[i].flags,
              class->mailboxes[i].data + class->mailboxes[i].bytes - class->mailboxes[i].flags);
    return pages.count;
}

uint64_t plan_pages(const struct plan *plan, const struct rank_class *class)
{
    uint64_t bytes = plan->step_offset + 2 * plan->step_bytes + align_up(class->arena_bytes, PAGE_BYTES);
    for (int file = 0; file < SHARD_FILES; file++)
        bytes += align_up(SHARD_HEADER_BYTES + class->shard_bytes[file], PAGE_BYTES);
    uint64_t pages = own_pages(class) + pages_of_next(class) + most_pages_of_peers(class, AXIS_TP, class->shape.tp) +
                     most_pages_of_peers(class, AXIS_EP, class->shape.ep);
    return bytes + BYTES(pages, PAGE_BYTES);
}
