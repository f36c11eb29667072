/* What the lanes of a warp do together: they meet, leave a value each, and read each other's. */
#pragma once

#include "thread.h"

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace cuda_on_cpu
{

constexpr size_t LANE_BYTES = 64;
struct alignas(16) lane_value {
    unsigned char bytes[LANE_BYTES];
};

/* Leaves a value and returns when every lane of the mask has come with `operation` from the same place: the values of
 * all lanes, which stay until the lanes of the mask have met again. `combine`, if not null, is called with them by the
 * last to come. */
lane_value *meet(unsigned mask, const void *value, size_t bytes, void (*combine)(lane_value *), const char *operation,
                 place from);

/* The number of the calling thread in its warp. */
unsigned lane();

[[noreturn]] void outside_mask(unsigned source, place from);

template <class T> T value_of(const lane_value *values, unsigned source)
{
    T value;
    memcpy(&value, values[source].bytes, sizeof value);
    return value;
}

/* The value of lane `source`; the own one where the source lies outside the segment. */
template <class T> T shuffle(unsigned mask, T value, unsigned source, bool own, const char *operation, place from)
{
    static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>, "a shuffle moves 4 or 8 bytes");
    const lane_value *values = meet(mask, &value, sizeof value, nullptr, operation, from);
    if (own)
        return value;
    if (!(mask >> source & 1))
        outside_mask(source, from);
    return value_of<T>(values, source);
}

/* `combine` over the lanes of the mask. */
template <class T, class F> T reduce(unsigned mask, T value, F combine, const char *operation, place from)
{
    const lane_value *values = meet(mask, &value, sizeof value, nullptr, operation, from);
    T sum = value;
    bool first = true;
    for (unsigned i = 0; i < 32; i++)
        if (mask >> i & 1) {
            sum = first ? value_of<T>(values, i) : combine(sum, value_of<T>(values, i));
            first = false;
        }
    return sum;
}

} // namespace cuda_on_cpu

inline void __syncwarp(unsigned mask = 0xffffffffu, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    cuda_on_cpu::meet(mask, nullptr, 0, nullptr, "__syncwarp", from);
}

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    unsigned segment = cuda_on_cpu::lane() & ~(unsigned)(width - 1);
    return cuda_on_cpu::shuffle(mask, value, segment | ((unsigned)source & (unsigned)(width - 1)), false, "__shfl_sync",
                                from);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    unsigned own = cuda_on_cpu::lane(), source = own ^ (unsigned)bits;
    return cuda_on_cpu::shuffle(mask, value, source, source > (own | (unsigned)(width - 1)), "__shfl_xor_sync", from);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    unsigned own = cuda_on_cpu::lane(), in_segment = own & (unsigned)(width - 1);
    return cuda_on_cpu::shuffle(mask, value, own + by, in_segment + by >= (unsigned)width, "__shfl_down_sync", from);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    unsigned own = cuda_on_cpu::lane(), in_segment = own & (unsigned)(width - 1);
    return cuda_on_cpu::shuffle(mask, value, own - by, in_segment < by, "__shfl_up_sync", from);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    unsigned bit = predicate ? 1u << cuda_on_cpu::lane() : 0;
    return cuda_on_cpu::reduce(
        mask, bit, [](unsigned a, unsigned b) { return a | b; }, "__ballot_sync", from);
}
inline int __any_sync(unsigned mask, int predicate, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    return __ballot_sync(mask, predicate, from) != 0;
}
inline int __all_sync(unsigned mask, int predicate, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    return __ballot_sync(mask, predicate, from) == mask;
}

template <class T> T __reduce_add_sync(unsigned mask, T value, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    return cuda_on_cpu::reduce(
        mask, value, [](T a, T b) { return (T)(a + b); }, "__reduce_add_sync", from);
}
template <class T> T __reduce_min_sync(unsigned mask, T value, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    return cuda_on_cpu::reduce(
        mask, value, [](T a, T b) { return b < a ? b : a; }, "__reduce_min_sync", from);
}
template <class T> T __reduce_max_sync(unsigned mask, T value, cuda_on_cpu::place from = cuda_on_cpu::here())
{
    return cuda_on_cpu::reduce(
        mask, value, [](T a, T b) { return a < b ? b : a; }, "__reduce_max_sync", from);
}
