/* A choice as a strategy in memory: what the reader would make of the file that search_lua.c writes. */
#include "predict/search/parts.h"

#include <stdio.h>
#include <string.h>

static int *ranks_in_order(const struct choice *choice, int world, struct pool *pool)
{
    int *rank_of = pool_take(pool, (size_t)world, sizeof *rank_of), strides[AXES];
    order_strides(choice->grid, choice->order, strides);
    for (int index = 0; index < world; index++) {
        rank_of[index] = 0;
        for (int axis = AXES - 1, rest = index; axis >= 0; rest /= choice->grid[axis], axis--)
            rank_of[index] += rest % choice->grid[axis] * strides[axis];
    }
    return rank_of;
}

static int *place_experts(const struct choice *choice, const struct model *model, struct pool *pool)
{
    int *holders = pool_take(pool, (size_t)model->layers * (size_t)model->experts, sizeof *holders);
    int ep = choice->grid[AXIS_EP];
    for (int i = 0; i < model->layers * model->experts; i++) {
        int expert = i % model->experts;
        holders[i] = choice->placing == PLACED_IN_BLOCKS ? expert / (model->experts / ep) : expert % ep;
    }
    return holders;
}

void choice_strategy(const struct search_request *request, const struct choice *choice, struct pool *pool,
                     struct strategy *out)
{
    int lanes = choice->grid[AXIS_DP] * choice->grid[AXIS_EP];
    *out = *request->base;
    memcpy(out->grid, choice->grid, sizeof out->grid);
    out->world = request->ranks;
    out->rank_of = ranks_in_order(choice, request->ranks, pool);
    out->stage_layers = memcpy(pool_take(pool, (size_t)choice->grid[AXIS_PP], sizeof(int)), choice->stage_layers,
                               (size_t)choice->grid[AXIS_PP] * sizeof(int));
    out->holders = place_experts(choice, &out->model, pool);
    out->holder_room = 1;
    out->target.ranks_per_node = request->ranks;
    out->target.memory_bytes = request->memory_bytes;
    out->batch.sequences = request->sequences / lanes;
    out->batch.prefill_rows = request->prefill_rows / lanes;
    out->batch.micro_batches = choice->micro_batches;
    out->batch.logit_rows = usual_logit_rows(out->batch.sequences, out->batch.prefill_rows, out->batch.micro_batches);
}

/* ---- names */

static bool same_name(const struct choice *left, const struct choice *right)
{
    return memcmp(left->grid, right->grid, sizeof left->grid) == 0 && left->micro_batches == right->micro_batches;
}

const char *choice_name(const struct search_request *request, const struct search_result *result, int best_index,
                        struct pool *pool)
{
    enum { MOST_BASE_LETTERS = 16 }; /* a strategy's name has at most 48 letters */
    const struct choice *choice = &result->candidates[result->best[best_index]].choice;
    int before = 0;
    for (int i = 0; i < best_index; i++)
        before += same_name(&result->candidates[result->best[i]].choice, choice);
    char number[16] = "";
    if (before > 0)
        snprintf(number, sizeof number, "-%d", before + 1);
    return pool_format(pool, "%.*s-dp%d-pp%d-ep%d-tp%d-m%d%s", MOST_BASE_LETTERS, request->base->name,
                       choice->grid[AXIS_DP], choice->grid[AXIS_PP], choice->grid[AXIS_EP], choice->grid[AXIS_TP],
                       choice->micro_batches, number);
}
