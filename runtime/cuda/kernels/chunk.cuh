/* 16 bytes of values: what a thread best reads or writes at once. */
#pragma once

#include "cuda/kernels/element.cuh"

template <class T> struct alignas(16) chunk {
    static constexpr int VALUES = 16 / sizeof(T);
    T values[VALUES];
};

/* `place` is 16-byte aligned. */
template <class T> __device__ __forceinline__ chunk<T> read_chunk(const T *place)
{
    return *(const chunk<T> *)place;
}

template <class T> __device__ __forceinline__ void write_chunk(T *place, const chunk<T> &values)
{
    *(chunk<T> *)place = values;
}
