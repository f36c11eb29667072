/* The end of the last stage: logits of the rows that want them, and a token for each.
 *
 * Every rank of the tp group holds a slice of the vocabulary and reads the others' slices where they lie; all sample,
 * and all get the same token. Compiled only into classes that hold the head. */
#include "ops/op.h"
#include "sample.h"

struct scratch {
    const float *pointers[LOGIT_ROWS];
    _Alignas(64) float normed[LOGIT_ROWS][HIDDEN];
};

_Static_assert(sizeof(struct scratch) <= SCRATCH_BYTES, "the plan's SCRATCH buffer is too small for the head");
_Static_assert(VOCABULARY * sizeof(struct candidate) <= SCRATCH_BYTES,
               "the plan's SCRATCH buffer is too small to sample");

void head(struct rank *r, enum micro_batch m)
{
    if (!op_begins(r, m, NO_LAYER, "head"))
        return;
    struct scratch *scratch = (void *)(r->arena + SCRATCH_OFFSET);
    struct slice slice = rows_of(r, m);
    const float *residual = residual_of(r, m), *norm = (const void *)(r->dense + FINAL_NORM_WEIGHT);
    int wanted = 0;
    for (int i = 0; i < slice.count; i++) {
        if (!slice.rows[i].wants)
            continue;
        assert(wanted < LOGIT_ROWS);
        r->kernels->rms_norm(residual + (size_t)i * HIDDEN, norm, RMS_EPSILON, HIDDEN, scratch->normed[wanted++]);
    }
    for (int i = 0; i < TP; i++)
        if (i != r->tp)
            channel_wait_free(r, &r->links.logits_out[(size_t)m * TP + i]);
    const struct packed weight = {r->dense + LM_HEAD_WEIGHT, VOCABULARY_SLICE, HIDDEN, WEIGHT_DTYPE};
    r->kernels->matmul(point_at_rows(scratch->pointers, scratch->normed[0], wanted, HIDDEN), wanted, &weight,
                       r->links.logits[(size_t)m * TP + r->tp], VOCABULARY_SLICE);
}

static int wanted_rows(struct slice slice)
{
    int wanted = 0;
    for (int i = 0; i < slice.count; i++)
        wanted += slice.rows[i].wants != 0;
    return wanted;
}

void gather_logits(struct rank *r, enum micro_batch m)
{
    if (!op_begins(r, m, NO_LAYER, "logits all-gather"))
        return;
    uint64_t bytes = (uint64_t)wanted_rows(rows_of(r, m)) * VOCABULARY_SLICE * sizeof(float);
    for (int i = 0; i < TP; i++)
        if (i != r->tp)
            channel_post(r, &r->links.logits_out[(size_t)m * TP + i], CHANNEL_LOGITS, bytes);
    for (int i = 0; i < TP; i++)
        if (i != r->tp)
            channel_wait_message(r, &r->links.logits_in[(size_t)m * TP + i]);
}

void sample(struct rank *r, enum micro_batch m)
{
    if (!op_begins(r, m, NO_LAYER, "sampling"))
        return;
    struct candidate *candidates = (void *)(r->arena + SCRATCH_OFFSET);
    struct slice slice = rows_of(r, m);
    int wanted = 0;
    for (int i = 0; i < slice.count; i++) {
        const struct step_row *row = &slice.rows[i];
        if (!row->wants)
            continue;
        for (int token = 0; token < VOCABULARY; token++) {
            const float *logits = r->links.logits[(size_t)m * TP + token / VOCABULARY_SLICE];
            candidates[token].logit = logits[(size_t)wanted * VOCABULARY_SLICE + token % VOCABULARY_SLICE];
            candidates[token].token = token;
        }
        r->links.tokens[(size_t)m * LOGIT_ROWS + wanted++] =
            sample_token(candidates, VOCABULARY, &r->sampling[row->sequence], row->position);
    }
    for (int i = 0; i < TP; i++)
        if (i != r->tp)
            channel_take(&r->links.logits_in[(size_t)m * TP + i]);
}
