/* A token for each row that wants one. All ranks of the tp group have all logits and choose the same. Compiled only
 * into classes that hold the head. The candidates are those of runtime/sample.c; what is drawn among them goes by the
 * order of tokens. */
#include "cuda/kernels/choose.cuh"
#include "cuda/ops/wanted.cuh"

static_assert(sizeof(int32_t) * LOGIT_ROWS <= TOKENS_A_BYTES, "the plan's TOKENS buffer is too small");

constexpr int ceiling_of_log2(int value)
{
    int bits = 0;
    while ((int64_t)1 << bits < value)
        bits++;
    return bits;
}

/* Sums over the vocabulary stay below 2^62. */
constexpr double WEIGHT_ONE = (double)((uint64_t)1 << (62 - ceiling_of_log2(VOCABULARY)));

/* A block a row of LOGITS (TP, LOGIT_ROWS, VOCABULARY_SLICE) f32. */
__global__ void __launch_bounds__(CHOOSE_THREADS)
    sample_rows(const struct step_header *step, int m, const struct sampling *samplings, const float *logits,
                int32_t *tokens)
{
    static __shared__ struct chooser shared;
    static __shared__ int places[CHOOSE_WARPS + 1];
    const struct slice slice = slice_of(step, m);
    const int number = (int)blockIdx.x, wanted = find_wanted<CHOOSE_THREADS>(slice, number, places);
    if (wanted < 0)
        return;
    const struct step_row step_row = slice.rows[wanted];
    const struct sampling sampling = samplings[step_row.sequence];
    const struct logits row = {logits + (size_t)number * VOCABULARY_SLICE, VOCABULARY, VOCABULARY_SLICE,
                               (size_t)LOGIT_ROWS * VOCABULARY_SLICE};
    const mass best = find_best(row, &shared);
    if (threadIdx.x == 0)
        tokens[number] = (int32_t) ~(unsigned)best;
    if (sampling.temperature <= 0)
        return;
    const struct by_mass by = {logit_of((unsigned)(best >> 32)), sampling.temperature, sampling.top_p, WEIGHT_ONE};
    struct cut kept = {0, 0};
    if (sampling.top_k > 0 && sampling.top_k < VOCABULARY)
        kept = shorten(row, by_rank{sampling.top_k}, kept, &shared);
    if (sampling.top_p < 1)
        kept = shorten(row, by, kept, &shared);
    const int token = draw_token(row, by, kept, draw(sampling.seed, step_row.position), &shared);
    __syncthreads();
    if (token >= 0)
        tokens[number] = token;
}

void sample(struct gpu *r, enum micro_batch m)
{
    if (!gpu_op_begins(r, m, NO_LAYER, "sampling"))
        return;
    launch(r, r->compute, dim3((unsigned)wanted_of(r, m)), dim3(CHOOSE_THREADS), 0, sample_rows, step_of(r), (int)m,
           sampling_of(r), (const float *)ARENA(r, m, LOGITS), (int32_t *)ARENA(r, m, TOKENS));
}
