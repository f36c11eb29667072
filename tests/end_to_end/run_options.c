/* What `run` takes and gives. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

static char demo[PATH_ROOM];

/* The strategy of most tests here: two stages of two by two ranks, two sequences a lane. */
static void make_demo(void)
{
    write_strategy(demo, "demo", TEST_SOURCE_DIR "/models/shakespeare-moe",
                   "grid = { pp = 2, ep = 2, tp = 2 }, batch = { sequences = 2, micro_batches = 2, context = 64 },");
}

static json_t *parse(const struct outcome *outcome)
{
    ck_assert_msg(outcome->status == 0, "status %d: %s", outcome->status, outcome->error);
    json_t *json = json_loads(outcome->out, JSON_ALLOW_NUL, NULL);
    ck_assert_ptr_nonnull(json);
    return json;
}

static json_t *ids_of(json_t *results, size_t index)
{
    return json_object_get(json_array_get(results, index), "ids");
}

START_TEST(json_has_the_documented_shape)
{
    make_demo();
    struct outcome outcome = RANKC("run", demo, "--prompt", "To be", "-n", "5", "--json");
    json_t *results = parse(&outcome), *result = json_array_get(results, 0);
    ck_assert_uint_eq(json_array_size(results), 1);
    ck_assert_uint_eq(json_object_size(result), 5);
    ck_assert(json_is_array(json_object_get(result, "prompt_ids")));
    ck_assert_uint_eq(json_array_size(json_object_get(result, "ids")), 5);
    ck_assert(json_is_string(json_object_get(result, "text")));
    ck_assert(json_is_real(json_object_get(result, "ttft_s")));
    ck_assert(json_is_real(json_object_get(result, "tokens_per_s")));
    json_decref(results);
    outcome_free(&outcome);
}
END_TEST

/* Also after byte tokens, whose text is held back until their run ends. Token 3 + b is byte b; C3 begins a character of
 * two bytes, which stays broken. */
