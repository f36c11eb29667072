/* The arena of a class (on processors; cuda_memory.c has that on GPUs): what each op needs, side by side, 64-byte
 * aligned.
 *
 * The sizes of ROUTES, ARRIVALS and SCRATCH are those of the structs in runtime/ops, which assert at compile time that
 * they fit. */
#include "plan/passes.h"

enum { F32 = 4, INT = 4, POINTER = 8 };

/* Which experts each row chose, which rows went to which ep coordinate, and the own rows' message. */
static uint64_t routes_bytes(const struct shapes *shape)
{
    uint64_t chosen = align_up(BYTES(most_rows(shape), shape->top_k, INT + F32), LINE_BYTES);
    uint64_t sent =
        align_up(BYTES(shape->ep, INT), LINE_BYTES) + align_up(BYTES(shape->ep, shape->dispatch_rows, INT), LINE_BYTES);
    uint64_t own = LINE_BYTES + align_up(BYTES(shape->dispatch_rows, shape->top_k, INT + F32), LINE_BYTES);
    return chosen + sent + own;
}

/* For each slot where its rows begin, how many rows each sender sent, then (sender, row, weight) a row. */
static uint64_t arrivals_bytes(const struct shapes *shape)
{
    return align_up(BYTES(shape->expert_slots + 1 + shape->ep, INT), LINE_BYTES) +
           align_up(BYTES(shape->ep, shape->dispatch_rows, experts_of_row(shape), INT + INT + F32), LINE_BYTES);
}

static uint64_t attention_scratch(const struct shapes *shape)
{
    uint64_t rows = (uint64_t)most_rows(shape), query = (uint64_t)shape->heads * shape->head_dim;
    uint64_t key_value = (uint64_t)shape->kv_heads * shape->head_dim;
    uint64_t group = (uint64_t)shape->heads / shape->kv_heads;
    uint64_t positions = (uint64_t)shape->sequence_blocks * KV_BLOCK_POSITIONS;
    return align_up(BYTES(rows, POINTER), LINE_BYTES) + align_up(BYTES(rows, shape->hidden, F32), LINE_BYTES) +
           align_up(BYTES(rows, query + 2 * key_value, F32), LINE_BYTES) +
           align_up(BYTES(rows, query, F32), LINE_BYTES) + align_up(BYTES(group, positions, F32), LINE_BYTES);
}

static uint64_t route_scratch(const struct shapes *shape)
{
    return align_up(BYTES(most_rows(shape), POINTER), LINE_BYTES) +
           align_up(BYTES(most_rows(shape), shape->experts, F32), LINE_BYTES) +
           align_up(BYTES(shape->experts, INT), LINE_BYTES);
}

static uint64_t experts_scratch(const struct shapes *shape)
{
    uint64_t tile = (uint64_t)shape->expert_tile;
    return align_up(BYTES(tile, POINTER), LINE_BYTES) +
           align_up(BYTES(tile, 2, shape->expert_hidden, F32), LINE_BYTES) +
           align_up(BYTES(tile, shape->expert_hidden, F32), LINE_BYTES) +
           align_up(BYTES(tile, shape->hidden, F32), LINE_BYTES);
}

static uint64_t head_scratch(const struct shapes *shape)
{
    return align_up(BYTES(shape->logit_rows, POINTER), LINE_BYTES) +
           align_up(BYTES(shape->logit_rows, shape->hidden, F32), LINE_BYTES);
}

static uint64_t sample_scratch(const struct shapes *shape)
{
    return align_up(BYTES(shape->vocabulary, INT + F32), LINE_BYTES);
}

static uint64_t scratch_bytes(const struct rank_class *class)
{
    const struct shapes *shape = &class->shape;
    uint64_t sizes[] = {attention_scratch(shape), route_scratch(shape), experts_scratch(shape),
                        class->last_stage ? head_scratch(shape) : 0, class->last_stage ? sample_scratch(shape) : 0};
    uint64_t most = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        most = sizes[i] > most ? sizes[i] : most;
    return most;
}

void lay_out_arena(struct plan *plan, struct rank_class *class, const struct buffer_request *requests, int count,
                   uint64_t alignment)
{
    int micro_batches = class->shape.micro_batches;
    class->buffers = pool_take(&plan->pool, (size_t)count * (size_t)micro_batches, sizeof *class->buffers);
    for (int i = 0; i < count; i++) {
        const struct buffer_request *request = &requests[i];
        bool shared = buffer_is_shared(request->kind);
        if (request->bytes == 0)
            continue;
        for (int micro = 0; micro < (shared ? 1 : micro_batches); micro++) {
            uint64_t bytes = align_up(request->bytes, alignment);
            class->buffers[class->buffer_count++] = (struct buffer){.kind = request->kind,
                                                                    .micro = shared ? -1 : micro,
                                                                    .offset = class->arena_bytes,
                                                                    .bytes = bytes,
                                                                    .purpose = request->purpose};
            class->arena_bytes += bytes;
        }
    }
}

bool plan_arena(const struct strategy *strategy, struct plan *plan, struct rank_class *class, struct error *error)
{
    (void)strategy;
    (void)error;
    if (class->device == DEVICE_CUDA)
        return plan_cuda_arena(plan, class);
    const struct shapes *shape = &class->shape;
    struct pool *pool = &plan->pool;
    int rows = most_rows(shape), hidden = shape->hidden;
    uint64_t stream = BYTES(rows, hidden, F32);
    const char *stream_text = pool_format(pool, "(%d, %d) f32", rows, hidden);
    const struct buffer_request requests[] = {
        {BUFFER_RESIDUAL, stream, stream_text},
        {BUFFER_PARTIAL, shape->tp == 1 ? stream : 0, stream_text},
        {BUFFER_ROUTED, stream, stream_text},
        {BUFFER_ROTARY, BYTES(rows, shape->head_dim, F32), pool_format(pool, "(%d, %d) f32", rows, shape->head_dim)},
        {BUFFER_ROUTES, routes_bytes(shape), pool_format(pool, "(%d, %d) experts and weights", rows, shape->top_k)},
        {BUFFER_ARRIVALS, arrivals_bytes(shape),
         pool_format(pool, "rows of %s, from %s", counted(shape->expert_slots, "expert").text,
                     counted(shape->ep, "sender").text)},
        {BUFFER_EXPERT_OUT, BYTES(shape->ep, shape->dispatch_rows, hidden, F32),
         pool_format(pool, "(%d, %d, %d) f32", shape->ep, shape->dispatch_rows, hidden)},
        {BUFFER_SCRATCH, scratch_bytes(class), "the largest need of one op"},
        {BUFFER_KV,
         BYTES(shape->layers, shape->kv_blocks, KV_BLOCK_POSITIONS, 2, shape->kv_heads,
               (uint64_t)shape->head_dim * F32),
         pool_format(pool, "%s x %s x %s x (keys and values) of (%d, %d) f32", counted(shape->layers, "layer").text,
                     counted(shape->kv_blocks, "block").text, counted(shape->kv_heads, "head").text, KV_BLOCK_POSITIONS,
                     shape->head_dim)},
    };
    lay_out_arena(plan, class, requests, (int)(sizeof requests / sizeof *requests), LINE_BYTES);
    return true;
}
