#include "recorder.h"
#include "rank.h"

#include <string.h>
#include <time.h>

uint64_t recorder_clock(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void recorder_start(struct recorder *recorder, void *part, uint64_t bytes)
{
    *recorder = (struct recorder){.part = part, .end = (unsigned char *)part + bytes};
}

static uint64_t posted_bytes(const struct rank *r)
{
    uint64_t bytes = 0;
    for (int kind = 0; kind < CHANNEL_KINDS; kind++)
        bytes += atomic_load_explicit(&r->control->posted_bytes[kind], memory_order_relaxed);
    return bytes;
}

static void close_record(struct rank *r, uint64_t now)
{
    struct recorder *recorder = r->recorder;
    struct op_record *record = recorder->open;
    if (!record)
        return;
    record->end_ns = now;
    record->bytes = posted_bytes(r) - recorder->posted_before;
    recorder->part->used += op_record_bytes(record->counts);
    recorder->open = NULL;
}

/* Once a record is lost all are: what is there has no gaps. */
static bool has_room(struct recorder *recorder, const void *from, uint64_t bytes)
{
    if (recorder->part->lost == 0 && (uint64_t)(recorder->end - (const unsigned char *)from) >= bytes)
        return true;
    recorder->part->lost++;
    recorder->open = NULL;
    return false;
}

void recorder_next(struct rank *r, bool skipped)
{
    struct recorder *recorder = r->recorder;
    uint64_t now = recorder_clock();
    close_record(r, now);
    unsigned char *at = (unsigned char *)(recorder->part + 1) + recorder->part->used;
    if (skipped || !has_room(recorder, at, sizeof *recorder->open))
        return;
    recorder->open = (struct op_record *)(void *)at;
    *recorder->open = (struct op_record){.begin_ns = now, .step = recorder->step, .op = r->op};
    recorder->posted_before = posted_bytes(r);
}

void recorder_waited(struct recorder *recorder, uint64_t nanoseconds)
{
    if (recorder->open)
        recorder->open->waited_ns += nanoseconds;
}

void recorder_count(struct recorder *recorder, const int32_t *counts, size_t count)
{
    if (!recorder->open || !has_room(recorder, recorder->open, op_record_bytes((uint32_t)count)))
        return;
    memcpy(recorder->open + 1, counts, count * sizeof *counts);
    recorder->open->counts = (uint32_t)count;
}

void recorder_end_step(struct rank *r)
{
    close_record(r, recorder_clock());
}
