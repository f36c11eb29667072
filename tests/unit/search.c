/* The search: on small spaces its Pareto set is that of simulating everything; what it writes is what it predicted. */
#include "predict/search/search.h"
#include "base/file.h"
#include "plan/make.h"
#include "predict/search/parts.h"
#include "read/strategy.h"

#include "run_case.h"

#include <check.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Two devices with nodes of 4 ranks: one where arithmetic is slow against links, one where links are. */
static const struct hardware machines[] = {
    {.name = "fast",
     .flops = {[DTYPE_BF16] = {1e15, 6e14}, [DTYPE_F32] = {6e13, 4e13}},
     .memory = {3e12, 2.5e12},
     .links = {{"node", 4, 4e11, 3e-6, 0}, {"cluster", INT_MAX, 5e10, 8e-6, 0}},
     .link_count = 2,
     .op_overhead_s = 3e-6},
    {.name = "slow",
     .flops = {[DTYPE_BF16] = {2e13, 1e13}, [DTYPE_F32] = {1e13, 5e12}},
     .memory = {5e11, 4e11},
     .links = {{"node", 4, 2e10, 1e-5, 0}, {"cluster", INT_MAX, 1e9, 5e-5, 0}},
     .link_count = 2,
     .op_overhead_s = 1e-6},
};

/* Small, wide, deep; layers and heads that not every grid divides. */
static const struct model models[] = {
    {.family = "mixtral",
     .hidden = 256,
     .layers = 6,
     .heads = 8,
     .kv_heads = 4,
     .head_dim = 32,
     .experts = 8,
     .top_k = 2,
     .expert_hidden = 512,
     .vocabulary = 1000,
     .max_positions = 256,
     .window = 32,
     .rms_epsilon = 1e-5,
     .rope_theta = 1e4,
     .stop_tokens = {2, 3},
     .stop_token_count = 2},
    {.family = "mixtral",
     .hidden = 1024,
     .layers = 4,
     .heads = 16,
     .kv_heads = 16,
     .head_dim = 64,
     .experts = 16,
     .top_k = 2,
     .expert_hidden = 2048,
     .vocabulary = 32000,
     .max_positions = 256,
     .rms_epsilon = 1e-6,
     .rope_theta = 1e6,
     .stop_tokens = {2},
     .stop_token_count = 1},
    {.family = "mixtral",
     .hidden = 128,
     .layers = 8,
     .heads = 4,
     .kv_heads = 2,
     .head_dim = 32,
     .experts = 4,
     .top_k = 1,
     .expert_hidden = 256,
     .vocabulary = 500,
     .max_positions = 256,
     .rms_epsilon = 1e-5,
     .rope_theta = 1e4},
};

static const int rank_counts[] = {1, 2, 4, 6, 8};
static const char *const routings[] = {NULL, "zipf:1.2"};

enum {
    MODELS = sizeof models / sizeof *models,
    MACHINES = sizeof machines / sizeof *machines,
    RANK_COUNTS = sizeof rank_counts / sizeof *rank_counts,
    ROUTINGS = sizeof routings / sizeof *routings
};

static struct strategy base;

static struct search_request request_of(const struct model *model, const struct hardware *hardware, int ranks)
{
    base = (struct strategy){.path = "sample.lua",
                             .name = "sample",
                             .model = *model,
                             .target = {.device = "cpu", .transport = "shm", .threads = 1},
                             .batch = {.context = 64},
                             .dtype = {.weights = DTYPE_BF16}};
    return (struct search_request){.base = &base,
                                   .hardware = hardware,
                                   .ranks = ranks,
                                   .memory_bytes = 1ull << 36,
                                   .sequences = 4 * ranks,
                                   .prefill_rows = 64 * ranks,
                                   .most_simulated = INT_MAX,
                                   .margin = usual_margin};
}

static void run(const struct search_request *request, struct search_result *result)
{
    struct error error;
    ck_assert_msg(search(request, result, &error), "%s", error.text);
}

/* ---- brute force */

static int compared_candidates, compared_simulations;

