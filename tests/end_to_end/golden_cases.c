#include "golden_cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { GENERATED = 24, MOST_CASES = 16 };

const struct checkpoint shakespeare = {SHAKESPEARE, TEST_SOURCE_DIR "/tests/golden/shakespeare-moe", 2048};

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
                         const json_t *result, const float *logits, double tolerance)
{
    struct comparison comparison = {0};
    size_t prompt = json_array_size(json_object_get(golden, "prompt_ids"));
    const char *prompt_name = json_string_value(json_object_get(golden, "name"));
    const json_t *decoded = json_object_get(golden, "decode_logits_file");
    compare_rows(&comparison, checkpoint, json_object_get(golden, "logits_file"), logits);
    if (decoded)
        compare_rows(&comparison, checkpoint, decoded, logits + prompt * (size_t)checkpoint->vocabulary);
    ck_assert_msg(comparison.error <= tolerance * comparison.largest, "%s, %s: logits differ by %g; the largest is %g",
                  name, prompt_name, comparison.error, comparison.largest);
    if (json_number_value(json_object_get(golden, "min_margin")) > 2 * comparison.error)
        ck_assert_msg(same_ids(json_object_get(golden, "greedy_ids"), json_object_get(result, "ids")),
                      "%s, %s: other tokens, though logits differ by %g only", name, prompt_name, comparison.error);
}

void expect_golden(const char *name, const struct checkpoint *checkpoint, const char *strategy, double tolerance)
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
        compare_case(name, checkpoint, golden, result, logits + at, tolerance);
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
