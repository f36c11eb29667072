#include "emit/facts.h"

#include <string.h>

static int *take_ints(struct facts *facts, size_t count)
{
    return pool_take(&facts->pool, count, sizeof(int));
}

/* ---- ranks by coordinates, class and stage */

/* Ranks in the order of their coordinates, dp first and tp last. */
static int *order_by_coordinates(struct facts *facts)
{
    const struct plan *plan = facts->plan;
    int *ordered = take_ints(facts, (size_t)plan->world);
    for (int rank = 0; rank < plan->world; rank++) {
        int place = 0;
        for (int axis = 0; axis < AXES; axis++)
            place = place * plan->grid[axis] + plan->ranks[rank].at[axis];
        ordered[place] = rank;
    }
    return ordered;
}

static void describe_classes(struct facts *facts)
{
    const struct plan *plan = facts->plan;
    facts->classes = pool_take(&facts->pool, (size_t)plan->class_count, sizeof *facts->classes);
    int *room = take_ints(facts, (size_t)plan->world),
        **next = pool_take(&facts->pool, (size_t)plan->class_count, sizeof *next);
    for (int i = 0; i < plan->class_count; i++) {
        next[i] = room;
        facts->classes[i] = (struct class_facts){.class = &plan->classes[i], .index = i, .ranks = {room, 0}};
        room += plan->classes[i].ranks;
    }
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        struct class_facts *class = &facts->classes[row->class_index];
        if (class->ranks.count == 0)
            class->layer_base = row->layer_base;
        else if (class->layer_base != row->layer_base)
            class->layer_base = -1;
        *next[row->class_index]++ = rank;
        class->ranks.count++;
    }
}

static void describe_stages(struct facts *facts)
{
    const struct plan *plan = facts->plan;
    size_t stages = (size_t)plan->grid[AXIS_PP], each = (size_t)plan->world / stages;
    facts->stages = pool_take(&facts->pool, stages, sizeof *facts->stages);
    int *room = take_ints(facts, (size_t)plan->world);
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        const struct rank_class *class = &plan->classes[row->class_index];
        struct stage_fact *stage = &facts->stages[row->at[AXIS_PP]];
        int *ranks = room + (size_t)row->at[AXIS_PP] * each;
        ranks[stage->ranks.count] = rank;
        *stage = (struct stage_fact){
            row->at[AXIS_PP], row->layer_base, class->shape.layers, class->name, {ranks, stage->ranks.count + 1}};
    }
}

static void describe_slices(struct facts *facts, const int *ordered)
{
    const int *grid = facts->plan->grid;
    int each = grid[AXIS_EP] * grid[AXIS_TP];
    facts->slice_count = grid[AXIS_DP] * grid[AXIS_PP];
    facts->slices = pool_take(&facts->pool, (size_t)facts->slice_count, sizeof *facts->slices);
    for (int i = 0; i < facts->slice_count; i++)
        facts->slices[i] = (struct slice_fact){i / grid[AXIS_PP],
                                               i % grid[AXIS_PP],
                                               facts->stages[i % grid[AXIS_PP]].class_name,
                                               {ordered + (size_t)i * (size_t)each, each}};
}

static void describe_groups(struct facts *facts, enum axis axis, const int *ordered)
{
    const struct plan *plan = facts->plan;
    int size = plan->grid[axis], count = plan->world / size, inner = 1;
    for (int after = axis + 1; after < AXES; after++)
        inner *= plan->grid[after];
    struct group_fact *groups = pool_take(&facts->pool, (size_t)count, sizeof *groups);
    int *room = take_ints(facts, (size_t)plan->world);
    for (int group = 0; group < count; group++, room += size) {
        int first = group / inner * inner * size + group % inner;
        for (int i = 0; i < size; i++)
            room[i] = ordered[first + i * inner];
        groups[group].ranks = (struct numbers){room, size};
    }
    facts->axes[axis] = (struct axis_fact){axis_names[axis], size, count, groups};
}

/* ---- placement */

static const int *held_in_row(const struct plan *plan, int row)
{
    return plan->placement.held + (size_t)row * (size_t)plan->grid[AXIS_EP] * (size_t)plan->placement.expert_slots;
}

static void describe_layout(struct facts *facts, int row, struct layout_fact *layout)
{
    const struct plan *plan = facts->plan;
    const int *held = held_in_row(plan, row);
    int slots = plan->placement.expert_slots;
    layout->ep = plan->grid[AXIS_EP];
    layout->held = pool_take(&facts->pool, (size_t)layout->ep, sizeof *layout->held);
    for (int ep = 0; ep < layout->ep; ep++, held += slots) {
        int filled = 0;
        while (filled < slots && held[filled] >= 0)
            filled++;
        layout->held[ep] = (struct held_fact){ep, {held, filled}};
    }
}

