/* The arena of a class on GPUs: what each op needs, side by side, 256-byte aligned.
 *
 * The sizes of ROUTES, ARRIVALS, OUTGOING, INCOMING and SCRATCH are those of the structs in runtime/cuda/ops, which
 * assert at compile time that they fit. */
#include "plan/passes.h"

#include "step.h"

enum {
    F32 = 4,
    INT = 4,
    RECORD_ALIGNMENT = 16,
    STRUCT_ALIGNMENT = 64,
    WORKSPACE = 32 << 20, /* what cuBLASLt's documentation advises for Hopper and later */
};

static uint64_t element_bytes(const struct rank_class *class)
{
    return class->weights == DTYPE_BF16 ? 2 : 4;
}

/* A row on its way: its values, then which experts want it and with what weight. */
static uint64_t record_bytes(const struct rank_class *class)
{
    const struct shapes *shape = &class->shape;
    return align_up(BYTES(shape->hidden, element_bytes(class)) + BYTES(shape->top_k, INT + F32), RECORD_ALIGNMENT);
}

static uint64_t counts_bytes(const struct shapes *shape)
{
    return align_up(BYTES(shape->ep, shape->expert_slots + 1, INT), STRUCT_ALIGNMENT);
}

/* Each row's choices: expert, weight, home and place; then the counts for each ep coordinate. */
static uint64_t routes_bytes(const struct shapes *shape)
{
    return align_up(BYTES(most_rows(shape), shape->top_k, 3 * INT + F32), STRUCT_ALIGNMENT) + counts_bytes(shape);
}

/* The counts of each sender, where each slot's rows begin, (sender, row, weight) a wish, and each row's entries. */
static uint64_t arrivals_bytes(const struct shapes *shape)
{
    uint64_t wishes = BYTES(shape->ep, shape->dispatch_rows, experts_of_row(shape));
    return counts_bytes(shape) + align_up(BYTES(shape->expert_slots + 1, INT), STRUCT_ALIGNMENT) +
           align_up(BYTES(wishes, INT + INT + F32), STRUCT_ALIGNMENT) + align_up(BYTES(wishes, INT), STRUCT_ALIGNMENT);
}

/* Whether there can be more pairs than are computed at once: then each row's sum has to outlast the run that began it.
 */
static bool is_computed_in_parts(const struct shapes *shape)
{
    return (uint64_t)shape->expert_tile < most_pairs(shape);
}

static int least(int left, int right)
{
    return left < right ? left : right;
}

/* Exactly what is sent, one record a row and other ep coordinate that has an expert for it; or messages of fixed size:
 * those of decode, and all of them where an expert's capacity is fixed. */
static uint64_t outgoing_records(const struct rank_class *class, bool exact)
{
    const struct shapes *shape = &class->shape;
    uint64_t sent =
        exact ? BYTES(shape->prefill_rows, least(shape->top_k, shape->ep - 1)) : BYTES(shape->ep, shape->dispatch_rows);
    uint64_t decode = BYTES(shape->ep, least(shape->decode_rows, shape->dispatch_rows));
    return sent > decode ? sent : decode;
}

/* ---- scratch, op by op */

/* Arrays that lie one behind the other in a struct. */
static uint64_t array(uint64_t bytes)
{
    return align_up(bytes, STRUCT_ALIGNMENT);
}

/* Into how many parts a row's positions are split in decode: runtime/cuda/ops/attention.cuh says why. */
static int decode_splits(const struct shapes *shape)
{
    enum { SPLIT_POSITIONS = 128, BLOCKS_OF_A_GPU = 256, BLOCKS_OF_A_LAUNCH = 8192 };
    int positions = least(shape->window, shape->context);
    int splits = least((positions + SPLIT_POSITIONS - 1) / SPLIT_POSITIONS,
                       (BLOCKS_OF_A_GPU + shape->kv_heads - 1) / shape->kv_heads);
    uint64_t room = BLOCKS_OF_A_LAUNCH / BYTES(shape->decode_rows, shape->kv_heads);
    return room < 1 ? 1 : least(splits, (int)room);
}

static uint64_t attention_scratch(const struct rank_class *class)
{
    const struct shapes *shape = &class->shape;
    uint64_t rows = (uint64_t)most_rows(shape), query = BYTES(shape->heads, shape->head_dim);
    uint64_t key = BYTES(shape->kv_heads, shape->head_dim), element = element_bytes(class);
    uint64_t parts = BYTES(shape->decode_rows, shape->heads, decode_splits(shape));
    return array(BYTES(rows, shape->hidden, element)) + array(BYTES(rows, query + 2 * key, element)) +
           array(BYTES(rows, query, element)) + array(BYTES(parts, 2, F32)) + array(BYTES(parts, shape->head_dim, F32));
}

static uint64_t route_scratch(const struct rank_class *class)
{
    return BYTES(most_rows(&class->shape), class->shape.experts, F32);
}

/* A run of pairs of a row and an expert: the product behind SwiGLU; before it rows with gate and up, and after it, in
 * their place, what comes out. */
