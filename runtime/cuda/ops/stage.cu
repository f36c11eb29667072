/* Rows on their way from stage to stage, each between ranks of the same dp, ep and tp coordinates. */
#include "cuda/ops/op.h"

void receive_stage(struct gpu *r, enum micro_batch m)
{
    if (!gpu_op_begins(r, m, NO_LAYER, "stage receive"))
        return;
    if (rows_of(r, m) > 0)
        NCCL_CHECK(r, r->nccl->ncclRecv(residual_of(r, m), (size_t)rows_of(r, m) * HIDDEN, ncclFloat32, r->pp - 1,
                                        r->pp_comm, r->comm));
}

void send_stage(struct gpu *r, enum micro_batch m)
{
    if (!gpu_op_begins(r, m, NO_LAYER, "stage send"))
        return;
    if (rows_of(r, m) > 0)
        NCCL_CHECK(r, r->nccl->ncclSend(residual_of(r, m), (size_t)rows_of(r, m) * HIDDEN, ncclFloat32, r->pp + 1,
                                        r->pp_comm, r->comm));
}
