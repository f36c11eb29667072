/* Attention where each row is a sequence's only one. A block: a row, a kv head (up to 16 of its query heads share what
 * is read) and a split of the row's positions. Each warp reads KV blocks of its own, the next while it computes the
 * last, and meets the other warps only at the end.
 *
 * Bounded by memory: each key and value is read once, 16 bytes a thread at a time; tensor cores have time left. What
 * the row's split is depends on its position alone, and so does the result, whatever rows are beside it. */
#pragma once

#include "cuda/ops/attention.cuh"

enum {
    HEAD_TILES = (GROUP + ATTEND_ROWS - 1) / ATTEND_ROWS,
    BLOCK_TILE = 2 * KV_BLOCK * STRIDE, /* values: one KV block of one head in shared memory */
    DECODE_WARPS = 8 * BLOCK_TILE * (int)sizeof(element) <= 144 * 1024 ? 4 : 2,
    DECODE_THREADS = DECODE_WARPS * WARP,
    DECODE_SHARED = (ATTEND_ROWS * STRIDE + 2 * DECODE_WARPS * BLOCK_TILE) * (int)sizeof(element),
    PART_STRIDE = HEAD_DIM + 8,
};

/* What a warp found, while the block puts it together; in place of its KV blocks. */
struct warp_part {
    float out[ATTEND_ROWS][PART_STRIDE], maximum[ATTEND_ROWS], sum[ATTEND_ROWS];
};

static_assert(sizeof(struct warp_part) <= 2 * BLOCK_TILE * sizeof(element), "a warp's part takes its KV blocks' place");

/* Of a row that sees `seen`: KV blocks of a split, and how many splits have any. */
__device__ __forceinline__ int blocks_of_split(struct positions seen)
{
    const int blocks = ceiling(seen.end, KV_BLOCK) - seen.begin / KV_BLOCK, even = ceiling(blocks, SPLITS);
    return even < SPLIT_POSITIONS / KV_BLOCK ? SPLIT_POSITIONS / KV_BLOCK : even;
}
__device__ __forceinline__ int splits_in_use(struct positions seen)
{
    return ceiling(ceiling(seen.end, KV_BLOCK) - seen.begin / KV_BLOCK, blocks_of_split(seen));
}
__device__ __forceinline__ struct positions split_at(struct positions seen, int split)
{
    const int length = blocks_of_split(seen) * KV_BLOCK, begin = seen.begin / KV_BLOCK * KV_BLOCK + split * length;
    return {begin > seen.begin ? begin : seen.begin, begin + length < seen.end ? begin + length : seen.end};
}

/* The warp's KV blocks of `split`: every DECODE_WARPS-th. */
__device__ __forceinline__ void attend_blocks(struct attended_rows<HEAD_DIM> &rows, const element *queries,
                                              element *tiles, const struct kv_head *cache, const uint32_t *table,
                                              struct positions split, int warp)
{
    const int lane = lane_of_thread(), pace = DECODE_WARPS * KV_BLOCK;
    const struct positions sees[2] = {split, split};
    int turn = 0;
    for (int first = (split.begin / KV_BLOCK + warp) * KV_BLOCK; first < split.end; first += pace, turn ^= 1) {
        copy_async_wait<0>();
        __syncwarp();
        element *tile = tiles + turn * BLOCK_TILE;
        if (first + pace < split.end)
            fetch_positions<KV_BLOCK, WARP>(tiles + (turn ^ 1) * BLOCK_TILE, cache, table, first + pace, split, lane);
        copy_async_commit();
        attend_positions<KV_BLOCK>(rows, queries, (const element *)tile, (const element *)tile + KV_BLOCK * STRIDE,
                                   first, sees, first < split.begin || first + KV_BLOCK > split.end);
    }
}

__device__ __forceinline__ void write_part(struct warp_part *part, const struct attended_rows<HEAD_DIM> &rows)
{
    const int lane = lane_of_thread();
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const int row = lane / 4 + 8 * i;
#pragma unroll
        for (int n = 0; n < HEAD_DIM / 8; n++)
            *(float2 *)&part->out[row][8 * n + lane % 4 * 2] = make_float2(rows.out[n][2 * i], rows.out[n][2 * i + 1]);
        if (lane % 4 == 0) {
            part->maximum[row] = rows.maximum[i];
            part->sum[row] = rows.sum[i];
        }
    }
}

/* The warps' parts of `heads` query heads become the row's attention, if nobody else has a part of it, or one part. */
__device__ __forceinline__ void put_together(const unsigned char *warp_parts, int heads, bool alone, int split,
                                             element *attended, struct attention_scratch::part (*parts)[SPLITS],
                                             float (*part_outs)[SPLITS][HEAD_DIM])
{
    const float scale = attended_rows<HEAD_DIM>::scale();
    for (int i = (int)threadIdx.x; i < heads * HEAD_DIM; i += DECODE_THREADS) {
        const int head = i / HEAD_DIM, column = i % HEAD_DIM;
        float maximum = -INFINITY, sum = 0, out = 0;
        const struct warp_part *part[DECODE_WARPS];
#pragma unroll
        for (int warp = 0; warp < DECODE_WARPS; warp++) {
            part[warp] = (const struct warp_part *)(warp_parts + warp * 2 * BLOCK_TILE * sizeof(element));
            maximum = fmaxf(maximum, part[warp]->maximum[head]);
        }
#pragma unroll
        for (int warp = 0; warp < DECODE_WARPS; warp++) {
            const float weight = exp2f((part[warp]->maximum[head] - maximum) * scale);
            sum += weight * part[warp]->sum[head];
            out += weight * part[warp]->out[head][column];
        }
        if (alone) {
            attended[i] = from_float<element>(out / sum);
            continue;
        }
        part_outs[head][split][column] = out;
        if (column == 0)
            parts[head][split] = {maximum, sum};
    }
}

