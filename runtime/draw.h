/* What processors and GPUs must agree on to draw tokens: the random number, and how likely a candidate is. */
#pragma once

#include "host_device.h"

#include <math.h>
#include <stdint.h>

/* A number in [0, 1) from seed and position: splitmix64, whose every input gives an independent output. */
HOST_DEVICE static inline double draw(uint64_t seed, int position)
{
    uint64_t bits = seed + (uint64_t)(position + 1) * 0x9e3779b97f4a7c15U;
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebU;
    bits ^= bits >> 31;
    return (double)(bits >> 11) * 0x1p-53;
}

/* How likely a candidate is, against 1 for the best. */
HOST_DEVICE static inline double weight_of(float logit, float best, float temperature)
{
    return exp(((double)logit - (double)best) / (double)temperature);
}
