/* Messages between this rank and a peer of one of its groups, both ways; on the comm stream. */
#pragma once

#include "cuda/ops/records.cuh"

/* To be called between ncclGroupStart and ncclGroupEnd: both directions with all peers go together. A message of no
 * bytes is not sent; its receiver knows that as well. */
inline void exchange(struct gpu *r, ncclComm_t group, int peer, const void *sent, size_t sent_bytes, void *got,
                     size_t got_bytes)
{
    if (sent_bytes > 0)
        NCCL_CHECK(r, r->nccl->ncclSend(sent, sent_bytes, ncclUint8, peer, group, r->comm));
    if (got_bytes > 0)
        NCCL_CHECK(r, r->nccl->ncclRecv(got, got_bytes, ncclUint8, peer, group, r->comm));
}

/* This rank's records for an ep peer and the peer's for this rank, as the host knows them. */
struct message {
    struct travelling_row *outgoing, *incoming;
    size_t outgoing_bytes, incoming_bytes;
};

inline struct message message_with(const struct gpu *r, enum micro_batch m, int peer)
{
    const struct records records = records_of(r, m);
    const struct host_counts *counts = host_counts_of(r, m);
    size_t first = (size_t)peer * records.apart, outgoing = records.apart, incoming = records.apart;
    if (sends_exactly(r)) {
        for (int earlier = 0; earlier < peer; earlier++)
            first += earlier == r->ep ? 0 : (size_t)counts->sent[earlier].rows;
        outgoing = (size_t)counts->sent[peer].rows;
        incoming = (size_t)counts->got[peer].rows;
    }
    return {records.outgoing + first, records.incoming + (size_t)peer * DISPATCH_ROWS,
            outgoing * sizeof(struct travelling_row), incoming * sizeof(struct travelling_row)};
}
