/* One-way, one-slot channels between two ranks, in shared memory.
 *
 * The writer waits until the slot is free, fills it and posts; the reader waits for the post, reads in place and takes
 * it, which frees the slot. `posted` and `taken` count messages, each on a cache line of its own:
 *
 *     writer   wait taken == count    fill    posted = ++count    wake
 *     reader   wait posted == count + 1    read    taken = ++count    wake
 *
 * Every rank counts the bytes that it posts, by kind of channel. Counted is what a reader is meant to read, once for
 * each reader, whatever the slot could hold; a message about no rows counts what is left of this:
 *
 *     STAGE      rows x hidden x 4
 *     PARTIAL    rows x hidden x 4
 *     DISPATCH   64 (the line with the number of rows) + rows x top_k x 8 (experts and weights) + rows x hidden x 4
 *     COMBINE    rows x hidden x 4: the rows of the dispatch message that it answers
 *     LOGITS     rows whose logits are wanted x vocabulary slice x 4
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct rank;

/* In the order of the mailboxes of generator/ops.h that channels lead to. */
enum channel_kind { CHANNEL_STAGE, CHANNEL_PARTIAL, CHANNEL_DISPATCH, CHANNEL_COMBINE, CHANNEL_LOGITS, CHANNEL_KINDS };

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
/* Posts a message and counts its bytes. */
void channel_post(struct rank *r, struct channel *channel, enum channel_kind kind, uint64_t bytes);
void channel_wait_message(struct rank *r, const struct channel *channel);
void channel_take(struct channel *channel);

/* Waits until flag->value == value, raised by rank `peer`. Ends the process when the job is aborted or the peer stands
 * still: see wait.c. */
void wait_for_flag(struct rank *r, struct flag *flag, uint32_t value, int32_t peer);

/* Sets the value and wakes whoever sleeps on it. */
void raise_flag(struct flag *flag, uint32_t value);
