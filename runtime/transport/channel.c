#include "transport/channel.h"
#include "pages.h"
#include "rank.h"

struct channel channel_at(unsigned char *part, uint64_t flags, uint64_t data, uint64_t bytes, int32_t peer)
{
    struct flag *lines = (struct flag *)(part + flags);
    map_pages((unsigned char *)lines, 2 * sizeof *lines);
    map_pages(part + data, bytes);
    return (struct channel){.posted = &lines[0], .taken = &lines[1], .data = part + data, .peer = peer};
}

void channel_wait_free(struct rank *r, const struct channel *channel)
{
    wait_for_flag(r, channel->taken, channel->count, channel->peer);
}

void channel_post(struct rank *r, struct channel *channel, enum channel_kind kind, uint64_t bytes)
{
    _Atomic uint64_t *posted = &r->control->posted_bytes[kind]; /* nobody else writes it */
    atomic_store_explicit(posted, atomic_load_explicit(posted, memory_order_relaxed) + bytes, memory_order_relaxed);
    raise_flag(channel->posted, ++channel->count);
}

void channel_wait_message(struct rank *r, const struct channel *channel)
{
    wait_for_flag(r, channel->posted, channel->count + 1, channel->peer);
}

void channel_take(struct channel *channel)
{
    raise_flag(channel->taken, ++channel->count);
}
