/* Rows on their way from stage to stage, each between ranks of the same dp, ep and tp coordinates. */
#include "ops/op.h"

void receive_stage(struct rank *r, enum micro_batch m)
{
    if (!op_begins(r, m, NO_LAYER, "stage receive"))
        return;
    struct channel *channel = &r->links.stage_in[m];
    channel_wait_message(r, channel);
    memcpy(residual_of(r, m), channel->data, row_bytes(rows_of(r, m).count));
    channel_take(channel);
}

void send_stage(struct rank *r, enum micro_batch m)
{
    if (!op_begins(r, m, NO_LAYER, "stage send"))
        return;
    struct channel *channel = &r->links.stage_out[m];
    uint64_t bytes = row_bytes(rows_of(r, m).count);
    channel_wait_free(r, channel);
    memcpy(channel->data, residual_of(r, m), bytes);
    channel_post(r, channel, CHANNEL_STAGE, bytes);
}
