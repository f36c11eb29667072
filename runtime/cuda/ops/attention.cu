/* Grouped-query attention over the paged KV cache: from the residual stream to this rank's share of the sum over tp. */
#include "cuda/kernels/rms_norm.cuh"
#include "cuda/ops/attention_decode.cuh"
#include "cuda/ops/attention_prefill.cuh"
#include "cuda/ops/matmul.h"

/* Block: row. Bounded by memory. */
__global__ void __launch_bounds__(norm_threads(HIDDEN))
    norm_input(const struct step_header *step, int m, const float *residual, const float *weight,
               struct attention_scratch *scratch)
{
    static __shared__ float shared[WARP];
    const int row = (int)blockIdx.x;
    if (row >= slice_of(step, m).count)
        return;
    norm_row<HIDDEN> values;
    values.read(residual + (size_t)row * HIDDEN);
    values.norm(weight, RMS_EPSILON, scratch->normed[row], shared);
}

/* ---- queries and keys are turned by their positions, keys and values go into the cache */

enum {
    HALF_CHUNKS = HEAD_CHUNKS / 2, /* a thread turns a chunk of a head's first half with its partner in the second */
    TURNS = (HEADS + KV_HEADS) * HALF_CHUNKS,
    APPEND_UNITS = TURNS + KV_HEADS * HEAD_CHUNKS,
    APPEND_THREADS = APPEND_UNITS < 256 ? (APPEND_UNITS + WARP - 1) / WARP * WARP : 256,
};

__device__ __forceinline__ void turn(const element *from, const float *angles, element *to)
{
    const chunk<element> first = read_chunk(from), second = read_chunk(from + HEAD_DIM / 2);
    chunk<element> turned_first, turned_second;
#pragma unroll
    for (int i = 0; i < VALUES; i++) {
        const float x = to_float(first.values[i]), y = to_float(second.values[i]);
        const float cosine = angles[i], sine = angles[HEAD_DIM / 2 + i];
        turned_first.values[i] = from_float<element>(x * cosine - y * sine);
        turned_second.values[i] = from_float<element>(y * cosine + x * sine);
    }
    write_chunk(to, turned_first);
    write_chunk(to + HEAD_DIM / 2, turned_second);
}

/* Block: row. All rows of the micro-batch, before any attends: those of one sequence see each other. Bounded by memory.
 */
__global__ void __launch_bounds__(APPEND_THREADS)
    turn_and_append(const struct step_header *step, const uint32_t *block_tables, int m, const float *angles,
                    struct kv_head *cache, struct attention_scratch *scratch)
{
    const struct slice slice = slice_of(step, m);
    const int row = (int)blockIdx.x;
    if (row >= slice.count)
        return;
    const int position = slice.rows[row].position, at = position % KV_BLOCK;
    const uint32_t *table = block_tables + (size_t)slice.rows[row].sequence * SEQUENCE_BLOCKS;
    struct kv_head *heads = cache + (size_t)table[position / KV_BLOCK] * KV_HEADS;
    element *qkv = scratch->qkv[row];
    for (int unit = (int)threadIdx.x; unit < APPEND_UNITS; unit += APPEND_THREADS) {
        if (unit < TURNS) {
            const int head = unit / HALF_CHUNKS, column = unit % HALF_CHUNKS * VALUES;
            element *from = qkv + head * HEAD_DIM + column;
            element *to = head < HEADS ? from : &heads[head - HEADS].keys[at][column];
            turn(from, angles + (size_t)row * HEAD_DIM + column, to);
        } else {
            const int head = (unit - TURNS) / HEAD_CHUNKS, column = (unit - TURNS) % HEAD_CHUNKS * VALUES;
            write_chunk(&heads[head].values[at][column], read_chunk(qkv + QUERY + KEY + head * HEAD_DIM + column));
        }
    }
}

void attention(struct gpu *r, enum micro_batch m, enum layer layer)
{
    if (!gpu_op_begins(r, m, (int)layer, "attention"))
        return;
    struct attention_scratch *scratch = (struct attention_scratch *)SCRATCH(r);
    struct kv_head *cache = (struct kv_head *)(void *)(r->arena + KV_OFFSET) + (size_t)layer * KV_BLOCKS * KV_HEADS;
    const int rows = rows_of(r, m);
    launch(r, r->compute, dim3((unsigned)rows), dim3(norm_threads(HIDDEN)), 0, norm_input, step_of(r), (int)m,
           (const float *)residual_of(r, m), (const float *)DENSE_WEIGHT(r, INPUT_NORM, layer), scratch);
    matmul(r, scratch->normed[0], rows, DENSE_WEIGHT(r, QKV, layer), QKV, HIDDEN, scratch->qkv[0]);
    launch(r, r->compute, dim3((unsigned)rows), dim3(APPEND_THREADS), 0, turn_and_append, step_of(r),
           block_tables_of(r), (int)m, (const float *)ARENA(r, m, ROTARY), cache, scratch);
    if (r->captured || r->decode)
        attend_decode(r, m, cache, scratch);
    else
        attend_prefill(r, m, cache, scratch);
    matmul(r, scratch->attended[0], rows, DENSE_WEIGHT(r, ATTENTION_OUT, layer), HIDDEN, QUERY, partial_of(r, m));
}