static void compare_with_brute_force(const struct search_request *request)
{
    struct search_result pruned, all;
    struct search_request everything = *request;
    everything.margin = INFINITY;
    run(request, &pruned);
    run(&everything, &all);
    ck_assert_int_eq(all.simulated, all.fitting);
    ck_assert_int_eq(pruned.simulated + pruned.pruned, pruned.fitting);
    ck_assert_int_eq(pruned.best_count, all.best_count);
    for (int i = 0; i < all.best_count; i++)
        ck_assert_int_eq(pruned.best[i], all.best[i]);
    compared_candidates += all.count;
    compared_simulations += pruned.simulated;
    search_free(&pruned);
    search_free(&all);
}

START_TEST(equals_brute_force_on_small_spaces)
{
    for (int i = 0; i < RANK_COUNTS * ROUTINGS * MODELS; i++) {
        struct search_request request =
            request_of(&models[i % MODELS], &machines[_i], rank_counts[i / MODELS % RANK_COUNTS]);
        request.routing = routings[i / MODELS / RANK_COUNTS];
        compare_with_brute_force(&request);
    }
    ck_assert_int_lt(compared_simulations, compared_candidates / 2); /* or it would prove nothing */
}
END_TEST

/* Also where memory takes part of the space away. */
START_TEST(equals_brute_force_when_memory_is_short)
{
    struct search_request request = request_of(&models[1], &machines[_i], 8);
    request.memory_bytes = 160u << 20;
    compare_with_brute_force(&request);
}
END_TEST

START_TEST(nothing_that_does_not_fit_is_offered)
{
    struct search_result result;
    struct search_request request = request_of(&models[1], &machines[0], 8);
    request.memory_bytes = 160u << 20;
    run(&request, &result);
    ck_assert_int_gt(result.fitting, 0);
    ck_assert_int_lt(result.fitting, result.count);
    for (int i = 0; i < result.best_count; i++)
        ck_assert_uint_le(result.candidates[result.best[i]].score.memory, request.memory_bytes);
    search_free(&result);
}
END_TEST

/* ---- the space */

/* 8 = 2 x 2 x 2: 20 grids. With 4 heads tp is at most 4, with 4 experts ep is, with 8 layers pp may be 8; 8 sequences
 * and 8 rows divide over all lanes. */
START_TEST(every_grid_is_a_candidate_or_refused_for_a_reason)
{
    struct search_result result;
    struct search_request request = request_of(&models[2], &machines[0], 8);
    run(&request, &result);
    int refused = 0, seen[16][16][16] = {0}, distinct = 0;
    for (int i = 0; i < REFUSAL_KINDS; i++)
        refused += result.refused[i];
    ck_assert_int_eq(result.grids, 20);
    ck_assert_int_eq(refused, 2);
    ck_assert_int_eq(result.refused[REFUSAL_HEADS], 1);
    ck_assert_int_eq(result.refused[REFUSAL_EXPERTS], 1);
    for (int i = 0; i < result.count; i++) {
        const int *grid = result.candidates[i].choice.grid;
        distinct += seen[grid[0]][grid[1]][grid[2]]++ == 0;
    }
    ck_assert_int_eq(distinct, 18);
    search_free(&result);
}
END_TEST

/* On nodes of 4, (dp 2, tp 4): tp inside a node, or across two with every other rank. With one level there is one
 * order. */
START_TEST(orders_that_are_alike_are_tried_once)
{
    int orders[MOST_ORDERS][AXES];
    ck_assert_int_eq(space_orders((const int[AXES]){2, 1, 1, 4}, &machines[0], orders), 2);
    ck_assert_int_eq(space_orders((const int[AXES]){8, 1, 1, 1}, &machines[0], orders), 1);
    ck_assert_int_eq(space_orders((const int[AXES]){1, 1, 1, 4}, &machines[0], orders), 1);
    struct hardware one_level = machines[0];
    one_level.links[0].ranks = INT_MAX;
    one_level.link_count = 1;
    ck_assert_int_eq(space_orders((const int[AXES]){2, 2, 2, 2}, &one_level, orders), 1);
    for (int i = 0; i < AXES; i++)
        ck_assert_int_eq(orders[0][i], i); /* the usual one */
}
END_TEST

/* The limit of simulations holds, and says what it left out. */
START_TEST(no_more_is_simulated_than_allowed)
{
    struct search_result result;
    struct search_request request = request_of(&models[0], &machines[1], 8);
    request.most_simulated = 5;
    run(&request, &result);
    ck_assert_int_eq(result.simulated, 5);
    ck_assert_int_gt(result.pruned, 0);
    ck_assert_int_lt(result.simulated + result.pruned, result.fitting);
    search_free(&result);
}
END_TEST

