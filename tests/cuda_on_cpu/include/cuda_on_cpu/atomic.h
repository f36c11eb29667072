/* Atomic operations on global and shared memory: relaxed, as on a GPU. */
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace cuda_on_cpu
{

/* Keeps template arguments from being deduced from the second argument: atomicAdd(&unsigned, 1) is fine. */
template <class T> struct same {
    using type = T;
};
template <class T> using same_t = typename same<T>::type;

/* *address becomes change(*address); returns what was there. */
template <class T, class F> T update(T *address, F change)
{
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "atomics are of 4 or 8 bytes");
    using bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
    bits *memory = (bits *)address;
    bits old_bits = __atomic_load_n(memory, __ATOMIC_RELAXED), new_bits;
    T old_value;
    do {
        memcpy(&old_value, &old_bits, sizeof old_value);
        T new_value = change(old_value);
        memcpy(&new_bits, &new_value, sizeof new_bits);
    } while (!__atomic_compare_exchange_n(memory, &old_bits, new_bits, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return old_value;
}

} // namespace cuda_on_cpu

template <class T> T atomicAdd(T *address, cuda_on_cpu::same_t<T> value)
{
    return cuda_on_cpu::update(address, [=](T old) { return (T)(old + value); });
}
template <class T> T atomicSub(T *address, cuda_on_cpu::same_t<T> value)
{
    return cuda_on_cpu::update(address, [=](T old) { return (T)(old - value); });
}
template <class T> T atomicMax(T *address, cuda_on_cpu::same_t<T> value)
{
    return cuda_on_cpu::update(address, [=](T old) { return old < value ? value : old; });
}
template <class T> T atomicMin(T *address, cuda_on_cpu::same_t<T> value)
{
    return cuda_on_cpu::update(address, [=](T old) { return value < old ? value : old; });
}
template <class T> T atomicExch(T *address, cuda_on_cpu::same_t<T> value)
{
    return cuda_on_cpu::update(address, [=](T) { return value; });
}
template <class T> T atomicCAS(T *address, cuda_on_cpu::same_t<T> expected, cuda_on_cpu::same_t<T> value)
{
    return cuda_on_cpu::update(address, [=](T old) { return old == expected ? value : old; });
}
template <class T> T atomicAnd(T *address, cuda_on_cpu::same_t<T> value)
{
    return cuda_on_cpu::update(address, [=](T old) { return (T)(old & value); });
}
template <class T> T atomicOr(T *address, cuda_on_cpu::same_t<T> value)
{
    return cuda_on_cpu::update(address, [=](T old) { return (T)(old | value); });
}
