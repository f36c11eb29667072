/* Neighbouring values that a thread reads or writes at once: 16 bytes where it can. */
#pragma once

#include "cuda/kernels/element.cuh"

template <class T, int COUNT = 16 / (int)sizeof(T)> struct alignas(sizeof(T) * COUNT) chunk {
    static constexpr int VALUES = COUNT;
    T values[VALUES];
};

/* `place` is aligned to the chunk's bytes. */
template <class T, int COUNT = chunk<T>::VALUES> __device__ __forceinline__ chunk<T, COUNT> read_chunk(const T *place)
{
    return *(const chunk<T, COUNT> *)place;
}

template <class T, int COUNT> __device__ __forceinline__ void write_chunk(T *place, const chunk<T, COUNT> &values)
{
    *(chunk<T, COUNT> *)place = values;
}
