/* config.json: both dialects, and the values that neither may leave open. Refusals with their lines are in
 * tests/cases/refused, config-*.lua. */
#include "read/config.h"
#include "base/file.h"

#include "run_case.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef TEST_SOURCE_DIR
#define TEST_SOURCE_DIR "."
#endif

static struct pool pool;
static struct model model;
static struct error error;

static int no_line(const void *context, const char *key)
{
    (void)context;
    return key ? 7 : 0;
}

static const struct config_source source = {.file = "config.json", .line_of = no_line};

static json_t *load(const char *path)
{
    json_error_t problem;
    json_t *json = json_load_file(path, 0, &problem);
    ck_assert_msg(json != NULL, "%s: %s", path, problem.text);
    return json;
}

/* tiny-mixtral's config with some keys replaced; `changes` is JSON, a null removes the key. */
static bool read_with(const char *dialect, const char *changes)
{
    char path[256];
    snprintf(path, sizeof path, "tests/models/tiny-mixtral/%s", dialect);
    json_t *json = load(path), *changed = json_loads(changes, 0, NULL), *value;
    const char *key;
    ck_assert_msg(changed != NULL, "%s", changes);
    json_object_foreach(changed, key, value)
    {
        if (json_is_null(value))
            json_object_del(json, key);
        else
            json_object_set(json, key, value);
    }
    bool read = config_from_json(json, &source, &model, &error);
    json_decref(json);
    json_decref(changed);
    return read;
}

START_TEST(both_dialects_give_the_same_model)
{
    ck_assert_msg(read_with("config.json", "{}"), "%s", error.text);
    struct model five = model;
    ck_assert_msg(read_with("config.v4.json", "{}"), "%s", error.text);
    static const int stop_tokens[] = {2};
    ck_assert_str_eq(model.family, five.family);
    five.family = model.family;
    ck_assert_mem_eq(&model, &five, sizeof model);
    ck_assert_int_eq(model.hidden, 64);
    ck_assert_int_eq(model.layers, 4);
    ck_assert_int_eq(model.heads, 8);
    ck_assert_int_eq(model.kv_heads, 4);
    ck_assert_int_eq(model.head_dim, 8);
    ck_assert_int_eq(model.experts, 8);
    ck_assert_int_eq(model.top_k, 2);
    ck_assert_int_eq(model.expert_hidden, 16);
    ck_assert_int_eq(model.vocabulary, 256);
    ck_assert_int_eq(model.max_positions, 512);
    ck_assert_int_eq(model.window, 0);
    ck_assert(model.rms_epsilon == 1e-5);
    ck_assert(model.rope_theta == 50000);
    ck_assert_int_eq(model.stop_token_count, 1);
    ck_assert_mem_eq(model.stop_tokens, stop_tokens, sizeof stop_tokens);
}
END_TEST

START_TEST(reads_a_folder)
{
    ck_assert_msg(config_read("models/shakespeare-moe", &pool, &model, &error), "%s", error.text);
    ck_assert_str_eq(model.folder, "models/shakespeare-moe");
    ck_assert_int_eq(model.head_dim, 32);
    ck_assert_int_eq(model.experts, 16);
    ck_assert(!config_read("tests/models", &pool, &model, &error));
    ck_assert_str_eq(error.file, "tests/models/config.json");
    pool_free(&pool);
}
END_TEST

START_TEST(reads_values_that_may_be_absent)
{
    ck_assert(read_with("config.json", "{\"sliding_window\": 128, \"head_dim\": 24}"));
    ck_assert_int_eq(model.window, 128);
    ck_assert_int_eq(model.head_dim, 24);
    ck_assert(read_with("config.json", "{\"eos_token_id\": null, \"sliding_window\": null, \"head_dim\": null}"));
    ck_assert_int_eq(model.stop_token_count, 0);
    ck_assert_int_eq(model.window, 0);
    ck_assert_int_eq(model.head_dim, 8);
    ck_assert(read_with("config.json", "{\"eos_token_id\": [2, 7, 2], \"_name_or_path\": \"x\"}"));
    ck_assert_int_eq(model.stop_token_count, 2);
    ck_assert_int_eq(model.stop_tokens[1], 7);
}
END_TEST

