/* Values of weights and activations: f32 in registers, bf16 or f32 in memory. */
#pragma once

#include "host_device.h"

#include <cuda_bf16.h>
#include <cuda_runtime.h>

HOST_DEVICE __forceinline__ float to_float(float value)
{
    return value;
}
HOST_DEVICE __forceinline__ float to_float(__nv_bfloat16 value)
{
    return __bfloat162float(value);
}

template <class T> HOST_DEVICE __forceinline__ T from_float(float value);
template <> HOST_DEVICE __forceinline__ float from_float<float>(float value)
{
    return value;
}
/* Rounds to nearest, ties to even. */
template <> HOST_DEVICE __forceinline__ __nv_bfloat16 from_float<__nv_bfloat16>(float value)
{
    return __float2bfloat16_rn(value);
}
