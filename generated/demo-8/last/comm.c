/* demo-8, class last: whom a rank talks to, and where in the shared segment.
 *
 * Peers come from the rank's row. A channel is a pair of flag lines (128 bytes) and a slot, at the offsets of
 * memory.h in a rank's part of the segment. A part has 1323008 bytes; the first begins at
 * 40960. */
#include "class.h"
#include "memory.h"
#include "pages.h"
#include "rank.h"
#include "rank_row.h"

extern struct rank_row rank_row;

static unsigned char *part_of(const struct rank *r, int32_t rank)
{
    return (unsigned char *)r->job + 40960 + (size_t)rank * 1323008;
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
        partial_out[B][i] = channel_at(own, PARTIAL_B_FLAGS + (uint64_t)i * 128,
                                      PARTIAL_B_DATA, PARTIAL_B_DATA_BYTES, peer);
        partial_in[B][i] = channel_at(theirs, PARTIAL_B_FLAGS + (uint64_t)r->tp * 128,
                                      PARTIAL_B_DATA, PARTIAL_B_DATA_BYTES, peer);
        partial[B][i] = (float *)(void *)(theirs + PARTIAL_B_DATA);
    }
    r->links.partial_out = partial_out[0];
    r->links.partial_in = partial_in[0];
    r->links.partial = partial[0];
}

/* The 2 ranks of the ep group: rows for a peer's experts go to its part, their sums come back to this one's. */
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
        dispatch_in[B][i] = channel_at(own, DISPATCH_B_FLAGS + here * 128,
                                      DISPATCH_B_DATA + here * DISPATCH_B_STRIDE, DISPATCH_B_STRIDE, peer);
        dispatch_out[B][i] = channel_at(theirs, DISPATCH_B_FLAGS + there * 128,
                                      DISPATCH_B_DATA + there * DISPATCH_B_STRIDE, DISPATCH_B_STRIDE, peer);
        combine_in[A][i] = channel_at(own, COMBINE_A_FLAGS + here * 128,
                                      COMBINE_A_DATA + here * COMBINE_A_STRIDE, COMBINE_A_STRIDE, peer);
        combine_out[A][i] = channel_at(theirs, COMBINE_A_FLAGS + there * 128,
                                      COMBINE_A_DATA + there * COMBINE_A_STRIDE, COMBINE_A_STRIDE, peer);
        combine_in[B][i] = channel_at(own, COMBINE_B_FLAGS + here * 128,
                                      COMBINE_B_DATA + here * COMBINE_B_STRIDE, COMBINE_B_STRIDE, peer);
        combine_out[B][i] = channel_at(theirs, COMBINE_B_FLAGS + there * 128,
                                      COMBINE_B_DATA + there * COMBINE_B_STRIDE, COMBINE_B_STRIDE, peer);
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
    stage_in[B] = channel_at(own, STAGE_B_FLAGS, STAGE_B_DATA, STAGE_B_DATA_BYTES,
                             rank_row.previous);
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
        logits[A][i] = (float *)(void *)(theirs + LOGITS_A_DATA);
        logits_out[A][i] = channel_at(own, LOGITS_A_FLAGS + (uint64_t)i * 128,
                                      LOGITS_A_DATA, LOGITS_A_DATA_BYTES, peer);
        logits_in[A][i] = channel_at(theirs, LOGITS_A_FLAGS + (uint64_t)r->tp * 128,
                                      LOGITS_A_DATA, LOGITS_A_DATA_BYTES, peer);
        logits[B][i] = (float *)(void *)(theirs + LOGITS_B_DATA);
        logits_out[B][i] = channel_at(own, LOGITS_B_FLAGS + (uint64_t)i * 128,
                                      LOGITS_B_DATA, LOGITS_B_DATA_BYTES, peer);
        logits_in[B][i] = channel_at(theirs, LOGITS_B_FLAGS + (uint64_t)r->tp * 128,
                                      LOGITS_B_DATA, LOGITS_B_DATA_BYTES, peer);
    }
    r->links.logits = logits[0];
    r->links.logits_out = logits_out[0];
    r->links.logits_in = logits_in[0];
    r->links.tokens = (int32_t *)(void *)(own + TOKENS_DATA);
}

void connect_channels(struct rank *r)
{
    connect_partial(r);
    connect_experts(r);
    connect_previous(r);
    connect_logits(r);
    r->links.load = (uint64_t *)(void *)(part_of(r, r->number) + LOAD_DATA);
    map_pages(part_of(r, r->number), LOAD_DATA + LOAD_DATA_BYTES);
}