/* Rows that are equal make one layout; which is looked for among those found so far. */
static void describe_layouts(struct facts *facts)
{
    const struct plan *plan = facts->plan;
    int rows = plan->placement.rows, layers = plan->classes[0].shape.model_layers;
    size_t row_bytes = (size_t)plan->grid[AXIS_EP] * (size_t)plan->placement.expert_slots * sizeof(int);
    facts->layouts = pool_take(&facts->pool, (size_t)rows, sizeof *facts->layouts);
    for (int layer = 0; layer < layers; layer++) {
        int row = rows == 1 ? 0 : layer, i = 0;
        while (i < facts->layout_count &&
               memcmp(facts->layouts[i].held[0].experts.first, held_in_row(plan, row), row_bytes) != 0)
            i++;
        struct layout_fact *layout = &facts->layouts[i];
        if (i == facts->layout_count) {
            describe_layout(facts, row, layout);
            layout->layers.first = take_ints(facts, (size_t)layers);
            facts->layout_count++;
        }
        ((int *)layout->layers.first)[layout->layers.count++] = layer;
    }
}

static void describe_placement(struct facts *facts)
{
    const struct placement *placement = &facts->plan->placement;
    int experts = facts->plan->classes[0].shape.experts;
    facts->placement_count = placement->rows * placement->sources;
    facts->placement = pool_take(&facts->pool, (size_t)facts->placement_count, sizeof *facts->placement);
    for (int i = 0; i < facts->placement_count; i++) {
        size_t at = (size_t)i * (size_t)experts;
        facts->placement[i] = (struct placement_fact){placement->rows > 1 ? i / placement->sources : -1,
                                                      placement->sources > 1 ? i % placement->sources : -1,
                                                      {placement->home + at, experts},
                                                      {placement->slot + at, experts}};
    }
}

/* ---- memory of a class */

const char *micro_name(int micro)
{
    static const char *const names[MAX_MICRO_BATCHES] = {"A", "B", "C", "D", "E", "F", "G", "H"};
    return micro < 0 ? NULL : names[micro];
}

static void describe_memory(struct facts *facts, struct class_facts *facts_of_class)
{
    static const char *const file_names[SHARD_FILES] = {"dense", "experts"};
    static const char *const dtype_names[] = {[DTYPE_BF16] = "bf16", [DTYPE_F32] = "f32"};
    const struct rank_class *class = facts_of_class->class;
    facts_of_class->tensors = pool_take(&facts->pool, TENSOR_KINDS, sizeof *facts_of_class->tensors);
    for (int kind = 0; kind < TENSOR_KINDS; kind++) {
        const struct tensor *tensor = &class->tensors[kind];
        if (tensor->present)
            facts_of_class->tensors[facts_of_class->tensor_count++] =
                (struct tensor_fact){tensor_names[kind], tensor_texts[kind], file_names[tensor_files[kind]],
                                     dtype_names[tensor->dtype], *tensor};
    }
    facts_of_class->buffers = pool_take(&facts->pool, (size_t) class->buffer_count, sizeof *facts_of_class->buffers);
    for (int i = 0; i < class->buffer_count; i++) {
        const struct buffer *buffer = &class->buffers[i];
        facts_of_class->buffers[i] =
            (struct buffer_fact){buffer_names[buffer->kind], buffer_texts[buffer->kind], micro_name(buffer->micro),
                                 buffer_lifetime(&facts->pool, class, buffer), *buffer};
    }
    facts_of_class->mailboxes =
        pool_take(&facts->pool, (size_t) class->mailbox_count, sizeof *facts_of_class->mailboxes);
    for (int i = 0; i < class->mailbox_count; i++) {
        const struct mailbox *mailbox = &class->mailboxes[i];
        facts_of_class->mailboxes[i] = (struct mailbox_fact){mailbox_names[mailbox->kind], mailbox_texts[mailbox->kind],
                                                             micro_name(mailbox->micro), *mailbox};
    }
}

static void describe_ops(struct facts *facts, struct class_facts *class)
{
    for (enum phase phase = 0; phase < PHASES; phase++)
        for (enum op_kind kind = 0; kind < OP_KINDS; kind++)
            class->notes[phase][kind] = op_note(&facts->pool, class->class, phase, kind);
}

void facts_make(const struct plan *plan, struct facts *facts)
{
    *facts = (struct facts){.plan = plan};
    const int *ordered = order_by_coordinates(facts);
    describe_classes(facts);
    describe_stages(facts);
    describe_slices(facts, ordered);
    for (enum axis axis = 0; axis < AXES; axis++)
        describe_groups(facts, axis, ordered);
    describe_layouts(facts);
    describe_placement(facts);
    for (int i = 0; i < plan->class_count; i++) {
        describe_memory(facts, &facts->classes[i]);
        describe_ops(facts, &facts->classes[i]);
    }
}

void facts_free(struct facts *facts)
{
    pool_free(&facts->pool);
    *facts = (struct facts){0};
}
