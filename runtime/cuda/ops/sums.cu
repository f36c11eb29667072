/* Sums of PARTIAL over the tp group, in place. Every member gets the same bits. */
#include "cuda/ops/op.h"

static void sum_partial(struct gpu *r, enum micro_batch m)
{
    element *partial = partial_of(r, m);
    if (rows_of(r, m) > 0)
        NCCL_CHECK(r, r->nccl->ncclAllReduce(partial, partial, (size_t)rows_of(r, m) * HIDDEN, ELEMENT_NCCL_TYPE,
                                             ncclSum, r->tp_comm, r->comm));
}

void sum_embedding(struct gpu *r, enum micro_batch m)
{
    if (gpu_op_begins(r, m, NO_LAYER, "embedding all-reduce"))
        sum_partial(r, m);
}

void sum_attention(struct gpu *r, enum micro_batch m, enum layer layer)
{
    if (gpu_op_begins(r, m, (int)layer, "attention all-reduce"))
        sum_partial(r, m);
}

void sum_experts(struct gpu *r, enum micro_batch m, enum layer layer)
{
    if (gpu_op_begins(r, m, (int)layer, "experts all-reduce"))
        sum_partial(r, m);
}
