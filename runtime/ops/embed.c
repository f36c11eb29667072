/* Token embeddings, at the beginning of the first stage. Compiled only into classes that hold the table. */
#include "ops/op.h"

static void read_row(const struct rank *r, int row, float *out)
{
    const unsigned char *table = r->dense + EMBEDDING_WEIGHT;
    if (WEIGHT_DTYPE == DTYPE_F32) {
        memcpy(out, (const float *)(const void *)table + (size_t)row * HIDDEN, HIDDEN * sizeof *out);
        return;
    }
    const uint16_t *halves = (const uint16_t *)(const void *)table + (size_t)row * HIDDEN;
    for (int i = 0; i < HIDDEN; i++)
        out[i] = bf16_to_f32(halves[i]);
}

void embed(struct rank *r, enum micro_batch m)
{
    if (!op_begins(r, m, NO_LAYER, "embedding"))
        return;
    struct slice slice = rows_of(r, m);
    float *residual = residual_of(r, m);
    for (int i = 0; i < slice.count; i++)
        read_row(r, slice.rows[i].token, residual + (size_t)i * HIDDEN);
}

void embed_slice(struct rank *r, enum micro_batch m)
{
    if (!op_begins(r, m, NO_LAYER, "embedding slice"))
        return;
    struct slice slice = rows_of(r, m);
    float *partial = partial_to_write(r, m);
    for (int i = 0; i < slice.count; i++, partial += HIDDEN) {
        int row = slice.rows[i].token - r->tp * VOCABULARY_SLICE;
        if (row >= 0 && row < VOCABULARY_SLICE)
            read_row(r, row, partial);
        else
            memset(partial, 0, HIDDEN * sizeof *partial);
    }
}
