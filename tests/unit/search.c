/* The search: on small spaces its Pareto set is that of simulating everything. */
#include "plan/make.h"
#include "predict/search.h"

#include <check.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two published devices with nodes of 4 ranks: one where links are fast, one where they are slow. */
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

static const struct model models[] = {
    {.family = "mixtral", .hidden = 256, .layers = 6, .heads = 8, .kv_heads = 4, .head_dim = 32, .experts = 8,
     .top_k = 2, .expert_hidden = 512, .vocabulary = 1000, .max_positions = 256, .rms_epsilon = 1e-5, .rope_theta = 1e4},
    {.family = "mixtral", .hidden = 1024, .layers = 4, .heads = 16, .kv_heads = 16, .head_dim = 64, .experts = 16,
     .top_k = 2, .expert_hidden = 2048, .vocabulary = 32000, .max_positions = 256, .rms_epsilon = 1e-5,
     .rope_theta = 1e4},
    {.family = "mixtral", .hidden = 128, .layers = 8, .heads = 4, .kv_heads = 2, .head_dim = 32, .experts = 4,
     .top_k = 1, .expert_hidden = 256, .vocabulary = 500, .max_positions = 256, .rms_epsilon = 1e-5, .rope_theta = 1e4},
};

enum { MODELS = sizeof models / sizeof *models, MACHINES = sizeof machines / sizeof *machines };

static struct strategy base_of(const struct model *model)
{
    return (struct strategy){.path = "sample.lua",
                             .name = "sample",
                             .model = *model,
                             .target = {.device = "cpu", .transport = "shm", .threads = 1},
                             .batch = {.context = 64},
                             .dtype = {.weights = DTYPE_BF16}};
}

static struct search_request request_of(const struct strategy *base, const struct hardware *hardware, int ranks)
{
    return (struct search_request){.base = base,
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

static const int rank_counts[] = {1, 2, 4, 6, 8};
enum { RANK_COUNTS = sizeof rank_counts / sizeof *rank_counts };

static void compare_with_brute_force(const struct search_request *request)
{
    struct search_result pruned, all;
    struct search_request everything = *request;
    everything.margin = INFINITY;
    run(request, &pruned);
    run(&everything, &all);
    double t_low = 1e9, t_high = 0, d_low = 1e9, d_high = 0;
    for (int i = 0; i < all.count; i++) {
        double t = all.candidates[i].score.ttft_s / all.candidates[i].estimate.ttft_s;
        double d = all.candidates[i].score.tokens_per_s / all.candidates[i].estimate.tokens_per_s;
        t_low = fmin(t, t_low), t_high = fmax(t, t_high), d_low = fmin(d, d_low), d_high = fmax(d, d_high);
    }
    fprintf(stderr, "%s %d layers %d ranks: %d candidates %d simulated best %d; ttft %.2f..%.2f tokens %.2f..%.2f\n", request->hardware->name,
            request->base->model.layers, request->ranks, all.count, pruned.simulated, all.best_count, t_low, t_high, d_low, d_high);
    ck_assert_int_eq(all.simulated, all.fitting);
    ck_assert_int_eq(pruned.best_count, all.best_count);
    for (int i = 0; i < all.best_count; i++)
        ck_assert_int_eq(pruned.best[i], all.best[i]);
    search_free(&pruned);
    search_free(&all);
}

START_TEST(equals_brute_force_on_small_spaces)
{
    const struct model *model = &models[_i / RANK_COUNTS % MODELS];
    struct strategy base = base_of(model);
    struct search_request request =
        request_of(&base, &machines[_i / RANK_COUNTS / MODELS], rank_counts[_i % RANK_COUNTS]);
    compare_with_brute_force(&request);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("search");
    TCase *tests = tcase_create("search");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, equals_brute_force_on_small_spaces, 0, MACHINES * MODELS * RANK_COUNTS);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