/* ---- what comes out */

/* Every member of the Pareto set, written as a file and read again, is predicted to be the same. */
START_TEST(written_strategies_predict_the_same)
{
    struct search_result result;
    struct search_request request = request_of(&models[_i], &machines[1], 6);
    request.routing = "zipf:1.2"; /* experts in turn come out, too */
    struct error error;
    char path[] = "/tmp/rankc-search-XXXXXX.lua";
    close(mkstemps(path, 4));
    run(&request, &result);
    for (int i = 0; i < result.best_count; i++) {
        const struct candidate *candidate = &result.candidates[result.best[i]];
        struct pool pool = {0};
        struct text text = {0};
        struct strategy strategy;
        struct plan plan;
        struct prediction prediction;
        const struct lua_words words = {.name = choice_name(&request, &result, i, &pool), .about = "A test."};
        choice_lua(&request, &candidate->choice, &words, &text);
        ck_assert(file_write(path, text.bytes, text.length, 0644, &error));
        ck_assert_msg(strategy_read(path, NULL, &pool, &strategy, &error) && plan_make(&strategy, &plan, &error),
                      "%s\n%s", error.text, text.bytes);
        struct workload workload = usual_workload(&plan);
        ck_assert(routing_read(request.routing, &plan, &pool, &workload.routing, &error));
        predict_workload(&plan, request.hardware, &workload, &prediction);
        ck_assert_mem_eq(&prediction, &candidate->prediction, sizeof prediction);
        ck_assert_uint_eq(strategy.target.memory_bytes, request.memory_bytes);
        ck_assert_int_eq(strategy.model.stop_token_count, base.model.stop_token_count);
        ck_assert_int_eq(strategy.model.window, base.model.window);
        plan_free(&plan);
        text_free(&text);
        pool_free(&pool);
    }
    unlink(path);
    search_free(&result);
}
END_TEST

START_TEST(the_same_request_gives_the_same_bytes)
{
    struct text texts[2] = {{0}}, jsons[2] = {{0}};
    const struct goals goals = {0};
    for (int i = 0; i < 2; i++) {
        struct search_result result;
        struct search_request request = request_of(&models[0], &machines[0], 8);
        run(&request, &result);
        search_text(&request, &result, &goals, &texts[i]);
        search_json(&request, &result, &goals, &jsons[i]);
        search_free(&result);
    }
    ck_assert_str_eq(texts[0].bytes, texts[1].bytes);
    ck_assert_str_eq(jsons[0].bytes, jsons[1].bytes);
    for (int i = 0; i < 2; i++) {
        text_free(&texts[i]);
        text_free(&jsons[i]);
    }
}
END_TEST

/* Where some experts are popular, placements differ and both are tried; where none is, they do not. */
START_TEST(placements_matter_where_experts_are_popular)
{
    for (int routing = 0; routing < ROUTINGS; routing++) {
        struct search_result result;
        struct search_request request = request_of(&models[0], &machines[0], 4);
        int in_turn = 0;
        request.routing = routings[routing];
        run(&request, &result);
        for (int i = 0; i < result.count; i++)
            in_turn += result.candidates[i].choice.placing == PLACED_IN_TURN;
        ck_assert_int_eq(in_turn > 0, routing > 0);
        search_free(&result);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("search");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, equals_brute_force_on_small_spaces, 0, MACHINES);
    tcase_add_loop_test(tests, equals_brute_force_when_memory_is_short, 0, MACHINES);
    tcase_add_test(tests, nothing_that_does_not_fit_is_offered);
    tcase_add_test(tests, every_grid_is_a_candidate_or_refused_for_a_reason);
    tcase_add_test(tests, orders_that_are_alike_are_tried_once);
    tcase_add_test(tests, no_more_is_simulated_than_allowed);
    tcase_add_loop_test(tests, written_strategies_predict_the_same, 0, MODELS);
    tcase_add_test(tests, the_same_request_gives_the_same_bytes);
    tcase_add_test(tests, placements_matter_where_experts_are_popular);
    return run_case("search", tests);
}
