/* The result of a search for programs. */
#include "predict/search/parts.h"

#include <jansson.h>
#include <stdlib.h>

static const char *const placing_words[] = {[PLACED_IN_BLOCKS] = "blocks", [PLACED_IN_TURN] = "in turn"};

static json_t *grid_json(const int grid[AXES])
{
    json_t *json = json_object();
    for (int axis = 0; axis < AXES; axis++)
        json_object_set_new(json, axis_names[axis], json_integer(grid[axis]));
    return json;
}

static json_t *choice_json(const struct choice *choice)
{
    json_t *stages = json_array(), *order = json_array();
    for (int stage = 0; stage < choice->grid[AXIS_PP]; stage++)
        json_array_append_new(stages, json_integer(choice->stage_layers[stage]));
    for (int i = 0; i < AXES; i++)
        json_array_append_new(order, json_string(axis_names[choice->order[i]]));
    return json_pack("{s:o, s:o, s:i, s:s, s:o}", "grid", grid_json(choice->grid), "stages", stages, "micro_batches",
                     choice->micro_batches, "experts", placing_words[choice->placing], "rank_order", order);
}

static void add_scores(json_t *json, const struct search_request *request, const struct candidate *candidate)
{
    json_object_set_new(json, "ttft_s", json_real(candidate->score.ttft_s));
    for (int phase = 0; phase < PHASES; phase++) {
        const struct phase_prediction *p = &candidate->prediction.phases[phase];
        json_object_set_new(json, phase_names[phase],
                            json_pack("{s:f, s:f, s:f}", "tokens_per_s", p->tokens_per_s, "tokens_per_s_per_rank",
                                      p->tokens_per_s / request->ranks, "step_s", p->step_s));
    }
    json_object_set_new(json, "memory_bytes", json_integer((json_int_t)candidate->score.memory));
    json_object_set_new(json, "headroom_bytes",
                        json_integer((json_int_t)request->memory_bytes - (json_int_t)candidate->score.memory));
}

static json_t *best_json(const struct search_request *request, const struct search_result *result,
                         const struct goals *goals)
{
    struct pool pool = {0};
    json_t *array = json_array();
    for (int i = 0; i < result->best_count; i++) {
        const struct candidate *candidate = &result->candidates[result->best[i]];
        json_t *json = choice_json(&candidate->choice);
        json_object_set_new(json, "name", json_string(choice_name(request, result, i, &pool)));
        json_object_set_new(json, "meets_goals", json_boolean(meets(goals, &candidate->score, request->ranks)));
        add_scores(json, request, candidate);
        json_array_append_new(array, json);
    }
    pool_free(&pool);
    return array;
}

static json_t *base_json(const struct search_request *request, const struct search_result *result)
{
    const struct candidate *own = &result->base;
    const struct standing standing = base_standing(result);
    json_t *json = json_pack("{s:o, s:i, s:b, s:i, s:i, s:i}", "grid", grid_json(own->choice.grid), "micro_batches",
                             own->choice.micro_batches, "fits", own->fits, "rank_by_throughput", standing.by_throughput,
                             "rank_by_ttft", standing.by_ttft, "of", standing.of);
    add_scores(json, request, own);
    if (standing.beaten_by)
        json_object_set_new(json, "beaten_by", choice_json(&standing.beaten_by->choice));
    return json;
}

void search_json(const struct search_request *request, const struct search_result *result, const struct goals *goals,
                 struct text *out)
{
    json_t *refused = json_object();
    for (int i = 0; i < REFUSAL_KINDS; i++)
        json_object_set_new(refused, refusal_texts[i], json_integer(result->refused[i]));
    json_t *json =
        json_pack("{s:s, s:s, s:i, s:I, s:{s:i, s:i, s:i, s:i, s:i}, s:i, s:o, s:i, s:i, s:i, s:i, s:o}", "model",
                  request->base->name, "hardware", request->hardware->name, "ranks", request->ranks, "memory_bytes",
                  (json_int_t)request->memory_bytes, "held_constant", "sequences", request->sequences, "context",
                  request->base->batch.context, "prefill_rows", request->prefill_rows, "prompt_tokens",
                  result->prompt_tokens, "new_tokens", result->new_tokens, "grids", result->grids, "grids_refused",
                  refused, "candidates", result->count, "fitting", result->fitting, "simulated", result->simulated,
                  "ruled_out", result->pruned, "best", best_json(request, result, goals));
    if (result->has_base)
        json_object_set_new(json, "own", base_json(request, result));
    char *text = json_dumps(json, JSON_INDENT(2));
    text_format(out, "%s\n", text);
    free(text);
    json_decref(json);
}
