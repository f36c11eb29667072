/* Sums over the tp group. Every member adds the shares in the order of coordinates, so that all get the same bits. */
#include "ops/op.h"

static void exchange_shares(struct rank *r, enum micro_batch m)
{
    uint64_t bytes = row_bytes(rows_of(r, m).count);
    for (int i = 0; i < TP; i++)
        if (i != r->tp)
            channel_post(r, &r->links.partial_out[(size_t)m * TP + i], CHANNEL_PARTIAL, bytes);
    for (int i = 0; i < TP; i++)
        if (i != r->tp)
            channel_wait_message(r, &r->links.partial_in[(size_t)m * TP + i]);
}

static void hand_back_shares(struct rank *r, enum micro_batch m)
{
    for (int i = 0; i < TP; i++)
        if (i != r->tp)
            channel_take(&r->links.partial_in[(size_t)m * TP + i]);
}

/* residual += the sum of all shares. With one member there is nobody to wait for. */
static void add_shares(struct rank *r, enum micro_batch m)
{
    const float *const *shares = (const float *const *)r->links.partial + (size_t)m * TP;
    exchange_shares(r, m);
    r->kernels->add_parts(shares, TP, rows_of(r, m).count * HIDDEN, residual_of(r, m));
    hand_back_shares(r, m);
}

void reduce_embedding(struct rank *r, enum micro_batch m)
{
    if (!op_begins(r, m, NO_LAYER, "embedding all-reduce"))
        return;
    memset(residual_of(r, m), 0, (size_t)rows_of(r, m).count * HIDDEN * sizeof(float));
    add_shares(r, m);
}

#define ADD_SHARES(function, text)                                                                                     \
    void function(struct rank *r, enum micro_batch m, enum layer layer)                                                \
    {                                                                                                                  \
        if (op_begins(r, m, (int)layer, text))                                                                         \
            add_shares(r, m);                                                                                          \
    }

ADD_SHARES(reduce_attention, "attention all-reduce")
ADD_SHARES(add_attention, "attention residual")
ADD_SHARES(reduce_experts, "experts all-reduce")
ADD_SHARES(add_experts, "experts residual")
