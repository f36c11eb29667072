/* Rows on their way from stage to stage, each between ranks of the same dp, ep and tp coordinates. */
#include "ops/op.h"

void receive_stage(struct rank *r, enum micro_batch m)
{
    if (!op_begins(r, m, NO_LAYER, "stage receive"))
        return;
    struct channel *channel = &r->links.stage_in[m];
    channel_wait_message(r, channel);
    memcpy(residual_of(r, m), channel->data, (size_t)rows_of(r, m).count * HIDDEN * sizeof(float));
    channel_take(channel);
}

void send_stage(struct rank *r, enum micro_batch m)
{
    if (!op_begins(r, m, NO_LAYER, "stage send"))
        return;
    struct channel *channel = &r->links.stage_out[m];
    channel_wait_free(r, channel);
    memcpy(channel->data, residual_of(r, m), (size_t)rows_of(r, m).count * HIDDEN * sizeof(float));
    channel_post(channel);
}
