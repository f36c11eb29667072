/* The sum of an all-reduce: see add_up. */
#include "operation.h"

#include <string.h>
#include <utility>

namespace nccl_on_cpu
{
static float from_bf16(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint16_t to_bf16(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return 0x7fff; /* not a number */
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static void add_up_f32(const std::vector<const unsigned char *> &rows, size_t count, float *sum)
{
    memcpy(sum, rows[0], count * sizeof *sum);
    for (size_t i = 1; i < rows.size(); i++) {
        const float *row = (const float *)(const void *)rows[i];
        for (size_t j = 0; j < count; j++)
            sum[j] += row[j];
    }
}

static void add_up_bf16(const std::vector<const unsigned char *> &rows, size_t count, bool round_each, uint16_t *sum)
{
    for (size_t j = 0; j < count; j++) {
        float value = from_bf16(((const uint16_t *)(const void *)rows[0])[j]);
        for (size_t i = 1; i < rows.size(); i++) {
            value += from_bf16(((const uint16_t *)(const void *)rows[i])[j]);
            if (round_each)
                value = from_bf16(to_bf16(value));
        }
        sum[j] = to_bf16(value);
    }
}

void add_up(ncclDataType_t type, const std::vector<const unsigned char *> &rows, size_t count, unsigned char *sum)
{
    std::vector<const unsigned char *> shuffled = rows;
    for (size_t i = shuffled.size(); i > 1; i--)
        std::swap(shuffled[i - 1], shuffled[cuda_on_cpu::random_below((uint32_t)i)]);
    if (type == ncclFloat32)
        add_up_f32(shuffled, count, (float *)(void *)sum);
    else
        add_up_bf16(shuffled, count, cuda_on_cpu::random_below(2) == 1, (uint16_t *)(void *)sum);
}
} // namespace nccl_on_cpu
