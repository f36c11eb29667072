/* What the kernels of attention share: the KV cache, the op's scratch memory, and how keys and values get from the one
 * into a block's shared memory.
 *
 * The cache of a layer: [block][kv head] { keys (16, head_dim), values (16, head_dim) } of element, blocks of 16
 * positions: what a block reads is contiguous. A sequence's block table gives its blocks in order. */
#pragma once

#include "cuda/kernels/attend.cuh"
#include "cuda/kernels/chunk.cuh"
#include "cuda/ops/op.h"

constexpr int VALUES = chunk<element>::VALUES;
constexpr int STRIDE = attend_stride<element>(HEAD_DIM); /* of rows in shared memory */
constexpr int HEAD_CHUNKS = HEAD_DIM / VALUES;

static_assert(HEAD_DIM % 16 == 0, "a matrix product takes 16 at a time");
static_assert(HIDDEN % VALUES == 0, "rows are read 16 bytes at a time");

struct kv_head {
    element keys[KV_BLOCK][HEAD_DIM], values[KV_BLOCK][HEAD_DIM];
};

static_assert(sizeof(struct kv_head) * KV_HEADS * KV_BLOCKS * LAYERS <= KV_BYTES, "the plan's KV cache is too small");

/* ---- decode splits a row's positions over several blocks, so that few sequences fill a GPU */

HOST_DEVICE constexpr int least(int a, int b)
{
    return a < b ? a : b;
}
HOST_DEVICE constexpr int ceiling(int a, int b)
{
    return (a + b - 1) / b;
}

enum {
    SPLIT_POSITIONS = 128,    /* of a split at least, where there are more splits than one */
    BLOCKS_OF_A_GPU = 256,    /* that keep a GPU's memory busy: what one sequence is split into, at most */
    BLOCKS_OF_A_LAUNCH = 8192 /* above it, more splits are no use and their parts only cost memory */
};

/* A row has so many splits at most. */
constexpr int splits_of_class(int context, int kv_heads, int rows)
{
    int splits = least(ceiling(context, SPLIT_POSITIONS), ceiling(BLOCKS_OF_A_GPU, kv_heads));
    int room = BLOCKS_OF_A_LAUNCH / (rows * kv_heads);
    return room < 1 ? 1 : least(splits, room);
}
constexpr int SPLITS = splits_of_class(WINDOW < CONTEXT ? WINDOW : CONTEXT, KV_HEADS, DECODE_ROWS);

struct attention_scratch {
    alignas(64) element normed[ROWS][HIDDEN];
    alignas(64) element qkv[ROWS][QKV];
    alignas(64) element attended[ROWS][QUERY];
    /* Of a row's head over one split: the maximum of its scores, the sum of its weights, its values' weighted sum. */
    alignas(64) struct part {
        float maximum, sum;
    } parts[DECODE_ROWS][HEADS][SPLITS];
    alignas(64) float part_outs[DECODE_ROWS][HEADS][SPLITS][HEAD_DIM];
};

static_assert(sizeof(struct attention_scratch) <= SCRATCH_BYTES,
              "the plan's SCRATCH buffer is too small for attention");

/* ---- */

extern __shared__ __align__(16) unsigned char dynamic_shared[];

__device__ __forceinline__ struct positions seen_from(int position)
{
    const int end = position + 1;
    return {end > WINDOW ? end - WINDOW : 0, end};
}

/* Thread `thread` of THREADS fetches its share of positions first .. first + COUNT - 1 into `tile`, COUNT rows of keys,
 * then as many of values, asynchronously; zeros for those outside `wanted`, whose memory may hold anything. `cache`:
 * the layer's, from the kv head on. `first` is the first of a block. */
template <int COUNT, int THREADS>
__device__ __forceinline__ void fetch_positions(element *tile, const struct kv_head *cache, const uint32_t *table,
                                                int first, struct positions wanted, int thread)
{
#pragma unroll 4
    for (int i = thread; i < COUNT * HEAD_CHUNKS; i += THREADS) {
        const int row = i / HEAD_CHUNKS, column = i % HEAD_CHUNKS * VALUES, position = first + row;
        element *key = tile + row * STRIDE + column, *value = key + COUNT * STRIDE;
        const bool valid = position >= wanted.begin && position < wanted.end;
        const struct kv_head *head = cache + (valid ? (size_t)table[position / KV_BLOCK] * KV_HEADS : 0);
        copy_async_16(key, &head->keys[row % KV_BLOCK][column], valid);
        copy_async_16(value, &head->values[row % KV_BLOCK][column], valid);
    }
}
