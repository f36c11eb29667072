#include "verify/buffer_sizes.h"
#include "step.h"
#include "verify/proofs.h"

enum { F32 = 4, BF16 = 2, INT = 4, COUNTER = 8 };

static uint64_t smaller(int a, int b)
{
    return (uint64_t)(a < b ? a : b);
}

/* KV blocks of all layers. */
static uint64_t cache_positions(const struct shapes *shape)
{
    return times((uint64_t)shape->layers, times((uint64_t)shape->kv_blocks, KV_BLOCK_POSITIONS));
}

static uint64_t cpu_bytes(const struct shapes *shape, enum buffer_kind kind)
{
    uint64_t rows = (uint64_t)row_capacity(shape), head_dim = (uint64_t)shape->head_dim;
    uint64_t sent = times((uint64_t)shape->dispatch_rows, (uint64_t)shape->hidden * F32);
    switch (kind) {
    case BUFFER_ROTARY:
        return times(rows, head_dim * F32);
    case BUFFER_RESIDUAL:
    case BUFFER_PARTIAL:
    case BUFFER_ROUTED:
        return times(rows, (uint64_t)shape->hidden * F32);
    case BUFFER_EXPERT_OUT:
        return times((uint64_t)shape->ep, sent);
    case BUFFER_KV:
        return times(cache_positions(shape), times(2 * (uint64_t)shape->kv_heads, head_dim * F32));
    default:
        return 1;
    }
}

/* ---- GPUs: the structs of runtime/cuda/ops/op.h. Each member begins at a multiple of 64 bytes. */

static uint64_t whole(uint64_t bytes, uint64_t unit)
{
    return bytes > UINT64_MAX - unit ? UINT64_MAX : (bytes + unit - 1) / unit * unit;
}

static uint64_t lines(uint64_t count, uint64_t each)
{
    return whole(times(count, each), 64);
}

static uint64_t added(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* struct travelling_row: values, then an expert's slot and a weight for each wish. */
static uint64_t record_bytes(const struct shapes *shape, uint64_t element)
{
    return whole((uint64_t)shape->hidden * element + (uint64_t)shape->top_k * (INT + F32), 16);
}

/* struct message_counts for each ep coordinate. */
static uint64_t all_counts(const struct shapes *shape)
{
    return lines((uint64_t)shape->ep, INT + (uint64_t)shape->expert_slots * INT);
}

/* Wishes of all rows that arrive: a row can want as many of a rank's experts as it chooses, or as the rank has. */
static uint64_t most_wishes(const struct shapes *shape)
{
    return times(times((uint64_t)shape->ep, (uint64_t)shape->dispatch_rows),
                 smaller(shape->top_k, shape->expert_slots));
}

/* struct arrivals */
static uint64_t arrivals_bytes(const struct shapes *shape)
{
    uint64_t wishes = most_wishes(shape), begins = lines((uint64_t)shape->expert_slots + 1, INT);
    return added(added(all_counts(shape), begins), added(lines(wishes, INT + INT + F32), lines(wishes, INT)));
}

/* Whether more rows can want experts than meet them at once. */
static bool has_parts(const struct shapes *shape)
{
    uint64_t at_once = (uint64_t)shape->expert_tile;
    uint64_t taken = times((uint64_t)shape->expert_slots, (uint64_t)shape->arrival_rows);
    return most_wishes(shape) > at_once && taken > at_once;
}

/* Rows on their way at once. Where their number is known, a row goes once to each other ep coordinate that serves one
 * of its experts; else a message of fixed size goes to each: in decode, and in prefill where experts have a capacity.
 */
static uint64_t outgoing_rows(const struct shapes *shape, bool exact)
{
    uint64_t known = times((uint64_t)shape->prefill_rows, smaller(shape->top_k, shape->ep - 1));
    uint64_t decode = times((uint64_t)shape->ep, smaller(shape->decode_rows, shape->dispatch_rows));
    uint64_t fixed = times((uint64_t)shape->ep, (uint64_t)shape->dispatch_rows);
    uint64_t prefill = exact ? known : fixed;
    return shape->ep == 1 ? 0 : prefill > decode ? prefill : decode;
}

static uint64_t cuda_bytes(const struct plan *plan, const struct rank_class *class, enum buffer_kind kind)
{
    const struct shapes *shape = &class->shape;
    bool exact = dispatch_is_exact(plan);
    uint64_t element = class->weights == DTYPE_BF16 ? BF16 : F32, hidden = (uint64_t)shape->hidden;
    uint64_t rows = (uint64_t)row_capacity(shape), head_dim = (uint64_t)shape->head_dim;
    uint64_t arrived = times((uint64_t)shape->ep, (uint64_t)shape->dispatch_rows);
    switch (kind) {
    case BUFFER_ROTARY:
        return times(rows, head_dim * F32);
    case BUFFER_RESIDUAL:
        return times(rows, hidden * F32);
    case BUFFER_PARTIAL:
    case BUFFER_ROUTED:
        return times(rows, hidden * element);
    case BUFFER_ROUTES:
        return added(lines(rows, (uint64_t)shape->top_k * (3 * INT + F32)), all_counts(shape));
    case BUFFER_ARRIVALS:
        return arrivals_bytes(shape);
    case BUFFER_OUTGOING:
        return times(outgoing_rows(shape, exact), record_bytes(shape, element));
    case BUFFER_INCOMING:
        return times(arrived, record_bytes(shape, element));
    case BUFFER_EXPERT_OUT: /* where rows meet their experts in several parts, sums wait here for the next */
        return has_parts(shape) ? times(arrived, hidden * F32) : 1;
    case BUFFER_LOGITS: /* of all tp ranks */
        return times(times((uint64_t)shape->tp, (uint64_t)shape->logit_rows), (uint64_t)shape->vocabulary_slice * F32);
    case BUFFER_TOKENS:
        return (uint64_t)shape->logit_rows * INT;
    case BUFFER_STEP:
        return step_header_bytes(times((uint64_t)shape->micro_batches, rows), (uint64_t)shape->sequences,
                                 (uint64_t)shape->sequence_blocks);
    case BUFFER_LOAD:
        return times((uint64_t)shape->layers, ((uint64_t)shape->expert_slots + 1) * COUNTER);
    case BUFFER_KV:
        return times(cache_positions(shape), times(2 * (uint64_t)shape->kv_heads, head_dim * element));
    default:
        return 1;
    }
}

uint64_t least_buffer_bytes(const struct plan *plan, const struct rank_class *class, enum buffer_kind kind)
{
    return class->device == DEVICE_CUDA ? cuda_bytes(plan, class, kind) : cpu_bytes(&class->shape, kind);
}
