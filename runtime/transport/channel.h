/* One-way, one-slot channels between two ranks, in shared memory.
 *
 * The writer waits until the slot is free, fills it and posts; the reader waits for the post, reads in place and takes
 * it, which frees the slot. `posted` and `taken` count messages, each on a cache line of its own:
 *
 *     writer   wait taken == count    fill    posted = ++count    wake
 *     reader   wait posted == count + 1    read    taken = ++count    wake
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct rank;

/* A counter that can be waited for. Lies in shared memory, one cache line. */
struct flag {
    _Atomic uint32_t value; /* futex */
    _Atomic uint32_t sleepers;
    uint32_t unused[14];
};

struct channel {
    struct flag *posted, *taken;
    unsigned char *data;
    uint32_t count; /* messages that this side has posted or taken */
    int32_t peer;   /* rank at the other end */
};

/* Flag lines as the plan lays them out: posted, then taken. `part` is where a rank's mailboxes begin. Maps the pages of
 * the flag lines and of the slot's `bytes`. */
struct channel channel_at(unsigned char *part, uint64_t flags, uint64_t data, uint64_t bytes, int32_t peer);

void channel_wait_free(struct rank *r, const struct channel *channel);
void channel_post(struct channel *channel);
void channel_wait_message(struct rank *r, const struct channel *channel);
void channel_take(struct channel *channel);

/* Waits until flag->value == value, raised by rank `peer`. Ends the process when the job is aborted or the peer stands
 * still: see wait.c. */
void wait_for_flag(struct rank *r, struct flag *flag, uint32_t value, int32_t peer);

/* Sets the value and wakes whoever sleeps on it. */
void raise_flag(struct flag *flag, uint32_t value);
