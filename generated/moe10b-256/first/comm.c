/* moe10b-256, class first: whom a rank talks to, and where in the shared segment.
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
        partial_out[A][i] = channel_at(own, 0 + (uint64_t)i * 128, 256, peer);
        partial_in[A][i] = channel_at(theirs, 0 + (uint64_t)r->tp * 128, 256, peer);
        partial[A][i] = (float *)(void *)(theirs + 256);
        partial_out[B][i] = channel_at(own, 2097408 + (uint64_t)i * 128, 2097664, peer);
        partial_in[B][i] = channel_at(theirs, 2097408 + (uint64_t)r->tp * 128, 2097664, peer);
        partial[B][i] = (float *)(void *)(theirs + 2097664);
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
        dispatch_in[A][i] = channel_at(own, 4194816 + here * 128, 4196864 + here * 2101312, peer);
        dispatch_out[A][i] = channel_at(theirs, 4194816 + there * 128, 4196864 + there * 2101312, peer);
        dispatch_in[B][i] = channel_at(own, 71374336 + here * 128, 71376384 + here * 2101312, peer);
        dispatch_out[B][i] = channel_at(theirs, 71374336 + there * 128, 71376384 + there * 2101312, peer);
        combine_in[A][i] = channel_at(own, 37817856 + here * 128, 37819904 + here * 2097152, peer);
        combine_out[A][i] = channel_at(theirs, 37817856 + there * 128, 37819904 + there * 2097152, peer);
        combine_in[B][i] = channel_at(own, 104997376 + here * 128, 104999424 + here * 2097152, peer);
        combine_out[B][i] = channel_at(theirs, 104997376 + there * 128, 104999424 + there * 2097152, peer);
    }
    r->links.dispatch_out = dispatch_out[0];
    r->links.dispatch_in = dispatch_in[0];
    r->links.combine_out = combine_out[0];
    r->links.combine_in = combine_in[0];
}

/* To the next stage: into its part. */
static struct channel stage_out[MICRO_BATCHES];

static void connect_next(struct rank *r)
{
    unsigned char *theirs = part_of(r, rank_row.next);
    stage_out[A] = channel_at(theirs, 0, 128, rank_row.next);
    stage_out[B] = channel_at(theirs, 2097280, 2097408, rank_row.next);
    r->links.stage_out = stage_out;
}

void connect_channels(struct rank *r)
{
    connect_partial(r);
    connect_experts(r);
    connect_next(r);
    r->links.load = (uint64_t *)(void *)(part_of(r, r->number) + 138553856);
    touch_pages(part_of(r, r->number), 138553920);
}
