/* Every way of splitting a model computes what the reference computed. */
#include "splittings.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHAKESPEARE TEST_SOURCE_DIR "/models/shakespeare-moe"
#define TINY        TEST_SOURCE_DIR "/tests/models/tiny-mixtral"

enum { GENERATED = 24, MOST_CASES = 16 };

static const double TOLERANCE = 2e-3; /* of the largest golden logit */

struct checkpoint {
    const char *folder, *golden;
    int vocabulary;
};

static const struct checkpoint shakespeare = {SHAKESPEARE, TEST_SOURCE_DIR "/tests/golden/shakespeare-moe", 2048};

/* ---- comparing */

struct comparison {
    double largest, error; /* of the golden logits; of ours against them */
};

static void compare_rows(struct comparison *comparison, const struct checkpoint *checkpoint, const json_t *file,
                         const float *logits)
{
    char path[PATH_ROOM];
    size_t count;
    snprintf(path, sizeof path, "%s/%s", checkpoint->golden, json_string_value(file));
    float *golden = read_floats(path, &count);
    for (size_t i = 0; i < count; i++) {
        double error = fabs((double)golden[i] - (double)logits[i]);
        comparison->largest = fmax(comparison->largest, fabs((double)golden[i]));
        if (!(error <= comparison->error)) /* not a number counts as an error too */
            comparison->error = error;
    }
    free(golden);
}

static void compare_case(const char *name, const struct checkpoint *checkpoint, const json_t *golden,
                         const json_t *result, const float *logits)
{
    struct comparison comparison = {0};
    size_t prompt = json_array_size(json_object_get(golden, "prompt_ids"));
    const char *prompt_name = json_string_value(json_object_get(golden, "name"));
    const json_t *decoded = json_object_get(golden, "decode_logits_file");
    compare_rows(&comparison, checkpoint, json_object_get(golden, "logits_file"), logits);
    if (decoded)
        compare_rows(&comparison, checkpoint, decoded, logits + prompt * (size_t)checkpoint->vocabulary);
    ck_assert_msg(comparison.error <= TOLERANCE * comparison.largest, "%s, %s: logits differ by %g; the largest is %g",
                  name, prompt_name, comparison.error, comparison.largest);
    if (json_number_value(json_object_get(golden, "min_margin")) > 2 * comparison.error)
        ck_assert_msg(same_ids(json_object_get(golden, "greedy_ids"), json_object_get(result, "ids")),
                      "%s, %s: other tokens, though logits differ by %g only", name, prompt_name, comparison.error);
}

/* Serves every golden prompt in one run. */
static void expect_golden(const char *name, const struct checkpoint *checkpoint, const char *strategy)
{
    char path[PATH_ROOM], number[16];
    char *texts[MOST_CASES];
    snprintf(path, sizeof path, "%s/cases.json", checkpoint->golden);
    json_t *cases = read_json(path);
    size_t count = json_array_size(cases), used = 0, floats, at = 0;
    ck_assert_uint_le(count, MOST_CASES);
    path_in_folder(path, "logits");
    snprintf(number, sizeof number, "%d", GENERATED);
    const char *arguments[2 * MOST_CASES + 16] = {"run",    strategy,   "--model", checkpoint->folder, "-n", number,
                                                  "--json", "--logits", path};
    while (arguments[used])
        used++;
    for (size_t i = 0; i < count; i++) {
        texts[i] = ids_text(json_object_get(json_array_get(cases, i), "prompt_ids"));
        arguments[used++] = "--prompt-ids";
        arguments[used++] = texts[i];
    }
    json_t *results = rankc_json(arguments);
    float *logits = read_floats(path, &floats);
    ck_assert_uint_eq(json_array_size(results), count);
    for (size_t i = 0; i < count; i++) {
        const json_t *golden = json_array_get(cases, i), *result = json_array_get(results, i);
        compare_case(name, checkpoint, golden, result, logits + at);
        at += (json_array_size(json_object_get(golden, "prompt_ids")) +
               json_array_size(json_object_get(result, "ids")) - 1) *
              (size_t)checkpoint->vocabulary;
        free(texts[i]);
    }
    ck_assert_msg(at == floats, "%s: %zu logits, not %zu", name, floats, at);
    free(logits);
    json_decref(results);
    json_decref(cases);
}

/* ---- the tests */

START_TEST(shakespeare_agrees_however_it_is_split)
{
    for (size_t i = 0; i < splitting_count; i++) {
        char strategy[PATH_ROOM];
        write_splitting(strategy, &splittings[i], SHAKESPEARE);
        expect_golden(splittings[i].name, &shakespeare, strategy);
    }
}
END_TEST

START_TEST(two_hundred_fifty_six_ranks_agree)
{
    expect_golden("shakespeare-256", &shakespeare, TEST_SOURCE_DIR "/strategies/shakespeare-256.lua");
}
END_TEST

/* tiny-mixtral with the configuration that an older library wrote. */
static void make_older_copy(char copy[PATH_ROOM])
{
    static const char *const files[][2] = {{"config.v4.json", "config.json"},
                                           {"generation_config.json", "generation_config.json"},
                                           {"model.safetensors", "model.safetensors"}};
    const char *const arguments[] = {copy, NULL};
    path_in_folder(copy, "tiny-older");
    struct outcome outcome = run_program("/bin/mkdir", arguments);
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    for (size_t i = 0; i < COUNT(files); i++) {
        char from[PATH_ROOM], to[2 * PATH_ROOM];
        snprintf(from, sizeof from, "%s/%s", TINY, files[i][0]);
        snprintf(to, sizeof to, "%s/%s", copy, files[i][1]);
        copy_file(from, to);
    }
}

START_TEST(tiny_agrees_however_it_is_split_and_stored)
{
    char older[PATH_ROOM];
    make_older_copy(older);
    const char *const folders[] = {TINY, TINY "-sharded", older};
    for (size_t folder = 0; folder < COUNT(folders); folder++) {
        const struct checkpoint tiny = {folders[folder], TEST_SOURCE_DIR "/tests/golden/tiny-mixtral", 256};
        for (size_t i = 0; i < splitting_count; i++) {
            char strategy[PATH_ROOM];
            /* Where only the storage differs, two ways of splitting are enough. */
            bool enough = folder > 0 && strcmp(splittings[i].name, "single") != 0 &&
                          strcmp(splittings[i].name, "two-micro-batches") != 0;
            if (!splittings[i].tiny || enough)
                continue;
            write_splitting(strategy, &splittings[i], folders[folder]);
            expect_golden(splittings[i].name, &tiny, strategy);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {shakespeare_agrees_however_it_is_split, two_hundred_fifty_six_ranks_agree,
                                  tiny_agrees_however_it_is_split_and_stored};
    return run_suite("golden", tests, COUNT(tests));
}
