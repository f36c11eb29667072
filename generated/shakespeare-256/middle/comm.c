/* shakespeare-256, class middle: whom a rank talks to, and where in the shared segment.
 *
 * Peers come from the rank's row. A channel is a pair of flag lines (128 bytes) and a slot, at the offsets of
 * memory.h in a rank's part of the segment. A part has 704512 bytes; the first begins at
 * 397312. */
#include "class.h"
#include "memory.h"
#include "pages.h"
#include "rank.h"
#include "rank_row.h"

extern struct rank_row rank_row;

static unsigned char *part_of(const struct rank *r, int32_t rank)
{
    return (unsigned char *)r->job + 397312 + (size_t)rank * 704512;
}

/* The 2 ranks of the tp group: each reads the others' shares where they lie. */
static struct channel partial_out[MICRO_BATCHES][TP], partial_in[MICRO_BATCHES][TP];
static float *partial[MICRO_BATCHES][TP];

static void connect_partial(struct rank *r)
{
    unsigned char *own = part_of(r, r->number);
    for (int i = 0; i < TP; i++) {
        int32_t peer = rank_row.tp_group[i];
        unsigned char *theirs = part_of(r, peer);
        partial_out[A][i] = channel_at(own, PARTIAL_A_FLAGS + (uint64_t)i * 128,
                                      PARTIAL_A_DATA, PARTIAL_A_DATA_BYTES, peer);
        partial_in[A][i] = channel_at(theirs, PARTIAL_A_FLAGS + (uint64_t)r->tp * 128,
                                      PARTIAL_A_DATA, PARTIAL_A_DATA_BYTES, peer);
        partial[A][i] = (float *)(void *)(theirs + PARTIAL_A_DATA);
    }
    r->links.partial_out = partial_out[0];
    r->links.partial_in = partial_in[0];
    r->links.partial = partial[0];
}

/* The 16 ranks of the ep group: rows for a peer's experts go to its part, their sums come back to this one's. */
static struct channel dispatch_out[MICRO_BATCHES][EP], dispatch_in[MICRO_BATCHES][EP];
static struct channel combine_out[MICRO_BATCHES][EP], combine_in[MICRO_BATCHES][EP];

static void connect_experts(struct rank *r)
{
    unsigned char *own = part_of(r, r->number);
    for (int i = 0; i < EP; i++) {
        int32_t peer = rank_row.ep_group[i];
        unsigned char *theirs = part_of(r, peer);
        uint64_t here = (uint64_t)i, there = (uint64_t)r->ep;
        dispatch_in[A][i] = channel_at(own, DISPATCH_A_FLAGS + here * 128,
                                      DISPATCH_A_DATA + here * DISPATCH_A_STRIDE, DISPATCH_A_STRIDE, peer);
        dispatch_out[A][i] = channel_at(theirs, DISPATCH_A_FLAGS + there * 128,
                                      DISPATCH_A_DATA + there * DISPATCH_A_STRIDE, DISPATCH_A_STRIDE, peer);
        combine_in[A][i] = channel_at(own, COMBINE_A_FLAGS + here * 128,
                                      COMBINE_A_DATA + here * COMBINE_A_STRIDE, COMBINE_A_STRIDE, peer);
        combine_out[A][i] = channel_at(theirs, COMBINE_A_FLAGS + there * 128,
                                      COMBINE_A_DATA + there * COMBINE_A_STRIDE, COMBINE_A_STRIDE, peer);
    }
    r->links.dispatch_out = dispatch_out[0];
    r->links.dispatch_in = dispatch_in[0];
    r->links.combine_out = combine_out[0];
    r->links.combine_in = combine_in[0];
}

/* From the previous stage. */
static struct channel stage_in[MICRO_BATCHES];

static void connect_previous(struct rank *r)
{
    unsigned char *own = part_of(r, r->number);
    stage_in[A] = channel_at(own, STAGE_A_FLAGS, STAGE_A_DATA, STAGE_A_DATA_BYTES,
                             rank_row.previous);
    r->links.stage_in = stage_in;
}

/* To the next stage: into its part. */
static struct channel stage_out[MICRO_BATCHES];

static void connect_next(struct rank *r)
{
    unsigned char *theirs = part_of(r, rank_row.next);
    stage_out[A] = channel_at(theirs, NEXT_STAGE_A_FLAGS, NEXT_STAGE_A_DATA, NEXT_STAGE_A_DATA_BYTES,
                              rank_row.next);
    r->links.stage_out = stage_out;
}

void connect_channels(struct rank *r)
{
    connect_partial(r);
    connect_experts(r);
    connect_previous(r);
    connect_next(r);
    r->links.load = (uint64_t *)(void *)(part_of(r, r->number) + LOAD_DATA);
    map_pages(part_of(r, r->number), LOAD_DATA + LOAD_DATA_BYTES);
}
