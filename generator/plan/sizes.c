/* Arithmetic on sizes, shared by the passes. */
#include "plan/passes.h"

uint64_t align_up(uint64_t bytes, uint64_t to)
{
    return (bytes + to - 1) / to * to;
}

uint64_t product(int count, const uint64_t *sizes)
{
    uint64_t bytes = 1;
    for (int i = 0; i < count; i++)
        if (__builtin_mul_overflow(bytes, sizes[i], &bytes) || bytes > UINT64_MAX / 16)
            bytes = UINT64_MAX / 16;
    return bytes;
}

int most_rows(const struct shapes *shape)
{
    return shape->prefill_rows > shape->decode_rows ? shape->prefill_rows : shape->decode_rows;
}

int experts_of_row(const struct shapes *shape)
{
    return shape->top_k < shape->expert_slots ? shape->top_k : shape->expert_slots;
}

uint64_t most_pairs(const struct shapes *shape)
{
    uint64_t by_rows = BYTES(shape->ep, shape->dispatch_rows, experts_of_row(shape));
    uint64_t by_experts = BYTES(shape->expert_slots, shape->arrival_rows);
    return by_rows < by_experts ? by_rows : by_experts;
}
