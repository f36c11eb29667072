/* Attention where rows of one sequence follow each other. A block: a kv head and a tile of pairs (row, query head of
 * its group), so that a tile is full whatever the group is; its runs of rows of one sequence one after the other, each
 * over tiles of its positions, the next of which is fetched while the last is computed. A run is whatever the rows
 * make it: where they are of many sequences, runs are short and the rest of the tile idles meanwhile.
 *
 * Bounded by the tensor cores (f32: FMAs). A tile of keys and values serves PAIRS (row, head); positions that no row of
 * a warp sees, that warp skips. */
#pragma once

#include "cuda/ops/attention.cuh"

enum {
    TILE_WARPS = 4,
    TILE_THREADS = TILE_WARPS * WARP,
    PAIRS = TILE_WARPS * ATTEND_ROWS,
    ROOMY_POSITIONS = 16 * 1024 / (HEAD_DIM * (int)sizeof(element)) / 16 * 16,
    TILE_POSITIONS =
        ROOMY_POSITIONS > 64 ? 64 : ROOMY_POSITIONS, /* 16 KiB of keys, as many of values, and both twice */
    POSITIONS_TILE = 2 * TILE_POSITIONS * STRIDE,    /* values */
    PREFILL_SHARED = (PAIRS * STRIDE + 2 * POSITIONS_TILE) * (int)sizeof(element),
};

static_assert(PAIRS <= 2 * WARP, "a lane looks at two rows of a tile");

/* Rows of one sequence that follow each other. */
struct sequence_rows {
    int end; /* the row after its last */
    int sequence;
    int lowest, highest; /* positions */
};

/* All lanes: the run that begins at `row`, of a tile's rows first .. end - 1. */
__device__ __forceinline__ struct sequence_rows run_at(const struct step_row *rows, int row, int first, int end)
{
    struct sequence_rows run = {end, rows[row].sequence, CONTEXT, -1};
    const int mine[2] = {first + lane_of_thread(), first + lane_of_thread() + WARP};
#pragma unroll
    for (int i = 0; i < 2; i++)
        if (mine[i] > row && mine[i] < run.end && rows[mine[i]].sequence != run.sequence)
            run.end = mine[i];
    run.end = warp_min(run.end);
#pragma unroll
    for (int i = 0; i < 2; i++)
        if (mine[i] >= row && mine[i] < run.end) {
            const int position = rows[mine[i]].position;
            run.lowest = position < run.lowest ? position : run.lowest;
            run.highest = position > run.highest ? position : run.highest;
        }
    run.lowest = warp_min(run.lowest);
    run.highest = warp_max(run.highest);
    return run;
}

/* What some row, and what every row of the warp sees, of what the lanes' rows see. */
struct warp_sees {
    struct positions some, all;
};

__device__ __forceinline__ struct warp_sees together(const struct positions (&sees)[2])
{
    struct warp_sees warp = {{CONTEXT, 0}, {0, CONTEXT}};
#pragma unroll
    for (int i = 0; i < 2; i++) {
        if (sees[i].begin < sees[i].end && sees[i].begin < warp.some.begin)
            warp.some.begin = sees[i].begin;
        warp.some.end = sees[i].end > warp.some.end ? sees[i].end : warp.some.end;
        warp.all.begin = sees[i].begin > warp.all.begin ? sees[i].begin : warp.all.begin;
        warp.all.end = sees[i].end < warp.all.end ? sees[i].end : warp.all.end;
    }
    return {{warp_min(warp.some.begin), warp_max(warp.some.end)}, {warp_max(warp.all.begin), warp_min(warp.all.end)}};
}

/* The block's rows attend to positions `seen` of one sequence, as far as each `sees` them. `turn`: which of the two
 * tiles comes next; what was fetched into the other may still be in use by other warps. */
__device__ __forceinline__ void attend_run(struct attended_rows<HEAD_DIM> &rows, const element *queries, element *tiles,
                                           const struct kv_head *cache, const uint32_t *table, struct positions seen,
                                           const struct positions (&sees)[2], int &turn)
{
    const struct warp_sees warp = together(sees);
    int first = seen.begin / KV_BLOCK * KV_BLOCK;
    fetch_positions<TILE_POSITIONS, TILE_THREADS>(tiles + turn * POSITIONS_TILE, cache, table, first, seen,
                                                  (int)threadIdx.x);
    copy_async_commit();
    for (; first < seen.end; first += TILE_POSITIONS, turn ^= 1) {
        copy_async_wait<0>();
        __syncthreads(); /* this tile is there, and nobody uses the other */
        if (first + TILE_POSITIONS < seen.end)
            fetch_positions<TILE_POSITIONS, TILE_THREADS>(tiles + (turn ^ 1) * POSITIONS_TILE, cache, table,
                                                          first + TILE_POSITIONS, seen, (int)threadIdx.x);
        copy_async_commit();
        const element *keys = tiles + turn * POSITIONS_TILE;
        if (first < warp.some.end && first + TILE_POSITIONS > warp.some.begin)
            attend_positions<TILE_POSITIONS>(rows, queries, keys, keys + TILE_POSITIONS * STRIDE, first, sees,
                                             first < warp.all.begin || first + TILE_POSITIONS > warp.all.end);
    }
}

