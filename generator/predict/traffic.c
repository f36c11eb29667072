#include "predict/traffic.h"

#include <assert.h>

enum { F32 = 4, COUNT_BYTES = 4, WISH_BYTES = 8, MESSAGE_BYTES = 64 /* the line with the number of rows */ };

static uint64_t gpu_message_bytes(const struct work_site *site, const struct op *op, int peer)
{
    const struct shapes *shape = &site->class->shape;
    const struct micro_rows rows = captured_rows(site, op);
    const uint64_t values = (uint64_t)rows.rows * (uint64_t)shape->hidden;
    const uint64_t counts = (uint64_t)(1 + shape->expert_slots) * COUNT_BYTES;
    const int own = site->row->at[AXIS_EP];
    bool exact = site->step->phase == PREFILL && dispatch_is_exact(site->plan);
    switch (op_table[op->kind].mailbox) {
    case MAILBOX_STAGE:
        return values * F32;
    case MAILBOX_PARTIAL:
        return 2 * values * value_bytes(site->class) / (uint64_t)shape->tp;
    case MAILBOX_COUNTS:
        return counts;
    case MAILBOX_DISPATCH:
        return (exact ? 0 : counts) + (uint64_t)sent_records(site, op, own, peer) * record_bytes(site->class);
    case MAILBOX_COMBINE:
        return (uint64_t)sent_records(site, op, peer, own) * record_bytes(site->class);
    case MAILBOX_LOGITS:
        return (uint64_t)rows.wanted * (uint64_t)shape->vocabulary_slice * F32;
    default:
        assert(!"an op that posts has a mailbox");
        return 0;
    }
}

uint64_t message_bytes(const struct work_site *site, const struct op *op, int peer)
{
    if (site->class->device == DEVICE_CUDA)
        return gpu_message_bytes(site, op, peer);
    const struct shapes *shape = &site->class->shape;
    const struct micro_rows *rows = rows_of_op(site, op);
    const uint64_t row_bytes = (uint64_t)shape->hidden * F32;
    const int own = site->row->at[AXIS_EP];
    switch (op_table[op->kind].mailbox) {
    case MAILBOX_STAGE:
    case MAILBOX_PARTIAL:
        return (uint64_t)rows->rows * row_bytes;
    case MAILBOX_DISPATCH:
        return MESSAGE_BYTES +
               (uint64_t)sent_rows(site, op, own, peer) * ((uint64_t)shape->top_k * WISH_BYTES + row_bytes);
    case MAILBOX_COMBINE:
        return (uint64_t)sent_rows(site, op, peer, own) * row_bytes;
    case MAILBOX_LOGITS:
        return (uint64_t)rows->wanted * (uint64_t)shape->vocabulary_slice * F32;
    default:
        assert(!"an op that posts has a mailbox");
        return 0;
    }
}

int latencies_of(enum op_kind kind)
{
    return kind == OP_SUM_EMBEDDING || kind == OP_SUM_ATTENTION || kind == OP_SUM_EXPERTS ? 2 : 1;
}

int level_between(const struct hardware *hardware, int left, int right)
{
    int level = 0;
    while (level + 1 < hardware->link_count &&
           left / hardware->links[level].ranks != right / hardware->links[level].ranks)
        level++;
    return level;
}

struct peers peers_of(const struct plan *plan, const struct rank_row *row, const struct op_info *info)
{
    switch (info->axis) {
    case AXIS_TP:
        return (struct peers){row->tp_group, plan->grid[AXIS_TP]};
    case AXIS_EP:
        return (struct peers){row->ep_group, plan->grid[AXIS_EP]};
    case AXIS_PP:
        return (struct peers){info->action == ACTION_SEND ? &row->next : &row->previous, 1};
    default:
        return (struct peers){0};
    }
}
