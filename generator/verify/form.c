/* Form: every index in the plan points at something, so that the other proofs can follow it.
 *
 * A plan from the planner is well formed by construction; one read back from sources that a person edited may hold
 * anything. */
#include "base/heap.h"
#include "verify/proofs.h"

#include <stdlib.h>
#include <string.h>

/* What ranks on each device send their messages through. */
static const char *const transports[DEVICES] = {[DEVICE_CPU] = "shm", [DEVICE_CUDA] = "nccl"};

static bool job_formed(const struct plan *plan, struct error *error)
{
    uint64_t world = 1;
    for (int axis = 0; axis < AXES; axis++) {
        if (plan->grid[axis] < 1)
            return refuse(error, plan, KEY_grid, "the grid has %s %d", axis_names[axis], plan->grid[axis]);
        world = times(world, (uint64_t)plan->grid[axis]);
    }
    if (world != (uint64_t)plan->world || world > MAX_WORLD)
        return refuse(error, plan, KEY_grid, "the grid has %llu coordinates, the plan %d ranks, at most %d are allowed",
                      (unsigned long long)world, plan->world, MAX_WORLD);
    if (!plan->name || !plan->dispatch || !plan->ranks)
        return refuse(error, plan, KEY_name, "the plan lacks its name, dispatch or ranks");
    if (plan->class_count < 1 || plan->class_count > plan->world || !plan->classes)
        return refuse(error, plan, KEY_grid, "the plan has %d classes for %d ranks", plan->class_count, plan->world);
    for (int i = 0; i < plan->class_count; i++)
        if (!plan->classes[i].name || !plan->classes[i].rms_epsilon || !plan->classes[i].rope_theta)
            return refuse(error, plan, KEY_model, "class %d lacks its name, epsilon or rotary base", i);
    return true;
}

/* All ranks run on the device that the plan says, which has a transport of its own. */
static bool devices_formed(const struct plan *plan, struct error *error)
{
    for (int i = 0; i < plan->class_count; i++) {
        enum device device = plan->classes[i].device;
        if ((unsigned)device >= DEVICES || !plan->device || strcmp(plan->device, device_names[device]) != 0)
            return refuse(error, plan, KEY_target, "class %s runs on %s, but the plan is for %s", plan->classes[i].name,
                          (unsigned)device < DEVICES ? device_names[device] : "an unknown device",
                          plan->device ? plan->device : "no device");
        if (!plan->transport || strcmp(plan->transport, transports[device]) != 0)
            return refuse(error, plan, KEY_target, "ranks on %s send by %s, but the plan is for %s",
                          device_names[device], transports[device], plan->transport ? plan->transport : "no transport");
    }
    return true;
}

static bool ranks_formed(const struct plan *plan, struct error *error)
{
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        if (row->class_index < 0 || row->class_index >= plan->class_count)
            return refuse(error, plan, KEY_grid, "rank %d is of class %d, but there are %d classes", rank,
                          row->class_index, plan->class_count);
        if (!row->tp_group || !row->ep_group || !row->shards[SHARD_DENSE] || !row->shards[SHARD_EXPERTS])
            return refuse(error, plan, KEY_grid, "rank %d lacks a group or a shard name", rank);
    }
    int *members = heap_take((size_t)plan->class_count, sizeof *members);
    for (int rank = 0; rank < plan->world; rank++)
        members[plan->ranks[rank].class_index]++;
    int wrong = 0;
    while (wrong < plan->class_count && members[wrong] == plan->classes[wrong].ranks && members[wrong] > 0)
        wrong++;
    if (wrong < plan->class_count)
        refuse(error, plan, KEY_grid, "class %s says that it has %d ranks, but %d ranks are of it",
               plan->classes[wrong].name, plan->classes[wrong].ranks, members[wrong]);
    bool formed = wrong == plan->class_count;
    free(members);
    return formed;
}

