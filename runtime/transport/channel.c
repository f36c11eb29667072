#include "transport/channel.h"

void channel_wait_free(struct rank *r, const struct channel *channel)
{
    wait_for_flag(r, channel->taken, channel->count, channel->peer);
}

void channel_post(struct channel *channel)
{
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
