/* What the CUDA ops share: the rows of a micro-batch on both sides, and the structs that lie in the arena. Their sizes
 * are the plan's (generator/plan/cuda_memory.c); each is asserted against memory.h below.
 *
 * Sizes come from the generated class.h and memory.h. Counts of rows differ from step to step: kernels read them from
 * the step header's copy on the device, so that a captured graph stays valid; launches are as wide as the host knows,
 * which in a captured graph is the capacity. */
#pragma once

#include "cuda/kernels/element.cuh"
#include "cuda/launch.cuh"
#include "cuda/ops/ops.h"
#include "memory.h"
#include "packed.h"

#include <type_traits>

/* Weights, activations, KV cache and everything that travels: bf16, or f32 where the strategy asks for that. Sums are
 * f32 in both. */
using element = std::conditional_t<(int)WEIGHT_DTYPE == (int)DTYPE_BF16, __nv_bfloat16, float>;
constexpr cudaDataType_t ELEMENT_TYPE = (int)WEIGHT_DTYPE == (int)DTYPE_BF16 ? CUDA_R_16BF : CUDA_R_32F;
constexpr ncclDataType_t ELEMENT_NCCL_TYPE = (int)WEIGHT_DTYPE == (int)DTYPE_BF16 ? ncclBfloat16 : ncclFloat32;

enum {
    ROWS = PREFILL_ROWS > DECODE_ROWS ? PREFILL_ROWS : DECODE_ROWS,
    NO_LAYER = -1,
    QUERY = HEADS * HEAD_DIM,
    KEY = KV_HEADS * HEAD_DIM,
    QKV = QUERY + 2 * KEY,
    GROUP = HEADS / KV_HEADS,                             /* query heads that share a key/value head */
    KV_BLOCK = 16,                                        /* positions */
    WISHES = TOP_K < EXPERT_SLOTS ? TOP_K : EXPERT_SLOTS, /* experts of one rank that a row can want */
    /* Rows of a message of fixed size in decode: each peer may get all of them. */
    DECODE_DISPATCH_ROWS = DECODE_ROWS < DISPATCH_ROWS ? DECODE_ROWS : DISPATCH_ROWS,
};

/* ---- the step */

/* Host and device: where the rows of micro-batch m begin; see micro_begin of step.h. */
struct slice {
    const struct step_row *rows;
    int begin, count;
};

__device__ __forceinline__ struct slice slice_of(const struct step_header *step, int m)
{
    uint32_t begin = micro_begin(step, m), end = micro_begin(step, m + 1);
    const struct step_row *rows = (const struct step_row *)(step + 1);
    return {rows + begin, (int)begin, (int)(end - begin)};
}

inline const struct step_header *step_of(const struct gpu *r)
{
    return (const struct step_header *)(r->arena + STEP_OFFSET);
}

inline const uint32_t *block_tables_of(const struct gpu *r)
{
    return (const uint32_t *)(r->arena + STEP_OFFSET + step_tables_offset(STEP_ROWS, SEQUENCES));
}

inline const struct sampling *sampling_of(const struct gpu *r)
{
    return (const struct sampling *)(r->arena + STEP_OFFSET + step_sampling_offset(STEP_ROWS));
}

/* How many rows the host launches for. */
inline int rows_of(const struct gpu *r, enum micro_batch m)
{
    return r->captured ? (int)DECODE_ROWS : r->slices[m].rows;
}
inline int wanted_of(const struct gpu *r, enum micro_batch m)
{
    return r->captured ? (int)(DECODE_ROWS < LOGIT_ROWS ? DECODE_ROWS : LOGIT_ROWS) : r->slices[m].wanted;
}

/* ---- memory: buffers by micro-batch lie side by side, as memory.h lays them out */

#define ARENA(r, m, KIND) ((void *)((r)->arena + KIND##_A_OFFSET + (size_t)(m)*KIND##_A_BYTES))
#define SCRATCH(r)        ((void *)((r)->arena + SCRATCH_OFFSET))

inline float *residual_of(const struct gpu *r, enum micro_batch m)
{
    return (float *)ARENA(r, m, RESIDUAL);
}
inline element *partial_of(const struct gpu *r, enum micro_batch m)
{
    return (element *)ARENA(r, m, PARTIAL);
}
inline element *routed_of(const struct gpu *r, enum micro_batch m)
{
    return (element *)ARENA(r, m, ROUTED);
}

