/* A fast checksum against accidents: a flipped bit, swapped or moved words, a file that was cut, a shard of another
 * run.
 *
 * Bytes are read as stripes of 8 little-endian 32-bit words. Each word position has a lane with two 64-bit sums:
 *
 *     plain   += word        which words came
 *     ordered += plain       in which order they came
 *
 * Neither sum overflows in a way that could hide a change of one word, of two bits or a swap of two words (below
 * 128 GiB; the sums are twice as wide as the words). All sums, the length and the seed are mixed to 64 bits at the end.
 *
 * It is not cryptographic: whoever wants two contents with one checksum can make them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { CHECKSUM_STRIPE = 32, CHECKSUM_SUMS = 16 };

/* For bytes that come in pieces. However they are cut, the result is that of checksum64 over all of them. */
struct checksum {
    uint64_t sums[CHECKSUM_SUMS];
    uint64_t seed, length;
    unsigned char pending[CHECKSUM_STRIPE]; /* the first length % CHECKSUM_STRIPE of them wait to be summed */
};

void checksum_start(struct checksum *checksum, uint64_t seed);
void checksum_add(struct checksum *checksum, const void *bytes, size_t length);

/* The checksum of what was added so far; more can be added afterwards. */
uint64_t checksum_value(const struct checksum *checksum);

/* All at once. A seed of an earlier checksum chains them: the order of the parts then counts as well. */
uint64_t checksum64(uint64_t seed, const void *bytes, size_t length);