/* A folder with tiny-mixtral's config and this generation_config.json. */
static bool read_with_generation(const char *generation)
{
    char folder[] = "/tmp/rankc-config-XXXXXX", path[2][128];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path[0], sizeof path[0], "%s/config.json", folder);
    snprintf(path[1], sizeof path[1], "%s/generation_config.json", folder);
    struct text config = {0};
    ck_assert(file_read("tests/models/tiny-mixtral/config.json", 1 << 20, &config, &error));
    ck_assert(file_write(path[0], config.bytes, config.length, 0644, &error));
    ck_assert(file_write(path[1], generation, strlen(generation), 0644, &error));
    text_free(&config);
    bool read = config_read(folder, &pool, &model, &error);
    unlink(path[0]);
    unlink(path[1]);
    rmdir(folder);
    pool_free(&pool);
    return read;
}

START_TEST(adds_the_stop_tokens_of_generation_config)
{
    ck_assert_msg(read_with_generation("{\"eos_token_id\": [9, 2, 3], \"temperature\": 0.6}"), "%s", error.text);
    static const int stop_tokens[] = {2, 9, 3};
    ck_assert_int_eq(model.stop_token_count, 3);
    ck_assert_mem_eq(model.stop_tokens, stop_tokens, sizeof stop_tokens);
    ck_assert(!read_with_generation("{\"eos_token_id\": "));
    ck_assert(strstr(error.file, "generation_config.json") && strstr(error.text, "is not valid JSON"));
    ck_assert(!read_with_generation("{\n\"eos_token_id\": \"2\"}"));
    ck_assert_int_eq(error.line, 2);
    ck_assert(!read_with_generation("{\"eos_token_id\": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]}"));
    ck_assert_str_eq(error.text, "eos_token_id lists more than 16 tokens; list fewer");
}
END_TEST

START_TEST(refuses_what_it_would_have_to_guess)
{
    static const char *const changes[] = {
        "{\"model_type\": \"llama\"}",
        "{\"model_type\": 4}",
        "{\"hidden_size\": 64.0}",
        "{\"hidden_size\": true}",
        "{\"hidden_size\": 0}",
        "{\"num_attention_heads\": 99999999999}",
        "{\"hidden_size\": 60}",
        "{\"hidden_size\": 72, \"head_dim\": null}",
        "{\"num_attention_heads\": 4096, \"head_dim\": 4096}",
        "{\"num_experts_per_tok\": 64}",
        "{\"rms_norm_eps\": \"1e-5\"}",
        "{\"rms_norm_eps\": -1e-5}",
        "{\"rope_parameters\": {\"rope_theta\": 0, \"rope_type\": \"default\"}}",
        "{\"rope_parameters\": {\"rope_theta\": 1e4, \"rope_type\": \"linear\"}}",
        "{\"rope_parameters\": {\"rope_type\": \"default\"}}",
        "{\"rope_parameters\": 1e4}",
        "{\"rope_theta\": 1e4}",
        "{\"hidden_act\": \"relu\"}",
        "{\"hidden_act\": [\"silu\"]}",
        "{\"tie_word_embeddings\": \"false\"}",
        "{\"sliding_window\": -1}",
        "{\"sliding_window\": \"none\"}",
        "{\"eos_token_id\": 256}",
        "{\"eos_token_id\": [[2]]}",
        "{\"eos_token_id\": 2.0}",
        "{\"partial_rotary_factor\": 0.5}",
        "{\"mlp_bias\": true}",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        memset(&error, 0, sizeof error);
        ck_assert_msg(!read_with("config.json", changes[i]), "%s", changes[i]);
        ck_assert_msg(strchr(error.text, ';') && strcmp(error.file, "config.json") == 0 && error.line == 7, "%s: %s",
                      changes[i], error.text);
    }
}
END_TEST

int main(void)
{
    if (chdir(TEST_SOURCE_DIR) != 0)
        return EXIT_FAILURE;
    TCase *tests = tcase_create("config");
    tcase_add_test(tests, both_dialects_give_the_same_model);
    tcase_add_test(tests, reads_a_folder);
    tcase_add_test(tests, reads_values_that_may_be_absent);
    tcase_add_test(tests, adds_the_stop_tokens_of_generation_config);
    tcase_add_test(tests, refuses_what_it_would_have_to_guess);
    return run_case("config", tests);
}
