/* The rank's side of timeline.h. Without a recorder an op costs one branch more. */
#pragma once

#include "timeline.h"

#include <stdbool.h>
#include <stddef.h>

struct rank;

struct recorder {
    struct timeline_part *part;
    unsigned char *end;     /* of the part */
    struct op_record *open; /* of the op that runs; NULL: none */
    uint64_t posted_before; /* bytes that the rank had put into mailboxes when it began */
    uint32_t step;
};

/* Records into `part`, of `bytes` bytes, from now on. */
void recorder_start(struct recorder *recorder, void *part, uint64_t bytes);

/* Ends the record of the op before, and begins that of the op that begins unless the step skips it. */
void recorder_next(struct rank *r, bool skipped);

/* Adds time that the op that runs has waited for a peer. */
void recorder_waited(struct recorder *recorder, uint64_t nanoseconds);

/* Adds counts to the record of the op that runs. At most once an op. */
void recorder_count(struct recorder *recorder, const int32_t *counts, size_t count);

/* Ends the record of the step's last op. */
void recorder_end_step(struct rank *r);

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t recorder_clock(void);
