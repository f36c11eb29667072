/* Every grid that the model's sizes allow, with its stage splits and numbers of micro-batches. */
#include "predict/search/parts.h"

#include <string.h>

const char *const refusal_texts[REFUSAL_KINDS] = {
#define X(id, text) text,
    REFUSALS(X)
#undef X
};

/* ---- grids */

static bool divides(int part, int whole)
{
    return whole % part == 0;
}

static enum refusal refusal_of(const struct search_request *request, const int grid[AXES])
{
    const struct model *model = &request->base->model;
    const int tp = grid[AXIS_TP], lanes = grid[AXIS_DP] * grid[AXIS_EP];
    const struct {
        bool allowed;
        enum refusal otherwise;
    } rules[] = {
        {divides(tp, model->heads) && (divides(tp, model->kv_heads) || divides(model->kv_heads, tp)), REFUSAL_HEADS},
        {divides(tp, model->expert_hidden), REFUSAL_EXPERT_HIDDEN},
        {grid[AXIS_EP] <= model->experts, REFUSAL_EXPERTS},
        {grid[AXIS_PP] <= model->layers, REFUSAL_LAYERS},
        {divides(lanes, request->sequences), REFUSAL_SEQUENCES},
        {divides(lanes, request->prefill_rows), REFUSAL_ROWS},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (!rules[i].allowed)
            return rules[i].otherwise;
    return REFUSAL_NONE;
}

/* ---- stages */

static int share_above(int whole, int parts)
{
    return (whole + parts - 1) / parts;
}

/* Layers of each stage: the first and the last get an even share, or a layer less (they have the embedding and the
 * head beside it); those between share the rest, the larger ones first. False where a stage would be left empty. */
static bool split_layers(int layers, int stages, bool lighter_first, bool lighter_last, int *out)
{
    if (stages == 1) {
        out[0] = layers;
        return !lighter_first && !lighter_last;
    }
    out[0] = share_above(layers, stages) - lighter_first;
    out[stages - 1] = share_above(layers, stages) - lighter_last;
    int left = layers - out[0] - out[stages - 1];
    for (int stage = 1; stage < stages - 1; stage++) {
        out[stage] = share_above(left, stages - 1 - stage);
        left -= out[stage];
    }
    for (int stage = 0; stage < stages; stage++)
        if (out[stage] < 1)
            return false;
    return left == 0;
}

static bool all_alike(const int *numbers, int count)
{
    for (int i = 1; i < count; i++)
        if (numbers[i] != numbers[0])
            return false;
    return true;
}

/* ---- outlines */

static void add_micro_batches(const struct search_request *request, struct outlines *outlines, struct choice outline)
{
    int lane_rows = request->prefill_rows / (outline.grid[AXIS_DP] * outline.grid[AXIS_EP]);
    for (int micro_batches = 1; micro_batches <= MAX_MICRO_BATCHES && micro_batches <= lane_rows; micro_batches *= 2) {
        outline.micro_batches = micro_batches;
        outlines->all[outlines->count++] = outline;
    }
}

enum { STAGE_SPLITS = 4, MICRO_BATCH_COUNTS = 4 };

static void add_stages(const struct search_request *request, struct search_result *result, struct outlines *outlines,
                       struct choice outline)
{
    const struct model *model = &request->base->model;
    int stages = outline.grid[AXIS_PP];
    outline.placing = divides(outline.grid[AXIS_EP], model->experts) ? PLACED_IN_BLOCKS : PLACED_IN_TURN;
    for (int split = 0; split < STAGE_SPLITS; split++) {
        int *layers = pool_take(&result->pool, (size_t)stages, sizeof *layers);
        if (!split_layers(model->layers, stages, split & 1, split & 2, layers))
            continue;
        outline.stage_layers = layers;
        outline.even_stages = all_alike(layers, stages);
        add_micro_batches(request, outlines, outline);
    }
}

/* Calls `take` for every grid of so many ranks. */
static void for_each_grid(int ranks, void (*take)(void *context, const int grid[AXES]), void *context)
{
    for (int dp = 1; dp <= ranks; dp++)
        for (int pp = 1; divides(dp, ranks) && pp <= ranks / dp; pp++)
            for (int ep = 1; divides(pp, ranks / dp) && ep <= ranks / dp / pp; ep++)
                if (divides(ep, ranks / dp / pp))
                    take(context, (const int[AXES]){dp, pp, ep, ranks / dp / pp / ep});
}

struct taking {
    const struct search_request *request;
    struct search_result *result;
    struct outlines *outlines;
};

static void count_grid(void *context, const int grid[AXES])
{
    (void)grid;
    ((struct taking *)context)->result->grids++;
}

static void take_grid(void *context, const int grid[AXES])
{
    struct taking *taking = context;
    enum refusal refusal = refusal_of(taking->request, grid);
    if (refusal != REFUSAL_NONE) {
        taking->result->refused[refusal]++;
        return;
    }
    struct choice outline = {.order = {AXIS_DP, AXIS_PP, AXIS_EP, AXIS_TP}};
    memcpy(outline.grid, grid, sizeof outline.grid);
    add_stages(taking->request, taking->result, taking->outlines, outline);
}

struct outlines space_outlines(const struct search_request *request, struct search_result *result)
{
    struct outlines outlines = {0};
    struct taking taking = {request, result, &outlines};
    for_each_grid(request->ranks, count_grid, &taking);
    size_t most = (size_t)result->grids * STAGE_SPLITS * MICRO_BATCH_COUNTS;
    outlines.all = pool_take(&result->pool, most, sizeof *outlines.all);
    for_each_grid(request->ranks, take_grid, &taking);
    return outlines;
}

int space_placings(const struct choice *outline, const struct model *model, const struct routing *routing,
                   enum placing out[2])
{
    int ep = outline->grid[AXIS_EP];
    out[0] = outline->placing;
    out[1] = PLACED_IN_TURN;
    /* One expert a rank, or all on one: both placements are the same, or the same but for numbers. */
    bool differ = out[0] != out[1] && routing->kind != ROUTING_UNIFORM && ep > 1 && ep < model->experts;
    return differ ? 2 : 1;
}
