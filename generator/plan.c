/* The words of plan.h, and the plan as canonical text. */
#include "plan.h"
#include "base/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const axis_names[AXES] = {"dp", "pp", "ep", "tp"};
const char *const phase_names[PHASES] = {"prefill", "decode"};

const char *const tensor_names[TENSOR_KINDS] = {
#define X(id, file, text) #id,
    TENSORS(X)
#undef X
};

const char *const tensor_texts[TENSOR_KINDS] = {
#define X(id, file, text) text,
    TENSORS(X)
#undef X
};

const enum shard_file tensor_files[TENSOR_KINDS] = {
#define X(id, file, text) SHARD_##file,
    TENSORS(X)
#undef X
};

static void job_text(const struct plan *plan, struct text *out)
{
    text_format(out, "plan %s grid %d %d %d %d\n", plan->name, plan->grid[AXIS_DP], plan->grid[AXIS_PP],
                plan->grid[AXIS_EP], plan->grid[AXIS_TP]);
    text_format(out, "target %s %s threads %d ranks_per_node %d memory %" PRIu64 "\n", plan->device, plan->transport,
                plan->threads, plan->ranks_per_node, plan->memory_bytes);
    text_format(out, "family %s dispatch %s stop", plan->family, plan->dispatch);
    for (int i = 0; i < plan->stop_token_count; i++)
        text_format(out, " %d", plan->stop_tokens[i]);
    text_format(out, "\nsegment %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", plan->step_offset,
                plan->step_bytes, plan->mailbox_offset, plan->mailbox_bytes, plan->segment_bytes);
}

static void class_memory_text(const struct rank_class *class, struct text *out)
{
    for (int kind = 0; kind < TENSOR_KINDS; kind++) {
        const struct tensor *tensor = &class->tensors[kind];
        if (tensor->present)
            text_format(out, "tensor %s %d %d %d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", tensor_names[kind],
                        tensor->dtype, tensor->outputs, tensor->inputs, tensor->offset, tensor->layer_stride,
                        tensor->slot_stride, tensor->bytes);
    }
    text_format(out, "shards %" PRIu64 " %" PRIu64 "\n", class->shard_bytes[SHARD_DENSE],
                class->shard_bytes[SHARD_EXPERTS]);
    for (int i = 0; i < class->buffer_count; i++) {
        const struct buffer *buffer = &class->buffers[i];
        text_format(out, "buffer %s %d %" PRIu64 " %" PRIu64 "\n", buffer_names[buffer->kind], buffer->micro,
                    buffer->offset, buffer->bytes);
    }
    text_format(out, "arena %" PRIu64 "\n", class->arena_bytes);
    for (int i = 0; i < class->mailbox_count; i++) {
        const struct mailbox *mailbox = &class->mailboxes[i];
        text_format(out, "mailbox %s %d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d\n",
                    mailbox_names[mailbox->kind], mailbox->micro, mailbox->flags, mailbox->data, mailbox->stride,
                    mailbox->bytes, mailbox->slots);
    }
}

static void op_line(const struct op *op, struct text *out)
{
    text_format(out, "%s %d %d", op_table[op->kind].id, op->micro, op->layer);
    if (op->awaits)
        text_format(out, " awaits %d", op->awaits);
    if (op->host_awaits)
        text_format(out, " host_awaits %d", op->host_awaits);
    text_format(out, op->recorded ? " recorded\n" : "\n");
}

static void class_text(const struct rank_class *class, struct text *out)
{
    text_format(out, "class %s ranks %d weights %d epsilon %s theta %s\nshapes", class->name, class->ranks,
                class->weights, class->rms_epsilon, class->rope_theta);
#define X(field, NAME, text) text_format(out, " %d", class->shape.field);
    SHAPES(X)
#undef X
    text_add(out, "\n", 1);
    class_memory_text(class, out);
    for (int phase = 0; phase < PHASES; phase++) {
        const struct schedule *schedule = &class->schedules[phase];
        text_format(out, "schedule %s\n", phase_names[phase]);
        for (int i = 0; i < schedule->count; i++)
            op_line(&schedule->ops[i], out);
        if (schedule->joins)
            text_format(out, "joins %d\n", schedule->joins);
    }
}

static void placement_text(const struct plan *plan, struct text *out)
{
    const struct placement *placement = &plan->placement;
    int experts = plan->classes[0].shape.experts;
    int entries = placement->rows * placement->sources * experts;
    text_format(out, "placement %d %d %d\n", placement->rows, placement->sources, placement->expert_slots);
    for (int i = 0; i < entries; i++)
        text_format(out, "%d:%d%c", placement->home[i], placement->slot[i], (i + 1) % experts ? ' ' : '\n');
}

static void numbers_text(struct text *out, const int *numbers, int count)
{
    for (int i = 0; i < count; i++) {
        text_add(out, " ", 1);
        text_number(out, numbers[i]);
    }
}

static void rank_text(const struct plan *plan, const struct rank_row *row, struct text *out)
{
    const int fields[] = {row->rank,        row->class_index, row->at[AXIS_DP], row->at[AXIS_PP], row->at[AXIS_EP],
                          row->at[AXIS_TP], row->layer_base,  row->previous,    row->next};
    text_add(out, "rank", 4);
    numbers_text(out, fields, sizeof fields / sizeof *fields);
    text_add(out, " tp", 3);
    numbers_text(out, row->tp_group, plan->grid[AXIS_TP]);
    text_add(out, " ep", 3);
    numbers_text(out, row->ep_group, plan->grid[AXIS_EP]);
    text_format(out, " %s %s\n", row->shards[SHARD_DENSE], row->shards[SHARD_EXPERTS]);
}

bool dispatch_is_exact(const struct plan *plan)
{
    return strcmp(plan->dispatch, "exact") == 0;
}

void plan_canonical(const struct plan *plan, struct text *out)
{
    job_text(plan, out);
    for (int i = 0; i < plan->class_count; i++)
        class_text(&plan->classes[i], out);
    placement_text(plan, out);
    for (int rank = 0; rank < plan->world; rank++)
        rank_text(plan, &plan->ranks[rank], out);
}

void plan_hash(struct plan *plan)
{
    struct text text = {0};
    plan_canonical(plan, &text);
    sha256_text(text.bytes, text.length, plan->hash);
    text_free(&text);
}

char *op_text(const struct op *op, int layer_base, int micro_batches, char *out, size_t room)
{
    const struct op_info *info = &op_table[op->kind];
    char layer[32] = "", micro[4] = "";
    if (info->has_layer)
        snprintf(layer, sizeof layer, "layer %d ", layer_base + op->layer);
    if (micro_batches > 1)
        snprintf(micro, sizeof micro, " %c", 'A' + op->micro);
    snprintf(out, room, "%s%s%s", layer, info->text, micro);
    return out;
}

int usual_logit_rows(int sequences, int prefill_rows, int micro_batches)
{
    enum { USUAL = 64 };
    int decode_rows = (sequences + micro_batches - 1) / micro_batches;
    int most = (prefill_rows + micro_batches - 1) / micro_batches;
    int usual = most < USUAL ? most : USUAL;
    return usual > decode_rows ? usual : decode_rows;
}