static bool shapes_formed(const struct plan *plan, int class_index, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    const struct shapes *shape = &class->shape;
#define X(field, NAME, meaning)                                                                                        \
    if (shape->field < 1)                                                                                              \
        return refuse(error, plan, KEY_model, "%s has " #NAME " (%s) %d", class_words(plan, class_index).text,         \
                      meaning, shape->field);
    SHAPES(X)
#undef X
    const struct {
        const char *name;
        int size, most;
    } limits[] = {{"layers", shape->model_layers, MAX_LAYERS},
                  {"experts", shape->experts, MAX_EXPERTS},
                  {"experts a row", shape->top_k, shape->experts < MAX_TOP_K ? shape->experts : MAX_TOP_K},
                  {"expert slots", shape->expert_slots, shape->experts},
                  {"layers in the class", shape->layers, shape->model_layers},
                  {"micro-batches", shape->micro_batches, MAX_MICRO_BATCHES}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (limits[i].size > limits[i].most)
            return refuse(error, plan, KEY_model, "%s has %d %s, at most %d are allowed",
                          class_words(plan, class_index).text, limits[i].size, limits[i].name, limits[i].most);
    return true;
}

static bool ops_formed(const struct plan *plan, int class_index, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    for (int phase = 0; phase < PHASES; phase++) {
        const struct schedule *schedule = &class->schedules[phase];
        for (int i = 0; i < schedule->count; i++) {
            const struct op *op = &schedule->ops[i];
            bool known = (unsigned)op->kind < OP_KINDS && op->micro >= 0 && op->micro < class->shape.micro_batches;
            if (!known ||
                (op_table[op->kind].has_layer ? op->layer < 0 || op->layer >= class->shape.layers : op->layer != -1))
                return refuse(error, plan, KEY_batch,
                              "%s, %s op %d is %s of micro-batch %d (of %d) and layer %d (of %d)",
                              class_words(plan, class_index).text, phase_names[phase], i + 1,
                              (unsigned)op->kind < OP_KINDS ? op_table[op->kind].id : "unknown", op->micro,
                              class->shape.micro_batches, op->layer, class->shape.layers);
            if (!effects_of(class, op->kind)->exists)
                return refuse(error, plan, KEY_target, "%s op %d is %s, which a device of kind %s does not have",
                              phase_names[phase], i + 1, op_table[op->kind].id, device_names[class->device]);
            if (op->awaits < 0 || op->awaits > schedule->count)
                return refuse(error, plan, KEY_batch, "%s awaits op %d, but there are %d",
                              class_op_words(plan, class_index, phase, i).text, op->awaits, schedule->count);
        }
        if (schedule->joins < 0 || schedule->joins > schedule->count)
            return refuse(error, plan, KEY_batch, "%s, the end of %s awaits op %d, but there are %d",
                          class_words(plan, class_index).text, phase_names[phase], schedule->joins, schedule->count);
    }
    return true;
}

/* One entry a kind and micro-batch, and a micro-batch just where the kind has one. */
static bool memory_formed(const struct plan *plan, int class_index, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    for (int i = 0; i < class->buffer_count; i++) {
        const struct buffer *buffer = &class->buffers[i];
        bool shared = (unsigned)buffer->kind < BUFFER_KINDS && buffer_is_shared(buffer->kind);
        if ((unsigned)buffer->kind >= BUFFER_KINDS || (shared ? buffer->micro != -1 : buffer->micro < 0) ||
            buffer->micro >= class->shape.micro_batches || find_buffer(class, buffer->kind, buffer->micro) != buffer)
            return refuse(
                error, plan, KEY_batch, "%s, buffer %d is %s with micro-batch %d, which is unknown or doubled",
                class_words(plan, class_index).text, i,
                (unsigned)buffer->kind < BUFFER_KINDS ? buffer_names[buffer->kind] : "unknown", buffer->micro);
    }
    for (int i = 0; i < class->mailbox_count; i++) {
        const struct mailbox *mailbox = &class->mailboxes[i];
        bool shared = mailbox->kind == MAILBOX_TOKENS || mailbox->kind == MAILBOX_LOAD;
        if ((unsigned)mailbox->kind >= MAILBOX_KINDS || (shared ? mailbox->micro != -1 : mailbox->micro < 0) ||
            mailbox->micro >= class->shape.micro_batches ||
            find_mailbox(class, mailbox->kind, mailbox->micro) != mailbox)
            return refuse(
                error, plan, KEY_batch, "%s, mailbox %d is %s with micro-batch %d, which is unknown or doubled",
                class_words(plan, class_index).text, i,
                (unsigned)mailbox->kind < MAILBOX_KINDS ? mailbox_names[mailbox->kind] : "unknown", mailbox->micro);
    }
    return true;
}

static bool placement_formed(const struct plan *plan, struct error *error)
{
    const struct placement *placement = &plan->placement;
    const struct shapes *shape = &plan->classes[0].shape;
    if (!placement->home || !placement->slot || !placement->held ||
        (placement->rows != 1 && placement->rows != shape->model_layers) ||
        (placement->sources != 1 && placement->sources != plan->grid[AXIS_EP]))
        return refuse(error, plan, KEY_experts, "the placement has %d layers and %d sources for %d layers and ep %d",
                      placement->rows, placement->sources, shape->model_layers, plan->grid[AXIS_EP]);
    return true;
}

bool prove_form(const struct plan *plan, struct error *error)
{
    if (!job_formed(plan, error) || !devices_formed(plan, error) || !ranks_formed(plan, error))
        return false;
    for (int i = 0; i < plan->class_count; i++)
        if (!shapes_formed(plan, i, error) || !ops_formed(plan, i, error) || !memory_formed(plan, i, error))
            return false;
    return placement_formed(plan, error);
}
