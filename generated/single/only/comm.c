/* single, class only: whom a rank talks to, and where in the shared segment.
 *
 * Peers come from the rank's row. A channel is a pair of flag lines (128 bytes) and a slot, at the offsets of
 * memory.h in a rank's part of the segment. A part has 528384 bytes; the first begins at
 * 24576. */
#include "class.h"
#include "memory.h"
#include "pages.h"
#include "rank.h"
#include "rank_row.h"

extern struct rank_row rank_row;

static unsigned char *part_of(const struct rank *r, int32_t rank)
{
    return (unsigned char *)r->job + 24576 + (size_t)rank * 528384;
}

static float *partial[MICRO_BATCHES][TP];

static void connect_partial(struct rank *r)
{
    partial[A][0] = (float *)(void *)(r->arena + PARTIAL_A_OFFSET);
    r->links.partial = partial[0];
}

/* Logits: every rank of the tp group reads the others' slices; the head of the job reads them and the tokens. */
static float *logits[MICRO_BATCHES][TP];

static void connect_logits(struct rank *r)
{
    unsigned char *own = part_of(r, r->number);
    for (int i = 0; i < TP; i++) {
        int32_t peer = rank_row.tp_group[i];
        unsigned char *theirs = part_of(r, peer);
        logits[A][i] = (float *)(void *)(theirs + LOGITS_A_DATA);
    }
    r->links.logits = logits[0];
    r->links.tokens = (int32_t *)(void *)(own + TOKENS_DATA);
}

void connect_channels(struct rank *r)
{
    connect_partial(r);
    connect_logits(r);
    r->links.load = (uint64_t *)(void *)(part_of(r, r->number) + LOAD_DATA);
    map_pages(part_of(r, r->number), LOAD_DATA + LOAD_DATA_BYTES);
}
