/* What a rank records of its ops when the head asks for it: a stream of records in the rank's part of a piece of shared
 * memory of its own, which only a traced job has. The head cuts that memory into equal parts, one a rank, and reads
 * them when all ranks have left.
 *
 *   struct timeline_part | record | its counts | record | its counts | ...
 *
 * Records are only ever appended. One that finds no room is counted in `lost`, and so is every one after it. */
#pragma once

#include <stdint.h>

struct timeline_part {
    uint64_t used; /* bytes of records that follow */
    uint64_t lost; /* records that found no room */
    uint64_t reserved[6];
};

/* One op that a step did not skip. Nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share. */
struct op_record {
    uint64_t begin_ns, end_ns;
    uint64_t waited_ns; /* of the time between, for peers */
    uint64_t bytes;     /* put into mailboxes */
    uint32_t step, op;  /* the head's number of the step; the id of the op */
    uint32_t counts;    /* int32 that follow, filled up to 8 bytes:
                         *   experts: where the rows of each expert slot begin, and where the last one's end
                         *   dispatch_start, gather: rows sent to each ep coordinate */
    uint32_t reserved;
};

static inline uint64_t op_record_bytes(uint32_t counts)
{
    return sizeof(struct op_record) + ((uint64_t)counts + 1) / 2 * 8;
}

/* Parts begin on pages. `bytes` is the size of the whole memory. */
static inline uint64_t timeline_part_bytes(uint64_t bytes, int world)
{
    return bytes / (uint64_t)world / 4096 * 4096;
}
