/* bf16: conversions give the same bits as NVIDIA's, NaN included. Arithmetic goes through float and rounds once. */
#pragma once

#include "vector_types.h"

#include <cstdint>
#include <cstring>

struct __nv_bfloat16 {
    uint16_t bits;
    __nv_bfloat16() = default;
    inline __nv_bfloat16(float value);
    inline operator float() const;
};
struct __align__(4) __nv_bfloat162
{
    __nv_bfloat16 x, y;
};
using nv_bfloat16 = __nv_bfloat16;
using nv_bfloat162 = __nv_bfloat162;

inline float __bfloat162float(__nv_bfloat16 value)
{
    uint32_t bits = (uint32_t)value.bits << 16;
    float wide;
    memcpy(&wide, &bits, sizeof wide);
    return wide;
}

/* To nearest, ties to even; every NaN becomes 0x7fff. */
inline __nv_bfloat16 __float2bfloat16_rn(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    __nv_bfloat16 narrow;
    narrow.bits = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    if ((bits & 0x7fffffff) > 0x7f800000)
        narrow.bits = 0x7fff;
    return narrow;
}
inline __nv_bfloat16 __float2bfloat16(float value)
{
    return __float2bfloat16_rn(value);
}
inline __nv_bfloat16::__nv_bfloat16(float value)
{
    *this = __float2bfloat16_rn(value);
}
inline __nv_bfloat16::operator float() const
{
    return __bfloat162float(*this);
}

inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y)
{
    return {__float2bfloat16_rn(x), __float2bfloat16_rn(y)};
}
inline __nv_bfloat162 __float22bfloat162_rn(float2 value)
{
    return __floats2bfloat162_rn(value.x, value.y);
}
inline __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 x, __nv_bfloat16 y)
{
    return {x, y};
}
inline float2 __bfloat1622float2(__nv_bfloat162 value)
{
    return {__bfloat162float(value.x), __bfloat162float(value.y)};
}
inline float __low2float(__nv_bfloat162 value)
{
    return __bfloat162float(value.x);
}
inline float __high2float(__nv_bfloat162 value)
{
    return __bfloat162float(value.y);
}
inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 value)
{
    return value.bits;
}
inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits)
{
    __nv_bfloat16 value;
    value.bits = bits;
    return value;
}
