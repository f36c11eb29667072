/* Choosing among the logits of one row by one block: radix selection instead of a sort.
 *
 * Weights are counted in whole multiples of 1 / WEIGHT_ONE of the best candidate's, so that sums are the same in any
 * order. A cut by rank or by mass is found in three passes over the row, 11 bits of the logit's order at a time; then
 * each warp has a contiguous part of the vocabulary, and the draw goes through the kept candidates token by token.
 * Bounded by reading the row from L2, and by exp in double precision, once a candidate and pass that needs it. */
#pragma once

#include "cuda/kernels/prefix.cuh"
#include "draw.h"

enum { CHOOSE_THREADS = 1024, CHOOSE_WARPS = CHOOSE_THREADS / WARP, DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

typedef unsigned long long mass;

/* Shared memory of the block. Masses by digit are two words, so that adding needs only atomics of 32 bits. */
struct chooser {
    unsigned low[DIGITS], high[DIGITS];
    mass masses[CHOOSE_WARPS];
    int ties[CHOOSE_WARPS];
};

/* One row's logits: slices of `width` tokens, `stride` floats apart. */
struct logits {
    const float *values;
    int count, width;
    size_t stride;

    __device__ __forceinline__ float of(int token) const
    {
        return values[(size_t)(token / width) * stride + (size_t)(token % width)];
    }
};

/* Which candidates are kept: those with a larger key, and the first `ties` tokens with this key. */
struct cut {
    unsigned key;
    int ties;
};

/* Bits that are ordered as the logits are; both zeros are one. */
__device__ __forceinline__ unsigned key_of(float logit)
{
    const unsigned bits = __float_as_uint(logit == 0 ? 0.0F : logit);
    return bits & 0x80000000U ? ~bits : bits | 0x80000000U;
}

__device__ __forceinline__ float logit_of(unsigned key)
{
    return __uint_as_float(key & 0x80000000U ? key & 0x7fffffffU : ~key);
}

/* What a cut counts: candidates, or their weights. */
struct by_rank {
    int most;

    __device__ __forceinline__ mass measure(float) const
    {
        return 1;
    }
    __device__ __forceinline__ mass goal(mass) const
    {
        return (mass)most;
    }
};

struct by_mass {
    float best, temperature, share;
    double one; /* what the best candidate weighs */

