/* The figures of a job, side by side: each is one text, and counts when the two texts differ. */
#include "base/heap.h"
#include "predict/diff/passes.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef void show(const struct diff_side *side, struct text *out);

static void show_name(const struct diff_side *side, struct text *out)
{
    text_format(out, "%s", side->plan->name);
}

static void show_world(const struct diff_side *side, struct text *out)
{
    text_format(out, "%s", counted(side->plan->world, "rank").text);
}

static void show_grid(const struct diff_side *side, struct text *out)
{
    for (int axis = 0; axis < AXES; axis++)
        text_format(out, "%s%s %d", axis > 0 ? " x " : "", axis_names[axis], side->plan->grid[axis]);
}

/* "3 stages of 8 layers, 1 stage of 4 layers" */
static void show_stages(const struct diff_side *side, struct text *out)
{
    const struct plan *plan = side->plan;
    int stages = plan->grid[AXIS_PP], run = 0;
    int *layers = heap_take((size_t)stages, sizeof *layers);
    for (int rank = 0; rank < plan->world; rank++)
        layers[plan->ranks[rank].at[AXIS_PP]] = plan->classes[plan->ranks[rank].class_index].shape.layers;
    for (int stage = 0; stage < stages; stage++) {
        run++;
        if (stage + 1 < stages && layers[stage + 1] == layers[stage])
            continue;
        text_format(out, "%s%s of %s", out->length > 0 ? ", " : "", counted(run, "stage").text,
                    counted(layers[stage], "layer").text);
        run = 0;
    }
    free(layers);
}

static void show_device(const struct diff_side *side, struct text *out)
{
    const struct plan *plan = side->plan;
    text_format(out, "%s over %s, %s", plan->device, plan->transport, counted(plan->threads, "thread").text);
}

static void show_nodes(const struct diff_side *side, struct text *out)
{
    text_format(out, "%s", counted(side->plan->ranks_per_node, "rank").text);
}

static void show_memory(const struct diff_side *side, struct text *out)
{
    text_format(out, "%.2f MiB", (double)side->plan->memory_bytes / (1024.0 * 1024.0));
}

static void show_hardware(const struct diff_side *side, struct text *out)
{
    bool named = side->strategy && side->strategy->hardware;
    text_format(out, "%s", named ? side->strategy->hardware->name : "not stated");
}

static void show_dtype(const struct diff_side *side, struct text *out)
{
    text_format(out, "%s", side->plan->classes[0].weights == DTYPE_BF16 ? "bf16" : "f32");
}

static void show_dispatch(const struct diff_side *side, struct text *out)
{
    text_format(out, "%s", side->plan->dispatch);
    if (!dispatch_is_exact(side->plan))
        text_format(out, ", %s an expert and sender",
                    counted(side->plan->classes[0].shape.expert_capacity, "row").text);
}

/* How many there are of a layer; which they are is a matter of ranks. */
static void show_experts(const struct diff_side *side, struct text *out)
{
    const struct placement *placement = &side->plan->placement;
    text_format(out, "%d of a layer%s%s", placement->expert_slots, placement->rows > 1 ? ", placed by layer" : "",
                placement->sources > 1 ? ", with replicas" : "");
}

static void show_family(const struct diff_side *side, struct text *out)
{
    text_format(out, "%s", side->plan->family);
}

static void show_epsilon(const struct diff_side *side, struct text *out)
{
    text_format(out, "%s", side->plan->classes[0].rms_epsilon);
}

static void show_theta(const struct diff_side *side, struct text *out)
{
    text_format(out, "%s", side->plan->classes[0].rope_theta);
}

static void show_stop_tokens(const struct diff_side *side, struct text *out)
{
    for (int i = 0; i < side->plan->stop_token_count; i++)
        text_format(out, "%s%d", i > 0 ? ", " : "", side->plan->stop_tokens[i]);
}

/* Figures that are texts of their own, and those that are a field of struct shapes. */
static const struct {
    const char *name;
    show *show;
    size_t field;
} facts[] = {
#define SHAPE(name, field)                                                                                             \
    {                                                                                                                  \
        name, NULL, offsetof(struct shapes, field)                                                                     \
    }
    {"name", show_name, 0},
    {"world", show_world, 0},
    {"grid", show_grid, 0},
    {"stages", show_stages, 0},
    {"experts of a rank", show_experts, 0},
    {"target", show_device, 0},
    {"ranks of a node", show_nodes, 0},
    {"memory of a rank", show_memory, 0},
    {"hardware", show_hardware, 0},
    SHAPE("sequences of a lane", sequences),
    SHAPE("context", context),
    SHAPE("micro-batches", micro_batches),
    SHAPE("prefill rows of a micro-batch", prefill_rows),
    SHAPE("decode rows of a micro-batch", decode_rows),
    SHAPE("logit rows of a micro-batch", logit_rows),
    {"dtype of weights", show_dtype, 0},
    {"dispatch", show_dispatch, 0},
    {"model family", show_family, 0},
    SHAPE("model layers", model_layers),
    SHAPE("model hidden size", hidden),
    SHAPE("model heads", model_heads),
    SHAPE("model key/value heads", model_kv_heads),
    SHAPE("model head size", head_dim),
    SHAPE("model experts", experts),
    SHAPE("model experts of a row", top_k),
    SHAPE("model expert hidden size", model_expert_hidden),
    SHAPE("model vocabulary", vocabulary),
    SHAPE("attention window", window),
    {"model norm epsilon", show_epsilon, 0},
    {"model rope theta", show_theta, 0},
    {"model stop tokens", show_stop_tokens, 0},
#undef SHAPE
};

static const char *fact_text(struct diff *diff, const struct diff_side *side, size_t index)
{
    struct text text = {0};
    text_add(&text, "", 0);
    if (facts[index].show)
        facts[index].show(side, &text);
    else
        text_format(&text, "%d", *(const int *)((const char *)&side->plan->classes[0].shape + facts[index].field));
    const char *kept = pool_text(&diff->pool, text.bytes);
    text_free(&text);
    return kept;
}

/* Paths are relative to their strategies, so they are compared as what they lead to, where that exists. */
bool same_checkpoint(const struct strategy *old, const struct strategy *new)
{
    const char *left = old->model.folder, *right = new->model.folder;
    if (!left || !right)
        return !left && !right;
    char *left_whole = realpath(left, NULL), *right_whole = realpath(right, NULL);
    bool same = left_whole && right_whole ? strcmp(left_whole, right_whole) == 0 : strcmp(left, right) == 0;
    free(left_whole);
    free(right_whole);
    return same;
}

static void add_fact(struct diff *diff, const char *name, const char *old, const char *new)
{
    if (strcmp(old, new) != 0)
        diff->facts[diff->fact_count++] = (struct diff_fact){name, old, new};
}

void diff_facts(struct diff *diff)
{
    size_t count = sizeof facts / sizeof *facts;
    diff->facts = pool_take(&diff->pool, count + 1, sizeof *diff->facts);
    for (size_t i = 0; i < count; i++)
        add_fact(diff, facts[i].name, fact_text(diff, &diff->old, i), fact_text(diff, &diff->new, i));
    const struct strategy *before = diff->old.strategy, *after = diff->new.strategy;
    if (before && after && !same_checkpoint(before, after))
        add_fact(diff, "checkpoint", before->model.folder ? before->model.folder : "none: the model is a table",
                 after->model.folder ? after->model.folder : "none: the model is a table");
}
