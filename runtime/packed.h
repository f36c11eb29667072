/* The layout of a weight matrix in a shard file and in memory: what `rankc shard` writes and every kernel reads.
 *
 * A matrix maps `inputs` values to `outputs` values (a stored checkpoint `weight` is (outputs, inputs)). Its outputs
 * are cut into panels of 16; the last panel is filled up with zeros. Within a panel the inputs run in order:
 *
 *     f32   panel[input][16]           64 bytes an input
 *     bf16  panel[input / 2][16][2]    64 bytes a pair of inputs; an odd last input is paired with zeros
 *
 * so one 64-byte line holds 16 outputs of one f32 input or of two bf16 inputs: a line feeds one AVX-512 register or
 * two AVX2 registers, and the pairs are what the bf16 dot-product and tile instructions want. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { PANEL = 16 };

enum dtype { DTYPE_BF16, DTYPE_F32 };

struct packed {
    const void *panels; /* 64-byte aligned */
    int outputs, inputs;
    enum dtype dtype;
};

/* Bytes of one panel, and of a whole matrix; a multiple of 64. */
static inline size_t panel_bytes(enum dtype dtype, int inputs)
{
    return dtype == DTYPE_BF16 ? ((size_t)inputs + 1) / 2 * 64 : (size_t)inputs * 64;
}

static inline size_t packed_bytes(enum dtype dtype, int outputs, int inputs)
{
    return ((size_t)outputs + PANEL - 1) / PANEL * panel_bytes(dtype, inputs);
}

static inline float bf16_to_f32(uint16_t half)
{
    union {
        uint32_t bits;
        float value;
    } both = {.bits = (uint32_t)half << 16};
    return both.value;
}

/* Rounds to nearest, ties to even; keeps infinities, quiets NaN. */
static inline uint16_t f32_to_bf16(float value)
{
    union {
        float value;
        uint32_t bits;
    } both = {.value = value};
    if ((both.bits & 0x7fffffffU) > 0x7f800000U)
        return (uint16_t)(both.bits >> 16 | 0x40);
    return (uint16_t)((both.bits + 0x7fffU + (both.bits >> 16 & 1)) >> 16);
}