    __device__ __forceinline__ mass measure(float logit) const
    {
        const double weight = weight_of(logit, best, temperature);
        return weight <= 1 ? (mass)(weight * one + 0.5) : 0; /* none, if it is no number */
    }
    __device__ __forceinline__ mass goal(mass total) const
    {
        const double goal = ceil((double)share * (double)total);
        return goal < 1 ? 1 : (mass)goal;
    }
};

template <class T> __device__ __forceinline__ T last_lane(T value)
{
    return __shfl_sync(ALL_LANES, value, WARP - 1);
}

/* The largest of the block's values, for every thread. */
__device__ __forceinline__ mass block_largest(mass value, struct chooser *shared)
{
    for (int round = 0; round < 2; round++) {
#pragma unroll
        for (int distance = WARP / 2; distance > 0; distance /= 2) {
            const mass other = __shfl_xor_sync(ALL_LANES, value, distance);
            value = other > value ? other : value;
        }
        if (round == 1)
            break;
        if (lane_index() == 0)
            shared->masses[warp_index()] = value;
        __syncthreads();
        value = shared->masses[lane_index()];
    }
    return value;
}

/* The best candidate: its key above the complement of its token, so that ties go to the lowest. */
__device__ __forceinline__ mass find_best(const struct logits &row, struct chooser *shared)
{
    mass best = 0;
    for (int token = (int)threadIdx.x; token < row.count; token += CHOOSE_THREADS) {
        const mass candidate = (mass)key_of(row.of(token)) << 32 | ~(unsigned)token;
        best = candidate > best ? candidate : best;
    }
    return block_largest(best, shared);
}

__device__ __forceinline__ void add_to_digit(struct chooser *shared, unsigned digit, mass amount)
{
    if (amount == 0)
        return;
    const unsigned low = (unsigned)amount, before = atomicAdd(&shared->low[digit], low);
    const unsigned high = (unsigned)(amount >> 32) + (before + low < before);
    if (high != 0)
        atomicAdd(&shared->high[digit], high);
}

__device__ __forceinline__ mass mass_of_digit(const struct chooser *shared, int digit)
{
    return (mass)shared->high[digit] << 32 | shared->low[digit];
}

/* Masses by digit, the bits from `shift`, of the kept candidates whose keys begin as `prefix` does. */
template <class By>
__device__ __forceinline__ void count_digits(const struct logits &row, const By &by, struct cut kept, unsigned prefix,
                                             int shift, int bits, struct chooser *shared)
{
    const unsigned digits = (1U << bits) - 1;
    const int above = shift + bits;
    __syncthreads();
    for (int digit = (int)threadIdx.x; digit < DIGITS; digit += CHOOSE_THREADS)
        shared->low[digit] = shared->high[digit] = 0;
    __syncthreads();
    for (int token = (int)threadIdx.x; token < row.count; token += CHOOSE_THREADS) {
        const float logit = row.of(token);
        const unsigned key = key_of(logit);
        if (key > kept.key && (above == 32 || key >> above == prefix))
            add_to_digit(shared, key >> shift & digits, by.measure(logit));
    }
    if (threadIdx.x == 0 && kept.key != 0 && (above == 32 || kept.key >> above == prefix))
        add_to_digit(shared, kept.key >> shift & digits, (mass)kept.ties * by.measure(logit_of(kept.key)));
    __syncthreads();
    const int mine = DIGITS - 1 - 2 * (int)threadIdx.x; /* and the one below it; the first warp has the largest */
    const mass sum = last_lane(warp_prefix(mass_of_digit(shared, mine) + mass_of_digit(shared, mine - 1)));
    if (lane_index() == 0)
        shared->masses[warp_index()] = sum;
    __syncthreads();
}

/* The largest digit that has, with all above it, `goal`; `above` grows by what is above it. For whole warps. */
__device__ __forceinline__ unsigned find_digit(const struct chooser *shared, mass goal, mass *above)
{
    const mass part = shared->masses[lane_index()], parts = *above + warp_prefix(part);
    const int warp = __ffs((int)__ballot_sync(ALL_LANES, parts >= goal)) - 1;
    *above = __shfl_sync(ALL_LANES, parts - part, warp);
    const int upper = DIGITS - 1 - 2 * (warp * WARP + lane_index());
    const mass first = mass_of_digit(shared, upper), both = first + mass_of_digit(shared, upper - 1);
    const mass until = *above + warp_prefix(both);
    const int lane = __ffs((int)__ballot_sync(ALL_LANES, until >= goal)) - 1;
    const bool in_upper = until - both + first >= goal;
    *above = __shfl_sync(ALL_LANES, in_upper ? until - both : until - both + first, lane);
    return (unsigned)__shfl_sync(ALL_LANES, in_upper ? upper : upper - 1, lane);
}

/* The shortest list of the kept candidates, best first, that has by's goal; all of them if none has. */
template <class By>
__device__ __forceinline__ struct cut shorten(const struct logits &row, const By &by, struct cut kept,
                                              struct chooser *shared)
{
    static_assert(DIGITS == 2 * CHOOSE_THREADS && CHOOSE_WARPS == WARP, "a thread has two digits, a lane a warp's");
    unsigned prefix = 0;
    mass goal = 0, above = 0;
    for (int shift = 32 - DIGIT_BITS, bits = DIGIT_BITS; bits > 0;) {
        count_digits(row, by, kept, prefix, shift, bits, shared);
        if (shift == 32 - DIGIT_BITS) {
            const mass total = last_lane(warp_prefix(shared->masses[lane_index()]));
            if (total == 0)
                return kept;
            goal = by.goal(total);
            goal = goal < total ? goal : total;
        }
        prefix = prefix << bits | find_digit(shared, goal, &above);
        bits = shift < DIGIT_BITS ? shift : DIGIT_BITS;
        shift -= bits;
    }
    const mass each = by.measure(logit_of(prefix));
    return {prefix, (int)((goal - above + each - 1) / each)};
}

/* The token at `at` (0 <= at < 1) of the mass of the kept candidates, in the order of tokens; -1: they have none. One
 * thread of the block gets it, the others -1. */
__device__ __forceinline__ int draw_token(const struct logits &row, const struct by_mass &by, struct cut kept,
                                          double at, struct chooser *shared)
{
    const int part = (row.count + CHOOSE_THREADS - 1) / CHOOSE_THREADS * WARP, begin = warp_index() * part,
              end = begin + part < row.count ? begin + part : row.count;
    const mass each = kept.key != 0 ? by.measure(logit_of(kept.key)) : 0;
    mass mine = 0;
    int ties = 0;
    for (int token = begin + lane_index(); token < end; token += WARP) {
        const float logit = row.of(token);
        const unsigned key = key_of(logit);
        mine += key > kept.key ? by.measure(logit) : 0;
        ties += key == kept.key;
    }
    mine = last_lane(warp_prefix(mine));
    ties = last_lane(warp_prefix(ties));
    __syncthreads();
    if (lane_index() == 0) {
        shared->masses[warp_index()] = mine;
        shared->ties[warp_index()] = ties;
    }
    __syncthreads();
    const int warp_ties = shared->ties[lane_index()], room = kept.ties - (warp_prefix(warp_ties) - warp_ties);
    const int taken = room < 0 ? 0 : room < warp_ties ? room : warp_ties;
    const mass weight = shared->masses[lane_index()] + (mass)taken * each, until = warp_prefix(weight);
    const mass total = last_lane(until);
    if (total == 0)
        return -1;
    mass left = (mass)(at * (double)total);
    left = left < total ? left : total - 1;
    if (warp_index() != __ffs((int)__ballot_sync(ALL_LANES, until > left)) - 1)
        return -1;
    left -= __shfl_sync(ALL_LANES, until - weight, warp_index());
    int ties_left = __shfl_sync(ALL_LANES, taken, warp_index());
    for (int base = begin; base < end; base += WARP) {
        const int token = base + lane_index();
        const float logit = token < end ? row.of(token) : 0;
        const unsigned key = token < end ? key_of(logit) : 0;
        const unsigned tied = __ballot_sync(ALL_LANES, token < end && key == kept.key);
        const bool takes =
            key > kept.key || (tied >> lane_index() & 1 && __popc(tied & ((1U << lane_index()) - 1)) < ties_left);
        const mass sum = warp_prefix(token < end && takes ? by.measure(logit) : 0);
        const unsigned beyond = __ballot_sync(ALL_LANES, sum > left);
        if (beyond)
            return lane_index() == __ffs((int)beyond) - 1 ? token : -1;
        left -= last_lane(sum);
        ties_left -= __popc(tied);
    }
    return -1;
}