/* Grid: (rows, kv heads x head tiles, splits). */
__global__ void __launch_bounds__(DECODE_THREADS)
    attend_splits(const struct step_header *step, const uint32_t *block_tables, int m, const struct kv_head *cache,
                  struct attention_scratch *scratch)
{
    const struct slice slice = slice_of(step, m);
    const int row = (int)blockIdx.x, kv_head = (int)blockIdx.y / HEAD_TILES, split = (int)blockIdx.z;
    if (row >= slice.count)
        return;
    const struct positions seen = seen_from(slice.rows[row].position);
    const int splits = splits_in_use(seen);
    if (split >= splits)
        return;
    const int tile = (int)blockIdx.y % HEAD_TILES * ATTEND_ROWS, head = kv_head * GROUP + tile;
    const int heads = least(GROUP - tile, ATTEND_ROWS), warp = (int)threadIdx.x / WARP;
    const uint32_t *table = block_tables + (size_t)slice.rows[row].sequence * SEQUENCE_BLOCKS;
    element *queries = (element *)dynamic_shared, *tiles = queries + ATTEND_ROWS * STRIDE;
    element *own_tiles = tiles + warp * 2 * BLOCK_TILE;
    cache += kv_head;

    const struct positions mine = split_at(seen, split);
    const int first = (mine.begin / KV_BLOCK + warp) * KV_BLOCK;
    if (first < mine.end)
        fetch_positions<KV_BLOCK, WARP>(own_tiles, cache, table, first, mine, lane_of_thread());
    copy_async_commit();
    const element *query = &scratch->qkv[row][head * HEAD_DIM];
    for (int i = (int)threadIdx.x; i < ATTEND_ROWS * HEAD_CHUNKS; i += DECODE_THREADS)
        write_chunk(queries + i / HEAD_CHUNKS * STRIDE + i % HEAD_CHUNKS * VALUES,
                    i < heads * HEAD_CHUNKS ? read_chunk(query + i * VALUES) : chunk<element>{});
    __syncthreads();

    struct attended_rows<HEAD_DIM> rows;
    rows.reset();
    attend_blocks(rows, queries, own_tiles, cache, table, mine, warp);
    rows.finish();
    copy_async_wait<0>();
    __syncwarp();
    write_part((struct warp_part *)own_tiles, rows);
    __syncthreads();
    put_together((const unsigned char *)tiles, heads, splits == 1, split, &scratch->attended[row][head * HEAD_DIM],
                 &scratch->parts[row][head], &scratch->part_outs[row][head]);
}

enum { COMBINE_WARPS = 4, COMBINE_COLUMNS = (HEAD_DIM + WARP - 1) / WARP /* of a lane */ };

/* Grid: (rows, heads), of rows that were split; a warp adds every fourth part. Bounded by the latency of memory: parts
 * are few, so several are read at once. */
__global__ void __launch_bounds__(COMBINE_WARPS *WARP)
    combine_splits(const struct step_header *step, int m, struct attention_scratch *scratch)
{
    static __shared__ float sums[COMBINE_WARPS], outs[COMBINE_WARPS][HEAD_DIM];
    const struct slice slice = slice_of(step, m);
    const int row = (int)blockIdx.x, head = (int)blockIdx.y, lane = lane_of_thread(), warp = (int)threadIdx.x / WARP;
    const int splits = row < slice.count ? splits_in_use(seen_from(slice.rows[row].position)) : 0;
    if (splits <= 1)
        return;
    const struct attention_scratch::part *parts = scratch->parts[row][head];
    const float scale = attended_rows<HEAD_DIM>::scale();
    float maximum = -INFINITY, sum = 0, out[COMBINE_COLUMNS] = {};
    for (int i = lane; i < splits; i += WARP)
        maximum = fmaxf(maximum, parts[i].maximum);
    maximum = warp_max(maximum);
#pragma unroll 8
    for (int i = warp; i < splits; i += COMBINE_WARPS) {
        const float weight = exp2f((parts[i].maximum - maximum) * scale);
        sum += weight * parts[i].sum;
#pragma unroll
        for (int k = 0; k < COMBINE_COLUMNS; k++)
            if (lane + k * WARP < HEAD_DIM)
                out[k] += weight * scratch->part_outs[row][head][i][lane + k * WARP];
    }
    if (lane == 0)
        sums[warp] = sum;
#pragma unroll
    for (int k = 0; k < COMBINE_COLUMNS; k++)
        if (lane + k * WARP < HEAD_DIM)
            outs[warp][lane + k * WARP] = out[k];
    __syncthreads();
    for (int column = (int)threadIdx.x; column < HEAD_DIM; column += COMBINE_WARPS * WARP) {
        float all = 0, out_of_all = 0;
        for (int i = 0; i < COMBINE_WARPS; i++) {
            all += sums[i];
            out_of_all += outs[i][column];
        }
        scratch->attended[row][head * HEAD_DIM + column] = from_float<element>(out_of_all / all);
    }
}

static void attend_decode(struct gpu *r, enum micro_batch m, const struct kv_head *cache,
                          struct attention_scratch *scratch)
{
    const unsigned rows = (unsigned)rows_of(r, m);
    launch(r, r->compute, dim3(rows, KV_HEADS * HEAD_TILES, SPLITS), dim3(DECODE_THREADS), DECODE_SHARED, attend_splits,
           step_of(r), block_tables_of(r), (int)m, cache, scratch);
    if (SPLITS > 1)
        launch(r, r->compute, dim3(rows, HEADS), dim3(COMBINE_WARPS * WARP), 0, combine_splits, step_of(r), (int)m,
               scratch);
}
