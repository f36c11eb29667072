/* Where a row's record lies on its way to the experts of an ep coordinate, and on its way back. */
#pragma once

#include "cuda/kernels/prefix.cuh"
#include "cuda/ops/op.h"

/* OUTGOING and INCOMING as one micro-batch of this rank uses them. */
struct records {
    struct travelling_row *outgoing, *incoming;
    int own;   /* this rank's ep coordinate */
    int apart; /* records from peer to peer in `outgoing`; 0: each begin where those of the peer before it end */
};

inline struct records records_of(const struct gpu *r, enum micro_batch m)
{
    return {(struct travelling_row *)ARENA(r, m, OUTGOING), (struct travelling_row *)ARENA(r, m, INCOMING), r->ep,
            sends_exactly(r) ? 0 : fixed_rows(r)};
}

/* Where the records for, and from, ep coordinate `home` begin: the own ones among those that came in. For whole warps:
 * every lane gets it. */
__device__ __forceinline__ struct travelling_row *first_record(const struct records &records,
                                                               const struct routes *routes, int home)
{
    if (home == records.own)
        return records.incoming + (size_t)home * DISPATCH_ROWS;
    if (records.apart > 0)
        return records.outgoing + (size_t)home * records.apart;
    int before = 0;
    for (int peer = lane_index(); peer < home; peer += WARP)
        before += peer == records.own ? 0 : routes->sent[peer].rows;
    return records.outgoing + warp_sum(before);
}

/* places.cu: which experts each row goes to by its logits, (rows, EXPERTS) f32 in SCRATCH; where each row's records
 * are; and those records, put there. */
void place_rows(struct gpu *r, enum micro_batch m, enum layer layer, const float *logits);
