/* Logits of the rows that want them: each rank of the tp group computes those of its slice of the vocabulary. Compiled
 * only into classes that hold the head. Bounded by memory: the head's weights are read once. */
#include "cuda/kernels/rms_norm.cuh"
#include "cuda/ops/matmul.h"
#include "cuda/ops/wanted.cuh"

constexpr int HEAD_NORM_THREADS = norm_threads(HIDDEN);

struct head_scratch {
    element normed[LOGIT_ROWS][HIDDEN];
};
static_assert(sizeof(struct head_scratch) <= SCRATCH_BYTES, "the plan's SCRATCH buffer is too small for the head");
static_assert(VOCABULARY_SLICE * TP >= VOCABULARY, "each token is in a rank's slice");

/* normed (wanted, HIDDEN): the rows that want logits, one after the other. A block a row. */
__global__ void __launch_bounds__(HEAD_NORM_THREADS)
    norm_wanted(const struct step_header *step, int m, const float *residual, const float *weight, element *normed)
{
    static __shared__ int places[HEAD_NORM_THREADS / WARP + 1];
    static __shared__ float sums[HEAD_NORM_THREADS / WARP];
    const int number = (int)blockIdx.x, row = find_wanted<HEAD_NORM_THREADS>(slice_of(step, m), number, places);
    if (row < 0)
        return;
    norm_row<HIDDEN> values;
    values.read(residual + (size_t)row * HIDDEN);
    values.norm(weight, RMS_EPSILON, normed + (size_t)number * HIDDEN, sums);
}

void head(struct gpu *r, enum micro_batch m)
{
    if (!gpu_op_begins(r, m, NO_LAYER, "head"))
        return;
    struct head_scratch *scratch = (struct head_scratch *)SCRATCH(r);
    const int wanted = wanted_of(r, m);
    launch(r, r->compute, dim3((unsigned)wanted), dim3(HEAD_NORM_THREADS), 0, norm_wanted, step_of(r), (int)m,
           (const float *)residual_of(r, m), (const float *)(const void *)(r->dense + FINAL_NORM_WEIGHT),
           &scratch->normed[0][0]);
    float *logits = (float *)ARENA(r, m, LOGITS) + (size_t)r->tp * LOGIT_ROWS * VOCABULARY_SLICE;
    matmul_f32_out(r, scratch->normed[0], wanted, r->dense + LM_HEAD_WEIGHT, VOCABULARY_SLICE, HIDDEN, logits);
}
