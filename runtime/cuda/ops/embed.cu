/* Token embeddings, at the beginning of the first stage. Compiled only into classes that hold the table. */
#include "cuda/kernels/chunk.cuh"
#include "cuda/ops/op.h"

static_assert(HIDDEN % chunk<element>::VALUES == 0, "rows are read 16 bytes at a time");

enum {
    ROW_CHUNKS = HIDDEN / chunk<element>::VALUES,
    EMBED_THREADS = ROW_CHUNKS < 256 ? (ROW_CHUNKS + 31) / 32 * 32 : 256,
};

/* Block: row; residual = the table's row of its token. Bounded by memory. */
__global__ void __launch_bounds__(EMBED_THREADS)
    embed_rows(const struct step_header *step, int m, const element *table, float *residual)
{
    const struct slice slice = slice_of(step, m);
    const int row = (int)blockIdx.x;
    if (row >= slice.count)
        return;
    const element *from = table + (size_t)slice.rows[row].token * HIDDEN;
    float *to = residual + (size_t)row * HIDDEN;
    for (int i = (int)threadIdx.x; i < ROW_CHUNKS; i += EMBED_THREADS) {
        const chunk<element> values = read_chunk(from + i * chunk<element>::VALUES);
#pragma unroll
        for (int j = 0; j < chunk<element>::VALUES; j += 4)
            *(float4 *)(to + i * chunk<element>::VALUES + j) =
                make_float4(to_float(values.values[j]), to_float(values.values[j + 1]), to_float(values.values[j + 2]),
                            to_float(values.values[j + 3]));
    }
}

/* Block: row; partial = the table's row of its token, zeros if another tp rank has it. Bounded by memory. */
__global__ void __launch_bounds__(EMBED_THREADS)
    embed_slice_rows(const struct step_header *step, int m, const element *table, int first_token, element *partial)
{
    const struct slice slice = slice_of(step, m);
    const int row = (int)blockIdx.x;
    if (row >= slice.count)
        return;
    const int token = slice.rows[row].token - first_token;
    const bool here = token >= 0 && token < VOCABULARY_SLICE;
    const element *from = table + (size_t)(here ? token : 0) * HIDDEN;
    element *to = partial + (size_t)row * HIDDEN;
    for (int i = (int)threadIdx.x * chunk<element>::VALUES; i < HIDDEN; i += EMBED_THREADS * chunk<element>::VALUES)
        write_chunk(to + i, here ? read_chunk(from + i) : chunk<element>{});
}

void embed(struct gpu *r, enum micro_batch m)
{
    if (!gpu_op_begins(r, m, NO_LAYER, "embedding"))
        return;
    launch(r, r->compute, dim3((unsigned)rows_of(r, m)), dim3(EMBED_THREADS), 0, embed_rows, step_of(r), (int)m,
           (const element *)DENSE_WEIGHT(r, EMBEDDING, 0), residual_of(r, m));
}

void embed_slice(struct gpu *r, enum micro_batch m)
{
    if (!gpu_op_begins(r, m, NO_LAYER, "embedding slice"))
        return;
    launch(r, r->compute, dim3((unsigned)rows_of(r, m)), dim3(EMBED_THREADS), 0, embed_slice_rows, step_of(r), (int)m,
           (const element *)DENSE_WEIGHT(r, EMBEDDING, 0), r->tp * VOCABULARY_SLICE, partial_of(r, m));
}
