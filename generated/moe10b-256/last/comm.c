/* moe10b-256, class last: whom a rank talks to, and where in the shared segment.
 *
 * Peers come from the rank's row. A channel is a pair of flag lines (128 bytes) and a slot, at the same
 * offsets in every rank's part of the segment; a part has 150941696 bytes, the first begins at 921600. */
#include "class.h"
#include "memory.h"
#include "rank.h"
#include "rank_row.h"

extern struct rank_row rank_row;

static unsigned char *part_of(const struct rank *r, int32_t rank)
{
    return (unsigned char *)r->job + 921600 + (size_t)rank * 150941696;
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
        partial_out[A][i] = channel_at(own, 4194560 + (uint64_t)i * 128, 4194816, peer);
        partial_in[A][i] = channel_at(theirs, 4194560 + (uint64_t)r->tp * 128, 4194816, peer);
        partial[A][i] = (float *)(void *)(theirs + 4194816);
        partial_out[B][i] = channel_at(own, 6291968 + (uint64_t)i * 128, 6292224, peer);
        partial_in[B][i] = channel_at(theirs, 6291968 + (uint64_t)r->tp * 128, 6292224, peer);
        partial[B][i] = (float *)(void *)(theirs + 6292224);
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
        dispatch_in[A][i] = channel_at(own, 8389376 + here * 128, 8391424 + here * 2101312, peer);
        dispatch_out[A][i] = channel_at(theirs, 8389376 + there * 128, 8391424 + there * 2101312, peer);
        dispatch_in[B][i] = channel_at(own, 75568896 + here * 128, 75570944 + here * 2101312, peer);
        dispatch_out[B][i] = channel_at(theirs, 75568896 + there * 128, 75570944 + there * 2101312, peer);
        combine_in[A][i] = channel_at(own, 42012416 + here * 128, 42014464 + here * 2097152, peer);
        combine_out[A][i] = channel_at(theirs, 42012416 + there * 128, 42014464 + there * 2097152, peer);
        combine_in[B][i] = channel_at(own, 109191936 + here * 128, 109193984 + here * 2097152, peer);
        combine_out[B][i] = channel_at(theirs, 109191936 + there * 128, 109193984 + there * 2097152, peer);
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
    stage_in[A] = channel_at(own, 0, 128, rank_row.previous);
    stage_in[B] = channel_at(own, 2097280, 2097408, rank_row.previous);
    r->links.stage_in = stage_in;
}

/* Logits: every rank of the tp group reads the others' slices; the head of the job reads them and the tokens. */
static struct channel logits_out[MICRO_BATCHES][TP], logits_in[MICRO_BATCHES][TP];
static float *logits[MICRO_BATCHES][TP];

static void connect_logits(struct rank *r)
{
    unsigned char *own = part_of(r, r->number);
    for (int i = 0; i < TP; i++) {
        int32_t peer = rank_row.tp_group[i];
        unsigned char *theirs = part_of(r, peer);
        logits[A][i] = (float *)(void *)(theirs + 142748672);
        logits_out[A][i] = channel_at(own, 142748416 + (uint64_t)i * 128, 142748672, peer);
        logits_in[A][i] = channel_at(theirs, 142748416 + (uint64_t)r->tp * 128, 142748672, peer);
        logits[B][i] = (float *)(void *)(theirs + 146844928);
        logits_out[B][i] = channel_at(own, 146844672 + (uint64_t)i * 128, 146844928, peer);
        logits_in[B][i] = channel_at(theirs, 146844672 + (uint64_t)r->tp * 128, 146844928, peer);
    }
    r->links.logits = logits[0];
    r->links.logits_out = logits_out[0];
    r->links.logits_in = logits_in[0];
    r->links.tokens = (int32_t *)(void *)(own + 150940928);
}

void connect_channels(struct rank *r)
{
    connect_partial(r);
    connect_experts(r);
    connect_previous(r);
    connect_logits(r);
    r->links.load = (uint64_t *)(void *)(part_of(r, r->number) + 150941440);
    touch_pages(part_of(r, r->number), 150941504);
}
