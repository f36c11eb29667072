#include "checksum.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are read in the order of the file, little-endian");

/* Two lanes side by side: one SSE2 or NEON register, which every 64-bit machine has. */
typedef uint64_t lanes __attribute__((vector_size(16)));

struct lane_sums {
    lanes plain, ordered;
};
enum { SUMS_OF_LANES = sizeof(struct lane_sums) / sizeof(uint64_t) };
_Static_assert(4 * SUMS_OF_LANES == CHECKSUM_SUMS, "a state is four pairs of lanes");

static inline void add_words(struct lane_sums *sums, lanes words)
{
    sums->plain += words;
    sums->ordered += sums->plain;
}

static inline struct lane_sums load(const uint64_t *sums)
{
    struct lane_sums loaded;
    memcpy(&loaded, sums, sizeof loaded);
    return loaded;
}

static inline void store(uint64_t *sums, struct lane_sums stored)
{
    memcpy(sums, &stored, sizeof stored);
}

/* Four variables and not an array: compilers then keep the sums in registers and out of memory, which is twice as fast.
 * The low half of an element is its first word. */
static void add_stripes(uint64_t *sums, const unsigned char *bytes, size_t stripes)
{
    struct lane_sums words_0_2 = load(sums), words_1_3 = load(sums + SUMS_OF_LANES);
    struct lane_sums words_4_6 = load(sums + 2 * SUMS_OF_LANES), words_5_7 = load(sums + 3 * SUMS_OF_LANES);
    for (; stripes > 0; stripes--, bytes += CHECKSUM_STRIPE) {
        lanes front, back;
        memcpy(&front, bytes, sizeof front);
        memcpy(&back, bytes + sizeof front, sizeof back);
        add_words(&words_0_2, front & UINT32_MAX);
        add_words(&words_1_3, front >> 32);
        add_words(&words_4_6, back & UINT32_MAX);
        add_words(&words_5_7, back >> 32);
    }
    store(sums, words_0_2);
    store(sums + SUMS_OF_LANES, words_1_3);
    store(sums + 2 * SUMS_OF_LANES, words_4_6);
    store(sums + 3 * SUMS_OF_LANES, words_5_7);
}

void checksum_start(struct checksum *checksum, uint64_t seed)
{
    *checksum = (struct checksum){.seed = seed};
}

void checksum_add(struct checksum *checksum, const void *bytes, size_t length)
{
    if (length == 0)
        return; /* memcpy may not be given the NULL that an empty buffer often is */
    const unsigned char *next = bytes;
    size_t waiting = checksum->length % CHECKSUM_STRIPE;
    checksum->length += length;
    if (waiting > 0) {
        size_t taken = length < CHECKSUM_STRIPE - waiting ? length : CHECKSUM_STRIPE - waiting;
        memcpy(checksum->pending + waiting, next, taken);
        next += taken;
        length -= taken;
        if (waiting + taken < CHECKSUM_STRIPE)
            return;
        add_stripes(checksum->sums, checksum->pending, 1);
    }
    add_stripes(checksum->sums, next, length / CHECKSUM_STRIPE);
    memcpy(checksum->pending, next + length / CHECKSUM_STRIPE * CHECKSUM_STRIPE, length % CHECKSUM_STRIPE);
}

/* One-to-one, and each bit of the result depends on each bit of the value (the finalizer of MurmurHash3). */
static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 33) * 0xff51afd7ed558ccdU;
    value = (value ^ value >> 33) * 0xc4ceb9fe1a85ec53U;
    return value ^ value >> 33;
}

uint64_t checksum_value(const struct checksum *checksum)
{
    uint64_t sums[CHECKSUM_SUMS];
    memcpy(sums, checksum->sums, sizeof sums);
    size_t waiting = checksum->length % CHECKSUM_STRIPE;
    if (waiting > 0) {
        unsigned char stripe[CHECKSUM_STRIPE] = {0};
        memcpy(stripe, checksum->pending, waiting);
        add_stripes(sums, stripe, 1);
    }
    uint64_t value = mix(mix(checksum->seed) + checksum->length);
    for (int index = 0; index < CHECKSUM_SUMS; index++)
        value = mix(value ^ sums[index]) + 0x9e3779b97f4a7c15U; /* so that no run of zeros stays zero */
    return value;
}

uint64_t checksum64(uint64_t seed, const void *bytes, size_t length)
{
    struct checksum checksum;
    checksum_start(&checksum, seed);
    checksum_add(&checksum, bytes, length);
    return checksum_value(&checksum);
}