/* A weight matrix, (outputs, inputs) row by row; an expert's by layer and slot. Norms and routers are f32. */
#define DENSE_WEIGHT(r, KIND, layer) ((const void *)((r)->dense + KIND##_WEIGHT + (size_t)(layer)*DENSE_LAYER_STRIDE))
#define EXPERT_WEIGHT(r, KIND, layer, slot)                                                                            \
    ((const void *)((r)->experts + KIND##_WEIGHT + (size_t)(layer)*EXPERT_LAYER_STRIDE +                               \
                    (size_t)(slot)*EXPERT_SLOT_STRIDE))

/* A row on its way to the experts of an ep coordinate; it comes back in the same record with their weighted sum. */
struct alignas(16) travelling_row {
    element values[HIDDEN];
    struct wish {
        int32_t slot; /* of that ep coordinate; -1 after the last wish */
        float weight;
    } wishes[TOP_K];
};

/* What one ep coordinate is about to get: rows, and how many of them want each of its slots. */
struct message_counts {
    int32_t rows;
    int32_t wishes[EXPERT_SLOTS];
};

/* BUFFER_ROUTES: what this rank decided about its own rows. */
struct routes {
    struct alignas(16) choice {
        int32_t expert;
        float weight;
        int32_t home;  /* ep coordinate that serves it; -1: dropped, beyond the expert's capacity */
        int32_t place; /* the row's record among those for `home` (ops/records.cuh); -1 if an earlier choice has it */
    } chosen[ROWS][TOP_K];
    alignas(64) struct message_counts sent[EP];
};

/* BUFFER_ARRIVALS: the rows of this rank's experts. Those of slot s are entries begin[s] <= i < begin[s + 1], senders
 * in order of their coordinate, rows in the order they were sent. */
struct arrivals {
    struct message_counts got[EP];
    alignas(64) int32_t begin[EXPERT_SLOTS + 1];
    alignas(64) struct arrival {
        int32_t sender, row;
        float weight;
    } entries[EP * DISPATCH_ROWS * WISHES];
    /* Of each sender's row: its entries, -1 after the last. */
    alignas(64) int32_t entry_of[EP][DISPATCH_ROWS][WISHES];
};

/* Records of rows by ep coordinate. In BUFFER_OUTGOING each peer's begin where those of the peers before it end, when
 * counts are exchanged first; else a fixed number of rows apart. In BUFFER_INCOMING each sender's begin DISPATCH_ROWS
 * apart; the own rows are put there at once, and their sums are read there. */
constexpr size_t OUTGOING_RECORDS = OUTGOING_A_BYTES / sizeof(struct travelling_row);

/* Whether messages are of exactly as many rows as were sent: then counts go first and the host reads them. A captured
 * graph cannot ask the host. */
inline bool sends_exactly(const struct gpu *r)
{
    return EXACT_DISPATCH && !r->captured;
}
/* Rows from peer to peer in OUTGOING where messages are of fixed size. */
inline int fixed_rows(const struct gpu *r)
{
    return r->captured ? (int)DECODE_DISPATCH_ROWS : (int)DISPATCH_ROWS;
}

/* Pinned host memory by micro-batch: the counts that the host must know to send and compute exactly, filled by
 * dispatch_counts (gather where ep is 1). */
struct host_counts {
    struct message_counts sent[EP], got[EP];
};
inline struct host_counts *host_counts_of(const struct gpu *r, enum micro_batch m)
{
    return (struct host_counts *)(void *)r->pinned + m;
}

/* BUFFER_SCRATCH belongs to the op that runs on the compute stream; each states its own layout.
 * BUFFER_WORKSPACE is cuBLASLt's. */

static_assert(sizeof(struct routes) <= ROUTES_A_BYTES, "the plan's ROUTES buffer is too small");
static_assert(sizeof(struct arrivals) <= ARRIVALS_A_BYTES, "the plan's ARRIVALS buffer is too small");
static_assert(EP * DISPATCH_ROWS * sizeof(struct travelling_row) <= INCOMING_A_BYTES,
              "the plan's INCOMING buffer is too small");