static uint64_t experts_scratch(const struct rank_class *class)
{
    const struct shapes *shape = &class->shape;
    uint64_t run = (uint64_t)shape->expert_tile, element = element_bytes(class), hidden = (uint64_t)shape->hidden;
    uint64_t in = array(BYTES(run, hidden, element)) + array(BYTES(run, 2, shape->expert_hidden, element));
    uint64_t out = array(BYTES(run, hidden, F32));
    return array(BYTES(run, shape->expert_hidden, element)) + (in > out ? in : out);
}

static uint64_t head_scratch(const struct rank_class *class)
{
    return BYTES(class->shape.logit_rows, class->shape.hidden, element_bytes(class));
}

static uint64_t scratch_bytes(const struct rank_class *class)
{
    uint64_t sizes[] = {attention_scratch(class), route_scratch(class), experts_scratch(class), head_scratch(class)};
    uint64_t most = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        most = sizes[i] > most ? sizes[i] : most;
    return most;
}

/* ---- the arena */

static const char *element_name(const struct rank_class *class)
{
    return class->weights == DTYPE_BF16 ? "bf16" : "f32";
}

bool plan_cuda_arena(struct plan *plan, struct rank_class *class)
{
    const struct shapes *shape = &class->shape;
    struct pool *pool = &plan->pool;
    bool exact = dispatch_is_exact(plan), last = class->last_stage;
    int rows = most_rows(shape), hidden = shape->hidden;
    uint64_t element = element_bytes(class), arrived = BYTES(shape->ep, shape->dispatch_rows);
    uint64_t summed = is_computed_in_parts(shape) ? arrived : 1;
    const char *values = element_name(class), *stream_text = pool_format(pool, "(%d, %d) %s", rows, hidden, values);
    uint64_t outgoing = outgoing_records(class, exact), step_rows = BYTES(shape->micro_batches, rows);
    const struct buffer_request requests[] = {
        {BUFFER_RESIDUAL, BYTES(rows, hidden, F32), pool_format(pool, "(%d, %d) f32", rows, hidden)},
        {BUFFER_PARTIAL, BYTES(rows, hidden, element), stream_text},
        {BUFFER_ROUTED, BYTES(rows, hidden, element), stream_text},
        {BUFFER_ROTARY, BYTES(rows, shape->head_dim, F32), pool_format(pool, "(%d, %d) f32", rows, shape->head_dim)},
        {BUFFER_ROUTES, routes_bytes(shape), pool_format(pool, "(%d, %d) experts and weights", rows, shape->top_k)},
        {BUFFER_ARRIVALS, arrivals_bytes(shape),
         pool_format(pool, "rows of %s, from %s", counted(shape->expert_slots, "expert").text,
                     counted(shape->ep, "sender").text)},
        {BUFFER_OUTGOING, BYTES(outgoing > 0 ? outgoing : 1, record_bytes(class)),
         pool_format(pool, "%llu rows of %d %s and their wishes", (unsigned long long)outgoing, hidden, values)},
        {BUFFER_INCOMING, BYTES(arrived, record_bytes(class)),
         pool_format(pool, "(%d, %d) rows of %d %s and their wishes", shape->ep, shape->dispatch_rows, hidden, values)},
        {BUFFER_EXPERT_OUT, BYTES(summed, hidden, F32),
         pool_format(pool, "(%llu, %d) f32", (unsigned long long)summed, hidden)},
        {BUFFER_LOGITS, last ? BYTES(shape->tp, shape->logit_rows, shape->vocabulary_slice, F32) : 0,
         pool_format(pool, "(%d, %d, %d) f32", shape->tp, shape->logit_rows, shape->vocabulary_slice)},
        {BUFFER_TOKENS, last ? BYTES(shape->logit_rows, INT) : 0, pool_format(pool, "(%d) tokens", shape->logit_rows)},
        {BUFFER_STEP, step_header_bytes(step_rows, (uint64_t)shape->sequences, (uint64_t)shape->sequence_blocks),
         pool_format(pool, "up to %llu rows of the lane, block tables", (unsigned long long)step_rows)},
        {BUFFER_LOAD, BYTES(shape->layers, shape->expert_slots + 1, sizeof(uint64_t)),
         pool_format(pool, "(%d, %d) counts", shape->layers, shape->expert_slots + 1)},
        {BUFFER_SCRATCH, scratch_bytes(class), "the largest need of one op"},
        {BUFFER_WORKSPACE, WORKSPACE, "what cuBLASLt advises"},
        {BUFFER_KV,
         BYTES(shape->layers, shape->kv_blocks, KV_BLOCK_POSITIONS, 2, shape->kv_heads,
               (uint64_t)shape->head_dim * element),
         pool_format(pool, "%s x %s x %s x (keys and values) of (%d, %d) %s", counted(shape->layers, "layer").text,
                     counted(shape->kv_blocks, "block").text, counted(shape->kv_heads, "head").text, KV_BLOCK_POSITIONS,
                     shape->head_dim, values)},
    };
    lay_out_arena(plan, class, requests, (int)(sizeof requests / sizeof *requests), DEVICE_LINE_BYTES);
    return true;
}