START_TEST(the_text_is_that_of_the_generated_tokens)
{
    make_demo();
    static const struct {
        const char *prompt, *text;
    } cases[] = {{"2000,3,4", ",\nAnd with the b"}, {"50,69", "mends him to his"}, {"2000,198", ",\nAnd with the b"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct outcome outcome = RANKC("run", demo, "--prompt-ids", cases[i].prompt, "-n", "6", "--json");
        json_t *results = parse(&outcome);
        ck_assert_str_eq(json_string_value(json_object_get(json_array_get(results, 0), "text")), cases[i].text);
        json_decref(results);
        outcome_free(&outcome);
    }
}
END_TEST

/* Nine prompts of different lengths on lanes of two sequences each: they queue, and get what they get alone. */
START_TEST(prompts_together_get_what_they_get_alone)
{
    make_demo();
    static const char *const prompts[] = {
        "1",      "1,50",       "1,7,9,300", "1,400,401,402,403,404,405,406,407,408,409",
        "5",      "1,1723,391", "2000",      "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18",
        "300,301"};
    enum { PROMPTS = sizeof prompts / sizeof *prompts };
    const char *sampled[] = {"--temperature", "0.9", "--top-k", "40", "--top-p", "0.95", "--seed", "11"};
    for (size_t options = 0; options <= 8; options += 8) {
        const char *arguments[64] = {"run", demo, "-n", "12", "--json"};
        size_t count = 5;
        for (size_t i = 0; i < options; i++)
            arguments[count++] = sampled[i];
        size_t first = count;
        for (int i = 0; i < PROMPTS; i++) {
            arguments[count++] = "--prompt-ids";
            arguments[count++] = prompts[i];
        }
        struct outcome together = run_program(RANKC_BINARY, arguments);
        json_t *all = parse(&together);
        for (int i = 0; i < PROMPTS; i += 3) {
            arguments[first] = "--prompt-ids";
            arguments[first + 1] = prompts[i];
            arguments[first + 2] = NULL;
            struct outcome alone = run_program(RANKC_BINARY, arguments);
            json_t *one = parse(&alone);
            ck_assert(json_equal(ids_of(all, (size_t)i), ids_of(one, 0)));
            json_decref(one);
            outcome_free(&alone);
        }
        json_decref(all);
        outcome_free(&together);
    }
}
END_TEST

START_TEST(the_same_run_twice_gives_the_same_bits)
{
    make_demo();
    char *logits[2], path[PATH_ROOM];
    size_t lengths[2];
    path_in_folder(path, "logits");
    for (int i = 0; i < 2; i++) {
        struct outcome outcome = RANKC("run", demo, "--prompt", "O Romeo", "-n", "20", "--logits", path,
                                       "--temperature", "1", "--seed", "5");
        expect_outcome(&outcome, 0, (const char *const[]){NULL});
        logits[i] = read_bytes(path, &lengths[i]);
    }
    ck_assert_uint_eq(lengths[0], lengths[1]);
    ck_assert_mem_eq(logits[0], logits[1], lengths[0]);
    free(logits[0]);
    free(logits[1]);
}
END_TEST

START_TEST(another_seed_draws_other_tokens)
{
    make_demo();
    json_t *results[2];
    static const char *const seeds[] = {"1", "2"};
    for (int i = 0; i < 2; i++) {
        struct outcome outcome =
            RANKC("run", demo, "--prompt", "O", "-n", "20", "--json", "--temperature", "1", "--seed", seeds[i]);
        results[i] = parse(&outcome);
        outcome_free(&outcome);
    }
    ck_assert(!json_equal(ids_of(results[0], 0), ids_of(results[1], 0)));
    json_decref(results[0]);
    json_decref(results[1]);
}
END_TEST

/* Drawing from one candidate is greedy, whichever cut leaves one. */
START_TEST(top_1_is_greedy)
{
    make_demo();
    struct outcome greedy = RANKC("run", demo, "--prompt", "O", "-n", "15", "--json");
    struct outcome top_k =
        RANKC("run", demo, "--prompt", "O", "-n", "15", "--json", "--temperature", "2", "--top-k", "1");
    struct outcome top_p =
        RANKC("run", demo, "--prompt", "O", "-n", "15", "--json", "--temperature", "2", "--top-p", "0");
    json_t *results[] = {parse(&greedy), parse(&top_k), parse(&top_p)};
    ck_assert(json_equal(ids_of(results[0], 0), ids_of(results[1], 0)));
    ck_assert(json_equal(ids_of(results[0], 0), ids_of(results[2], 0)));
    for (int i = 0; i < 3; i++)
        json_decref(results[i]);
    outcome_free(&greedy);
    outcome_free(&top_k);
    outcome_free(&top_p);
}
END_TEST

/* A prompt whose golden case has no near ties: instruction sets round differently. */
START_TEST(all_kernels_choose_the_same_tokens)
{
    make_demo();
    static const char *const tables[] = {"portable", "avx2", "avx512"};
    struct outcome best = RANKC("run", demo, "--prompt", "To be, or not to", "-n", "24", "--json");
    json_t *expected = parse(&best);
    for (int i = 0; i < 3; i++) {
        struct outcome outcome =
            RANKC("run", demo, "--prompt", "To be, or not to", "-n", "24", "--json", "--kernels", tables[i]);
        if (outcome.status == 3 && strstr(outcome.error, "this processor cannot run")) {
            outcome_free(&outcome);
            continue;
        }
        json_t *results = parse(&outcome);
        ck_assert_msg(json_equal(ids_of(expected, 0), ids_of(results, 0)), "%s", tables[i]);
        json_decref(results);
        outcome_free(&outcome);
    }
    json_decref(expected);
    outcome_free(&best);
}
END_TEST

START_TEST(generation_ends_at_the_context)
{
    make_demo();
    struct outcome outcome = RANKC("run", demo, "--prompt", "To be", "-n", "500", "--json");
    json_t *results = parse(&outcome), *result = json_array_get(results, 0);
    size_t prompt = json_array_size(json_object_get(result, "prompt_ids"));
    ck_assert_uint_eq(prompt + json_array_size(json_object_get(result, "ids")), 65);
    json_decref(results);
    outcome_free(&outcome);
}
END_TEST

static json_t *load_of(const char *strategy)
{
    char path[PATH_ROOM];
    path_in_folder(path, "load.json");
    struct outcome outcome = RANKC("run", strategy, "--prompt-ids", "1,20,30,40,50,60,70", "--prompt-ids", "1,400",
                                   "-n", "9", "--load", path, "--json");
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    json_t *load = json_load_file(path, 0, NULL), *layers = json_incref(json_object_get(load, "layers"));
    json_decref(load);
    return layers;
}

/* 7 + 2 prompt rows and 8 + 8 generated ones, to two experts each. */
START_TEST(every_row_is_counted_at_its_experts)
{
    make_demo();
    json_t *layers = load_of(demo), *layer, *rows;
    size_t i, j;
    ck_assert_uint_eq(json_array_size(layers), 16);
    json_array_foreach(layers, i, layer)
    {
        json_int_t sum = 0;
        json_array_foreach(json_object_get(layer, "rows"), j, rows) sum += json_integer_value(rows);
        ck_assert_int_eq((int)sum, 2 * (7 + 2 + 8 + 8));
        ck_assert_int_eq((int)json_integer_value(json_object_get(layer, "dropped")), 0);
    }
    json_decref(layers);
}
END_TEST

START_TEST(what_exceeds_the_capacity_is_dropped_and_counted)
{
    char tight[PATH_ROOM];
    write_strategy(tight, "tight", TEST_SOURCE_DIR "/models/shakespeare-moe",
                   "grid = { ep = 2 }, dispatch = capacity(0.25), batch = { prefill_rows = 16 },");
    json_t *layers = load_of(tight), *layer, *rows;
    size_t i, j;
    json_int_t dropped = 0, sum = 0;
    json_array_foreach(layers, i, layer)
    {
        dropped += json_integer_value(json_object_get(layer, "dropped"));
        json_array_foreach(json_object_get(layer, "rows"), j, rows) sum += json_integer_value(rows);
    }
    ck_assert_int_gt((int)dropped, 0);
    ck_assert_int_eq((int)(sum + dropped), 16 * 2 * (7 + 2 + 8 + 8));
    json_decref(layers);
}
END_TEST

START_TEST(bad_options_are_usage_errors)
{
    make_demo();
    static const char *const options[][2] = {{"-n", "0"},           {"-n", "many"},         {"--temperature", "-1"},
                                             {"--temperature", ""}, {"--top-p", "1.5"},     {"--top-k", "x"},
                                             {"--seed", "-3"},      {"--no-such-thing", ""}};
    for (size_t i = 0; i < COUNT(options); i++) {
        struct outcome outcome = RANKC("run", demo, "--prompt", "x", options[i][0], options[i][1]);
        expect_outcome(&outcome, 2, (const char *const[]){"error: ", NULL});
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {json_has_the_documented_shape,
                                  the_text_is_that_of_the_generated_tokens,
                                  prompts_together_get_what_they_get_alone,
                                  the_same_run_twice_gives_the_same_bits,
                                  another_seed_draws_other_tokens,
                                  top_1_is_greedy,
                                  all_kernels_choose_the_same_tokens,
                                  generation_ends_at_the_context,
                                  every_row_is_counted_at_its_experts,
                                  what_exceeds_the_capacity_is_dropped_and_counted,
                                  bad_options_are_usage_errors};
    return run_suite("run-options", tests, COUNT(tests));
}
