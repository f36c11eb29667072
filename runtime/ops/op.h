/* What the ops share: how one begins, the rows of its micro-batch, and the structs that lie in the arena. */
#pragma once

#include "memory.h"
#include "ops/ops.h"

#include <assert.h>
#include <string.h>

enum { ROWS = PREFILL_ROWS > DECODE_ROWS ? PREFILL_ROWS : DECODE_ROWS, NO_LAYER = -1 };

/* Notes which op runs, for the head, for messages and for the timeline. False: the step does not use this micro-batch.
 */
static inline bool op_begins(struct rank *r, enum micro_batch m, int layer, const char *text)
{
    r->op_text = text;
    r->op_layer = layer == NO_LAYER ? -1 : r->layer_base + layer;
    atomic_store_explicit(&r->control->op, ++r->op, memory_order_relaxed);
    bool used = (uint32_t)m < r->step->active;
    if (r->recorder)
        recorder_next(r, !used);
    return used;
}

/* Bytes of so many rows of the residual stream. */
static inline uint64_t row_bytes(int rows)
{
    return (uint64_t)rows * HIDDEN * sizeof(float);
}

/* The rows of a micro-batch, a slice of the step's. */
struct slice {
    const struct step_row *rows;
    int count;
};

static inline struct slice rows_of(const struct rank *r, enum micro_batch m)
{
    uint32_t begin = micro_begin(r->step, m), end = micro_begin(r->step, m + 1);
    assert(end - begin <= ROWS);
    return (struct slice){r->rows + begin, (int)(end - begin)};
}

/* Buffers of the arena by micro-batch, as memory.h lays them out: those of a kind lie side by side. */
#define ARENA(r, m, KIND) ((void *)((r)->arena + KIND##_A_OFFSET + (size_t)(m)*KIND##_A_BYTES))

static inline float *residual_of(const struct rank *r, enum micro_batch m)
{
    return ARENA(r, m, RESIDUAL);
}

/* A weight matrix of the dense or the experts shard, by layer and expert slot. */
#define DENSE_WEIGHT(r, KIND, layer) ((const void *)((r)->dense + KIND##_WEIGHT + (size_t)(layer)*DENSE_LAYER_STRIDE))
#define EXPERT_WEIGHT(r, KIND, layer, slot)                                                                            \
    ((const void *)((r)->experts + KIND##_WEIGHT + (size_t)(layer)*EXPERT_LAYER_STRIDE +                               \
                    (size_t)(slot)*EXPERT_SLOT_STRIDE))

/* Which local experts want each row of a message, and with what weight; slot -1: none. */
struct manifest {
    _Alignas(64) int32_t rows;
    _Alignas(64) struct wish {
        int32_t slot;
        float weight;
    } wishes[DISPATCH_ROWS][TOP_K];
};

/* A dispatch message. The combine message that answers it has one row for each of its rows. */
struct dispatch {
    struct manifest manifest;
    _Alignas(64) float rows[DISPATCH_ROWS][HIDDEN];
};

/* BUFFER_ROUTES: what a rank decided about its own rows. */
struct routes {
    struct choice {
        int32_t expert;
        float weight;
    } chosen[ROWS][TOP_K];
    _Alignas(64) int32_t sent_count[EP];
    _Alignas(64) int32_t sent_row[EP][DISPATCH_ROWS]; /* by ep coordinate: the row behind each row of the message */
    struct manifest own;                              /* the message to itself, without the rows */
};

/* BUFFER_ARRIVALS: the rows of this rank's experts. Those of slot s are entries begin[s] <= i < begin[s + 1]. */
enum { WISHES = TOP_K < EXPERT_SLOTS ? TOP_K : EXPERT_SLOTS };

struct arrivals {
    int32_t begin[EXPERT_SLOTS + 1];
    int32_t rows[EP]; /* of each sender */
    _Alignas(64) struct arrival {
        int32_t sender, row;
        float weight;
    } entries[EP * DISPATCH_ROWS * WISHES];
};

_Static_assert(sizeof(struct routes) <= ROUTES_A_BYTES, "the plan's ROUTES buffer is too small");
_Static_assert(sizeof(struct arrivals) <= ARRIVALS_A_BYTES, "the plan's ARRIVALS buffer is too small");

/* Row pointers of a dense (rows, width) matrix. */
static inline const float **point_at_rows(const float **pointers, const float *first, int count, int width)
{
    for (int i = 0; i < count; i++)
        pointers[i] = first + (size_t)i * (size_t)width;
    return pointers;
}

/* This rank's share of a tp sum, free to be written: no tp peer still reads the last one. (rows, hidden) */
static inline float *partial_to_write(struct rank *r, enum micro_batch m)
{
    for (int i = 0; i < TP; i++)
        if (i != r->tp)
            channel_wait_free(r, &r->links.partial_out[(size_t)m * TP + i]);
    return r->links.partial[(size_t)m * TP + r->tp];
}
