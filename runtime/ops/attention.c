/* Grouped-query attention over the paged KV cache.
 *
 * The cache of a layer: [block][kv head] { keys (head_dim, 16), values (16, head_dim) }, blocks of 16 positions. A
 * sequence's block table gives its blocks in order. */
#include "ops/op.h"

#include <math.h>

enum {
    QUERY = HEADS * HEAD_DIM,
    KEY = KV_HEADS * HEAD_DIM,
    QKV = QUERY + 2 * KEY,
    GROUP = HEADS / KV_HEADS,              /* query heads that share a key/value head */
    HEAD_FLOATS = 2 * KV_BLOCK * HEAD_DIM, /* keys and values of one head in one block */
    BLOCK_FLOATS = KV_HEADS * HEAD_FLOATS
};

struct scratch {
    const float *pointers[ROWS];
    _Alignas(64) float normed[ROWS][HIDDEN];
    _Alignas(64) float qkv[ROWS][QKV];
    _Alignas(64) float attended[ROWS][QUERY];
    _Alignas(64) float scores[GROUP * SEQUENCE_BLOCKS * KV_BLOCK];
};

_Static_assert(sizeof(struct scratch) <= SCRATCH_BYTES, "the plan's SCRATCH buffer is too small for attention");

static void project(struct rank *r, struct scratch *scratch, const float *residual, int count, int layer)
{
    const float *norm = DENSE_WEIGHT(r, INPUT_NORM, layer);
    for (int i = 0; i < count; i++)
        r->kernels->rms_norm(residual + (size_t)i * HIDDEN, norm, RMS_EPSILON, HIDDEN, scratch->normed[i]);
    const struct packed weight = {DENSE_WEIGHT(r, QKV, layer), QKV, HIDDEN, WEIGHT_DTYPE};
    r->kernels->matmul(point_at_rows(scratch->pointers, scratch->normed[0], count, HIDDEN), count, &weight,
                       scratch->qkv[0], QKV);
}

static void append(float *cache, const float *key, const float *value, const uint32_t *table, int position)
{
    float *block = cache + (size_t)table[position / KV_BLOCK] * BLOCK_FLOATS;
    int at = position % KV_BLOCK;
    for (int head = 0; head < KV_HEADS; head++, block += HEAD_FLOATS, key += HEAD_DIM, value += HEAD_DIM) {
        for (int i = 0; i < HEAD_DIM; i++)
            block[i * KV_BLOCK + at] = key[i];
        memcpy(block + (KV_BLOCK + at) * HEAD_DIM, value, HEAD_DIM * sizeof *value);
    }
}

/* Turns queries and keys by their positions and puts keys and values into the cache. All of it before any row attends:
 * rows of one sequence in one micro-batch see each other. */
static void turn_and_append(struct rank *r, enum micro_batch m, struct scratch *scratch, struct slice slice,
                            float *cache)
{
    const float *angles = ARENA(r, m, ROTARY);
    for (int i = 0; i < slice.count; i++, angles += HEAD_DIM) {
        float *qkv = scratch->qkv[i];
        for (int head = 0; head < HEADS + KV_HEADS; head++)
            r->kernels->rotate(qkv + head * HEAD_DIM, angles, angles + HEAD_DIM / 2, HEAD_DIM);
        const uint32_t *table = r->block_tables + (size_t)slice.rows[i].sequence * SEQUENCE_BLOCKS;
        append(cache, qkv + QUERY, qkv + QUERY + KEY, table, slice.rows[i].position);
    }
}

static void attend(struct rank *r, struct scratch *scratch, const struct step_row *row, int i, const float *cache)
{
    const float scale = 1.0F / sqrtf((float)HEAD_DIM);
    const uint32_t *table = r->block_tables + (size_t)row->sequence * SEQUENCE_BLOCKS;
    int end = row->position + 1, first = end > WINDOW ? end - WINDOW : 0;
    for (int head = 0; head < KV_HEADS; head++)
        r->kernels->attend(scratch->qkv[i] + head * GROUP * HEAD_DIM, GROUP, HEAD_DIM,
                           cache + (size_t)head * HEAD_FLOATS, table, BLOCK_FLOATS, first, end, scale, scratch->scores,
                           scratch->attended[i] + head * GROUP * HEAD_DIM);
}

void attention(struct rank *r, enum micro_batch m, enum layer layer)
{
    if (!op_begins(r, m, (int)layer, "attention"))
        return;
    struct scratch *scratch = (void *)(r->arena + SCRATCH_OFFSET);
    struct slice slice = rows_of(r, m);
    float *cache = (float *)(void *)(r->arena + KV_OFFSET) + (size_t)layer * KV_BLOCKS * BLOCK_FLOATS;
    project(r, scratch, residual_of(r, m), slice.count, (int)layer);
    turn_and_append(r, m, scratch, slice, cache);
    for (int i = 0; i < slice.count; i++)
        attend(r, scratch, &slice.rows[i], i, cache);
    const struct packed weight = {DENSE_WEIGHT(r, ATTENTION_OUT, layer), HIDDEN, QUERY, WEIGHT_DTYPE};
    r->kernels->matmul(point_at_rows(scratch->pointers, scratch->attended[0], slice.count, QUERY), slice.count, &weight,
                       partial_to_write(r, m), HIDDEN);
}
