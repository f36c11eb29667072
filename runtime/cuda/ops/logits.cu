/* Every rank of the tp group gets the others' slices of the logits. Compiled only into classes that hold the head. */
#include "cuda/ops/exchange.cuh"

static_assert(sizeof(float[TP][LOGIT_ROWS][VOCABULARY_SLICE]) <= LOGITS_A_BYTES,
              "the plan's LOGITS buffer is too small");

/* An all-gather of messages, not NCCL's own: slices lie LOGIT_ROWS apart and only their first rows are wanted. */
void gather_logits(struct gpu *r, enum micro_batch m)
{
    if (!gpu_op_begins(r, m, NO_LAYER, "logits all-gather"))
        return;
    float(*slices)[LOGIT_ROWS][VOCABULARY_SLICE] = (float(*)[LOGIT_ROWS][VOCABULARY_SLICE])ARENA(r, m, LOGITS);
    const size_t bytes = wanted_of(r, m) * sizeof slices[0][0];
    NCCL_CHECK(r, r->nccl->ncclGroupStart());
    for (int peer = 0; peer < TP; peer++)
        if (peer != r->tp)
            exchange(r, r->tp_comm, peer, slices[r->tp], bytes, slices[peer], bytes);
    NCCL_CHECK(r, r->nccl->ncclGroupEnd());
}
