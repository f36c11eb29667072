/* A choice as a strategy file: only what differs from the defaults, the way a person would write it. */
#include "predict/search/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- values */

/* The shortest decimal that reads back as the same number. */
static void add_real(struct text *out, double value)
{
    char shown[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(shown, sizeof shown, "%.*g", digits, value);
        if (strtod(shown, NULL) == value)
            break;
    }
    text_format(out, "%s", shown);
}

/* "64 GiB": in the largest unit that needs no fraction. */
static void add_memory(struct text *out, uint64_t bytes)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } units[] = {{"TiB", 1ull << 40}, {"TB", 1000000000000}, {"GiB", 1ull << 30},
                 {"GB", 1000000000},  {"MiB", 1 << 20},      {"MB", 1000000},
                 {"KiB", 1 << 10},    {"KB", 1000},          {"B", 1}};
    size_t unit = 0;
    while (bytes % units[unit].bytes != 0)
        unit++;
    text_format(out, "\"%" PRIu64 " %s\"", bytes / units[unit].bytes, units[unit].name);
}

static void add_list(struct text *out, const int *numbers, int count)
{
    for (int i = 0; i < count; i++)
        text_format(out, "%s%d", i > 0 ? ", " : "", numbers[i]);
}

/* ---- keys */

static void add_model(struct text *out, const struct model *model, const char *folder)
{
    if (folder) {
        text_format(out, "  model = hf \"%s\",\n", folder);
        return;
    }
    const struct {
        const char *key;
        int value;
    } numbers[] = {
        {"hidden_size", model->hidden},        {"num_hidden_layers", model->layers},
        {"num_attention_heads", model->heads}, {"num_key_value_heads", model->kv_heads},
        {"head_dim", model->head_dim},         {"num_local_experts", model->experts},
        {"num_experts_per_tok", model->top_k}, {"intermediate_size", model->expert_hidden},
        {"vocab_size", model->vocabulary},     {"max_position_embeddings", model->max_positions},
    };
    text_format(out, "  model = {\n    model_type = \"%s\",\n", model->family);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        text_format(out, "    %s = %d,\n", numbers[i].key, numbers[i].value);
    if (model->window > 0)
        text_format(out, "    sliding_window = %d,\n", model->window);
    text_format(out, "    rms_norm_eps = ");
    add_real(out, model->rms_epsilon);
    text_format(out, ",\n    rope_theta = ");
    add_real(out, model->rope_theta);
    if (model->stop_token_count > 0) {
        bool several = model->stop_token_count > 1;
        text_format(out, ",\n    eos_token_id = %s", several ? "{ " : "");
        add_list(out, model->stop_tokens, model->stop_token_count);
        text_format(out, "%s", several ? " }" : "");
    }
    text_format(out, ",\n  },\n");
}

static void add_rank(struct text *out, const struct choice *choice)
{
    int strides[AXES], usual[AXES];
    const char *between = "";
    order_strides(choice->grid, choice->order, strides);
    order_strides(choice->grid, (const int[AXES]){AXIS_DP, AXIS_PP, AXIS_EP, AXIS_TP}, usual);
    bool differs = false;
    for (int axis = 0; axis < AXES; axis++)
        differs |= choice->grid[axis] > 1 && strides[axis] != usual[axis];
    if (!differs)
        return;
    text_format(out, "  rank  = function(c) return ");
    for (int i = 0; i < AXES; i++) {
        int axis = choice->order[i];
        if (choice->grid[axis] == 1)
            continue;
        text_format(out, "%sc.%s", between, axis_names[axis]);
        if (strides[axis] > 1)
            text_format(out, "*%d", strides[axis]);
        between = " + ";
    }
    text_format(out, " end,\n");
}

static void add_target(struct text *out, const struct strategy *strategy, const char *hardware)
{
    text_format(out, "  target = { device = \"%s\", transport = \"%s\", memory = ", strategy->target.device,
                strategy->target.transport);
    add_memory(out, strategy->target.memory_bytes);
    if (hardware)
        text_format(out, ", hardware = \"%s\"", hardware);
    text_format(out, " },\n");
}

void choice_lua(const struct search_request *request, const struct choice *choice, const struct lua_words *words,
                struct text *out)
{
    struct pool pool = {0};
    struct strategy strategy;
    choice_strategy(request, choice, &pool, &strategy);
    text_format(out, "-- %s\nreturn strategy {\n  name  = \"%s\",\n", words->about, words->name);
    add_model(out, &strategy.model, words->model);
    text_format(out, "  grid  = { dp = %d, pp = %d, ep = %d, tp = %d },\n", choice->grid[AXIS_DP],
                choice->grid[AXIS_PP], choice->grid[AXIS_EP], choice->grid[AXIS_TP]);
    add_rank(out, choice);
    if (!choice->even_stages) {
        text_format(out, "  stages = { ");
        add_list(out, choice->stage_layers, choice->grid[AXIS_PP]);
        text_format(out, " },\n");
    }
    if (choice->placing == PLACED_IN_TURN)
        text_format(out, "  experts = function(layer, expert) return expert %% %d end,\n", choice->grid[AXIS_EP]);
    add_target(out, &strategy, words->hardware);
    text_format(out, "  -- Of each of %s; %d sequences in all.\n",
                counted(choice->grid[AXIS_DP] * choice->grid[AXIS_EP], "lane").text, request->sequences);
    text_format(out, "  batch  = { sequences = %d, context = %d, prefill_rows = %d, micro_batches = %d },\n",
                strategy.batch.sequences, strategy.batch.context, strategy.batch.prefill_rows,
                strategy.batch.micro_batches);
    text_format(out, "  dtype  = { weights = \"%s\" },\n", strategy.dtype.weights == DTYPE_F32 ? "f32" : "bf16");
    if (strategy.capacity_factor > 0) {
        text_format(out, "  dispatch = capacity(");
        add_real(out, strategy.capacity_factor);
        text_format(out, "),\n");
    }
    text_format(out, "}\n");
    pool_free(&pool);
}
