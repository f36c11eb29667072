#include "plan/listing.h"

void list_op(struct listing *listing, enum op_kind kind, int micro, int layer)
{
    listing->schedule->ops[listing->schedule->count++] = (struct op){.kind = kind, .micro = micro, .layer = layer};
}

/* Shares of the embedding are summed: by one op on processors, on GPUs by one on each stream. */
static void list_shared_embedding(struct listing *listing, int micro)
{
    list_op(listing, OP_EMBED_SLICE, micro, -1);
    if (listing->class->device == DEVICE_CPU) {
        list_op(listing, OP_REDUCE_EMBEDDING, micro, -1);
        return;
    }
    list_op(listing, OP_SUM_EMBEDDING, micro, -1);
    list_op(listing, OP_ADD_EMBEDDING, micro, -1);
}

void list_entry(struct listing *listing, int micro)
{
    list_op(listing, OP_ROTARY, micro, -1);
    if (!listing->class->first_stage)
        list_op(listing, OP_RECEIVE_STAGE, micro, -1);
    else if (listing->shape->tp == 1)
        list_op(listing, OP_EMBED, micro, -1);
    else
        list_shared_embedding(listing, micro);
}

void list_exit(struct listing *listing, int micro)
{
    if (!listing->class->last_stage) {
        list_op(listing, OP_SEND_STAGE, micro, -1);
        return;
    }
    list_op(listing, OP_HEAD, micro, -1);
    if (listing->shape->tp > 1)
        list_op(listing, OP_GATHER_LOGITS, micro, -1);
    list_op(listing, OP_SAMPLE, micro, -1);
}

void list_in_groups(struct listing *listing, int together, void (*pass)(struct listing *, int begin, int end))
{
    int count = listing->shape->micro_batches;
    for (int begin = 0; begin < count; begin += together)
        pass(listing, begin, begin + together < count ? begin + together : count);
}
