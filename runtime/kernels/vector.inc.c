/* Native vectors, in the compiler's own vector types: no instruction is named here. */

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef uint32_t vector_bits __attribute__((vector_size(4 * LANES)));
typedef int32_t vector_integers __attribute__((vector_size(4 * LANES)));

/* The same in memory, where nothing aligns it. */
typedef vector loose_vector __attribute__((aligned(4), may_alias));
typedef vector_bits loose_bits __attribute__((aligned(4), may_alias));

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* A loop that is unrolled: arrays of vectors live in registers only when no loop is left to index them. */
#ifdef __clang__
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif
#define foreach(INDEX, COUNT) UNROLLED for (int INDEX = 0; INDEX < (COUNT); INDEX++)

static ALWAYS_INLINE int smaller(int a, int b)
{
    return a < b ? a : b;
}

static ALWAYS_INLINE vector splat(float value)
{
    return value - (vector){0};
}

static ALWAYS_INLINE vector load(const float *from)
{
    return *(const loose_vector *)from;
}

static ALWAYS_INLINE void store(float *to, vector value)
{
    *(loose_vector *)to = value;
}

/* The v-th vector of a line. */
static ALWAYS_INLINE vector_bits load_bits(const char *line, int v)
{
    return ((const loose_bits *)line)[v];
}

/* Into the second-level cache. What lies there may be no one's: the processor ignores an address that is not mapped. */
static ALWAYS_INLINE void prefetch(const char *from, ptrdiff_t distance)
{
    // NOLINTNEXTLINE(performance-no-int-to-ptr): pointer arithmetic may not leave what `from` points into
    __builtin_prefetch((const void *)((uintptr_t)from + (uintptr_t)distance), 0, 2);
}

/* The end of a row: `left` floats are there, the other lanes are `fill`. With these, a row of any length is one loop,
 * and its last values meet the same arithmetic as its first. */
static ALWAYS_INLINE vector load_end(const float *from, int left, float fill)
{
    if (left >= LANES)
        return load(from);
    vector value = splat(fill);
    if (left > 0)
        memcpy(&value, from, sizeof(float) * (size_t)left);
    return value;
}

static ALWAYS_INLINE void store_end(float *to, int left, vector value)
{
    if (left >= LANES)
        store(to, value);
    else if (left > 0)
        memcpy(to, &value, sizeof(float) * (size_t)left);
}

static ALWAYS_INLINE vector choose(vector_bits mask, vector yes, vector no)
{
    return (vector)((mask & (vector_bits)yes) | (~mask & (vector_bits)no));
}

static ALWAYS_INLINE vector larger(vector a, vector b)
{
    return choose((vector_bits)(a > b), a, b);
}

static ALWAYS_INLINE float sum_of_lanes(vector value)
{
    float sum = value[0];
    for (int lane = 1; lane < LANES; lane++)
        sum += value[lane];
    return sum;
}

static ALWAYS_INLINE float largest_lane(vector value)
{
    float largest = value[0];
    for (int lane = 1; lane < LANES; lane++)
        largest = value[lane] > largest ? value[lane] : largest;
    return largest;
}

/* 2^n for -126 <= n <= 127, written as the float's exponent. */
static ALWAYS_INLINE vector power_of_two(vector_bits n)
{
    return (vector)((n + 127) << 23);
}

/* e^x within 1.2e-7 of its value: e^x = 2^n e^r with |r| <= ln 2 / 2, and e^r by the polynomial of Cephes' expf. From
 * subnormal results through infinity; NaN stays NaN. */
static ALWAYS_INLINE vector exponential(vector x)
{
    const vector lowest = splat(-104), highest = splat(89); /* already 0 and infinity in float */
    x = choose((vector_bits)(x < lowest), lowest, x);
    x = choose((vector_bits)(x > highest), highest, x);

    /* Adding 1.5 * 2^23 leaves the nearest integer in the low bits of the sum. */
    const vector shift = splat(0x1.8p23f);
    const vector shifted = x * 1.44269504088896341f + shift;
    const vector_bits n = (vector_bits)shifted - (vector_bits)shift;
    const vector whole = shifted - shift;

    /* ln 2 in two parts, the first short enough that its product with n is exact. */
    const vector r = (x - whole * 0.693359375f) + whole * 2.12194440e-4f;
    vector p = splat(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1;

    /* n reaches beyond the exponents of normal floats; its halves do not. */
    const vector_bits half = (vector_bits)((vector_integers)n >> 1);
    return p * power_of_two(half) * power_of_two(n - half);
}
