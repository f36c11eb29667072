/* Pages: the ledger counts the pages that a rank maps, whole ones, and not the bytes in them only. A GPU's ledger
 * counts what is asked of the GPU, in a few large pieces. */
#include "verify/proofs.h"

#include <inttypes.h>
#include <string.h>

enum { LINE = 64, PAGE = 4096, FLAG_PAIR = 2 * LINE };

/* Pages of pieces that follow each other: those of each piece, less one where it begins on the page that the last one
 * ended on. */
struct page_sum {
    uint64_t pages, end; /* end: where the last piece ended */
};

static void add_piece(struct page_sum *sum, uint64_t begin, uint64_t bytes)
{
    uint64_t end = begin + bytes;
    sum->pages += (end + PAGE - 1) / PAGE - begin / PAGE - (sum->end % PAGE != 0 && sum->end / PAGE == begin / PAGE);
    sum->end = end;
}

/* A rank's pages in the part of one tp peer, of one ep peer (by its own coordinate there) and of the next stage. */
static uint64_t pages_at_tp_peer(const struct rank_class *class, int tp)
{
    struct page_sum sum = {0};
    for (int i = 0; i < class->mailbox_count; i++) {
        const struct mailbox *mailbox = &class->mailboxes[i];
        if (mailbox->kind != MAILBOX_PARTIAL && mailbox->kind != MAILBOX_LOGITS)
            continue;
        add_piece(&sum, mailbox->flags + (uint64_t)tp * FLAG_PAIR, FLAG_PAIR);
        add_piece(&sum, mailbox->data, mailbox->bytes);
    }
    return sum.pages;
}

static uint64_t pages_at_ep_peer(const struct rank_class *class, int ep)
{
    struct page_sum sum = {0};
    for (int i = 0; i < class->mailbox_count; i++) {
        const struct mailbox *mailbox = &class->mailboxes[i];
        if (mailbox->kind != MAILBOX_DISPATCH && mailbox->kind != MAILBOX_COMBINE)
            continue;
        add_piece(&sum, mailbox->flags + (uint64_t)ep * FLAG_PAIR, FLAG_PAIR);
        add_piece(&sum, mailbox->data + (uint64_t)ep * mailbox->stride, mailbox->stride);
    }
    return sum.pages;
}

static uint64_t pages_at_next(const struct plan *plan, const struct rank_class *class)
{
    struct page_sum sum = {0};
    const struct rank_class *next = &plan->classes[plan->class_count - 1]; /* where stages receive, all are alike */
    for (int i = 0; i < next->mailbox_count && !class->last_stage; i++)
        if (next->mailboxes[i].kind == MAILBOX_STAGE) {
            add_piece(&sum, next->mailboxes[i].flags, FLAG_PAIR);
            add_piece(&sum, next->mailboxes[i].data, next->mailboxes[i].bytes);
        }
    return sum.pages;
}

static uint64_t whole_pages(uint64_t bytes)
{
    return (bytes + PAGE - 1) / PAGE;
}

/* Where a rank's own mailboxes end; they begin at 0 and leave no page out. */
static uint64_t end_of_part(const struct rank_class *class)
{
    uint64_t end = 0;
    for (int i = 0; i < class->mailbox_count; i++) {
        uint64_t this_end = class->mailboxes[i].data + class->mailboxes[i].bytes;
        end = this_end > end ? this_end : end;
    }
    return end;
}

/* Pages of all that the rank with the most of them maps. */
static uint64_t mapped_pages(const struct plan *plan, const struct rank_class *class)
{
    const struct shapes *shape = &class->shape;
    uint64_t tp_most = 0, ep_most = 0;
    for (int tp = 0; tp < shape->tp && shape->tp > 1; tp++)
        tp_most = pages_at_tp_peer(class, tp) > tp_most ? pages_at_tp_peer(class, tp) : tp_most;
    for (int ep = 0; ep < shape->ep && shape->ep > 1; ep++)
        ep_most = pages_at_ep_peer(class, ep) > ep_most ? pages_at_ep_peer(class, ep) : ep_most;
    uint64_t shards = 2 + whole_pages(class->shard_bytes[SHARD_DENSE]) + whole_pages(class->shard_bytes[SHARD_EXPERTS]);
    return shards + whole_pages(class->arena_bytes) + whole_pages(plan->step_offset) +
           whole_pages(times(2, plan->step_bytes)) + whole_pages(end_of_part(class)) +
           times(tp_most, (uint64_t)shape->tp - 1) + times(ep_most, (uint64_t)shape->ep - 1) +
           pages_at_next(plan, class);
}

/* What the ledger counts beside the program. */
static uint64_t counted_bytes(const struct rank_class *class)
{
    uint64_t sum = 0;
    for (int i = 0; i < class->ledger_count; i++)
        if (strncmp(class->ledger[i].purpose, "program", strlen("program")) != 0)
            sum += class->ledger[i].bytes;
    return sum;
}

bool prove_pages(const struct plan *plan, struct error *error)
{
    for (int i = 0; i < plan->class_count; i++) {
        const struct rank_class *class = &plan->classes[i];
        uint64_t pages = times(mapped_pages(plan, class), PAGE);
        if (class->device == DEVICE_CPU && class->ledger_count > 0 && counted_bytes(class) != pages)
            return refuse(error, plan, KEY_target,
                          "%s has %" PRIu64 " bytes beside the program in its ledger, but maps pages of %" PRIu64,
                          class_words(plan, i).text, counted_bytes(class), pages);
    }
    return true;
}