/* Queries of pairs first .. first + PAIRS - 1, zeros from `end` on, asynchronously. */
__device__ __forceinline__ void fetch_queries(element *queries, const struct attention_scratch *scratch, int head,
                                              int first, int end)
{
#pragma unroll 4
    for (int i = (int)threadIdx.x; i < PAIRS * HEAD_CHUNKS; i += TILE_THREADS) {
        const int pair = first + i / HEAD_CHUNKS, column = i % HEAD_CHUNKS * VALUES;
        const bool valid = pair < end;
        const int row = valid ? pair / GROUP : 0, of_row = (head * GROUP + pair % GROUP) * HEAD_DIM + column;
        copy_async_16(queries + i / HEAD_CHUNKS * STRIDE + column, &scratch->qkv[row][of_row], valid);
    }
}

__device__ __forceinline__ void write_two(float *place, float first, float second)
{
    *(float2 *)place = make_float2(first, second);
}
__device__ __forceinline__ void write_two(__nv_bfloat16 *place, float first, float second)
{
    *(__nv_bfloat162 *)place = __floats2bfloat162_rn(first, second);
}

/* Grid: (tiles of pairs, kv heads). */
__global__ void __launch_bounds__(TILE_THREADS)
    attend_tiles(const struct step_header *step, const uint32_t *block_tables, int m, const struct kv_head *cache,
                 struct attention_scratch *scratch)
{
    const struct slice slice = slice_of(step, m);
    const int head = (int)blockIdx.y, tile = (int)(gridDim.x - 1 - blockIdx.x); /* late rows see most: they go first */
    const int first = tile * PAIRS, end = least(first + PAIRS, slice.count * GROUP);
    if (first >= end)
        return;
    const int lane = lane_of_thread(), warp = (int)threadIdx.x / WARP;
    const int first_row = first / GROUP, end_row = (end - 1) / GROUP + 1;
    const int mine = first + warp * ATTEND_ROWS + lane / 4; /* pair; and the eighth from it */
    element *queries = (element *)dynamic_shared;
    fetch_queries(queries, scratch, head, first, end);

    struct attended_rows<HEAD_DIM> rows;
    rows.reset();
    int turn = 0;
    for (int row = first_row; row < end_row;) {
        const struct sequence_rows run = run_at(slice.rows, row, first_row, end_row);
        struct positions sees[2];
#pragma unroll
        for (int i = 0; i < 2; i++) {
            const int pair = mine + 8 * i, own = pair / GROUP;
            const bool in = pair < end && own >= row && own < run.end;
            sees[i] = in ? seen_from(slice.rows[own].position) : positions{0, 0};
        }
        attend_run(rows, queries + warp * ATTEND_ROWS * STRIDE, queries + PAIRS * STRIDE, cache + head,
                   block_tables + (size_t)run.sequence * SEQUENCE_BLOCKS,
                   {seen_from(run.lowest).begin, run.highest + 1}, sees, turn);
        row = run.end;
    }
    rows.finish();
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const int pair = mine + 8 * i;
        if (pair >= end)
            continue;
        element *out = &scratch->attended[pair / GROUP][(head * GROUP + pair % GROUP) * HEAD_DIM + lane % 4 * 2];
        const float factor = 1.0F / rows.sum[i];
#pragma unroll
        for (int n = 0; n < HEAD_DIM / 8; n++)
            write_two(out + 8 * n, rows.out[n][2 * i] * factor, rows.out[n][2 * i + 1] * factor);
    }
}

static void attend_prefill(struct gpu *r, enum micro_batch m, const struct kv_head *cache,
                           struct attention_scratch *scratch)
{
    const unsigned tiles = (unsigned)((rows_of(r, m) * GROUP + PAIRS - 1) / PAIRS);
    launch(r, r->compute, dim3(tiles, KV_HEADS), dim3(TILE_THREADS), PREFILL_SHARED, attend_tiles, step_of(r),
           block_tables_of(r), (int)m, cache, scratch);
}
