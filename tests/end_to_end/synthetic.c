/* Synthetic checkpoints: rankc reads and runs them, they are the same bytes every time, and they replace nothing that
 * is not theirs. */
#include "tool/calibrate/synthetic.h"
#include "base/file.h"
#include "tool/shard/checkpoint.h"

#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct synthetic_model small = {.hidden = 48,
                                             .layers = 3,
                                             .heads = 6,
                                             .kv_heads = 2,
                                             .head_dim = 10,
                                             .experts = 5,
                                             .top_k = 3,
                                             .expert_hidden = 34,
                                             .vocabulary = 101,
                                             .max_positions = 64,
                                             .dtype = DTYPE_BF16};

static void make(const struct synthetic_model *model, char folder[PATH_ROOM], const char *name)
{
    struct error error;
    path_in_folder(folder, "%s", name);
    ck_assert_msg(synthetic_checkpoint(model, folder, &error), "%s: %s", error.file, error.text);
}

static void file_of(char path[PATH_ROOM], const char *folder, const char *name)
{
    struct error error;
    ck_assert(path_join(path, PATH_ROOM, folder, name, &error));
}

static void expect_refused(const struct synthetic_model *model, const char *folder, const char *word)
{
    struct error error;
    ck_assert(!synthetic_checkpoint(model, folder, &error));
    ck_assert_msg(strstr(error.text, word) != NULL, "no \"%s\" in: %s", word, error.text);
    ck_assert_int_eq(count_temporaries(folder), 0);
}

static char *hash_of_file(const char *path)
{
    size_t length;
    char *bytes = read_bytes(path, &length), *hash = calloc(1, SHA256_TEXT);
    sha256_text(bytes, length, hash);
    free(bytes);
    return hash;
}

START_TEST(runs_the_same_twice)
{
    char folder[PATH_ROOM], strategy[PATH_ROOM];
    const char *const dtypes[] = {"bf16", "f32"};
    for (int dtype = 0; dtype < 2; dtype++) {
        struct synthetic_model model = small;
        model.dtype = dtype == 0 ? DTYPE_BF16 : DTYPE_F32;
        make(&model, folder, dtypes[dtype]);
        write_strategy(strategy, "synthetic", folder, "grid = { ep = 5, tp = 2 }, batch = { context = 64 },");
        const char *const arguments[] = {"run",   strategy, "--model", folder,   "--prompt-ids",
                                         "1,2,3", "-n",     "8",       "--json", NULL};
        json_t *once = rankc_json(arguments), *again = rankc_json(arguments);
        const json_t *ids = json_object_get(json_array_get(once, 0), "ids");
        ck_assert_uint_eq(json_array_size(ids), 8);
        ck_assert(same_ids(ids, json_object_get(json_array_get(again, 0), "ids")));
        json_decref(once);
        json_decref(again);
    }
}
END_TEST

START_TEST(is_the_same_bytes_everywhere)
{
    char one[PATH_ROOM], other[PATH_ROOM], path[PATH_ROOM];
    make(&small, one, "one");
    make(&small, other, "other");
    expect_same_folders(one, other, "");
    /* what this wrote when it was first written: other bytes mean other values, and so another marker */
    file_of(path, one, "model.safetensors");
    char *hash = hash_of_file(path);
    ck_assert_str_eq(hash, "97c3c97bf83a9486077c7fc4ff853e3dc2330a5af7b1cc67c68f85e985577c99");
    free(hash);
}
END_TEST

static void expect_spread(const struct checkpoint *checkpoint, const char *name, double centre, double deviation)
{
    struct error error;
    const struct tensor_view *view = checkpoint_tensor(checkpoint, name);
    ck_assert_msg(view != NULL, "no tensor %s", name);
    uint64_t rows = tensor_rows(view), count = rows * tensor_columns(view);
    float *values = calloc(count, sizeof *values);
    ck_assert(checkpoint_read_rows(checkpoint, view, 0, rows, values, &error));
    double sum = 0, squares = 0;
    for (uint64_t i = 0; i < count; i++) {
        sum += (double)values[i] - centre;
        squares += ((double)values[i] - centre) * ((double)values[i] - centre);
    }
    double mean = sum / (double)count, measured = sqrt(squares / (double)count);
    ck_assert_msg(fabs(mean) < 5 * deviation / sqrt((double)count), "%s: mean %g", name, mean);
    ck_assert_msg(fabs(measured / deviation - 1) < 0.25, "%s: deviation %g, not %g", name, measured, deviation);
    free(values);
}

START_TEST(weights_keep_activations_near_one)
{
    char folder[PATH_ROOM];
    struct error error;
    make(&small, folder, "spread");
    struct checkpoint *checkpoint = checkpoint_open(folder, &error);
    ck_assert_msg(checkpoint != NULL, "%s: %s", error.file, error.text);
    expect_spread(checkpoint, "model.norm.weight", 1, 0.05);
    expect_spread(checkpoint, "model.layers.2.self_attn.o_proj.weight", 0, 1 / sqrt(60));
    expect_spread(checkpoint, "model.layers.0.block_sparse_moe.experts.4.w2.weight", 0, 1 / sqrt(34));
    expect_spread(checkpoint, "lm_head.weight", 0, 1 / sqrt(48));
    checkpoint_close(checkpoint);
}
END_TEST

START_TEST(replaces_only_its_own)
{
    char folder[PATH_ROOM], path[PATH_ROOM];
    struct synthetic_model other = small;
    struct stat before, after;
    make(&small, folder, "own");
    file_of(path, folder, "model.safetensors");
    ck_assert_int_eq(stat(path, &before), 0);
    make(&small, folder, "own"); /* nothing to do */
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    other.layers++;
    make(&other, folder, "own");
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_int_gt(after.st_size, before.st_size);

    static const char *const names[] = {"config.json", "model.safetensors"};
    for (size_t i = 0; i < COUNT(names); i++) {
        make(&small, folder, i == 0 ? "foreign-config" : "foreign-weights");
        file_of(path, folder, names[i]);
        write_bytes(path, "precious", 8);
        expect_refused(&other, folder, "no synthetic checkpoint");
        size_t length;
        char *bytes = read_bytes(path, &length);
        ck_assert_str_eq(bytes, "precious");
        free(bytes);
    }
}
END_TEST

START_TEST(refuses_sizes_that_no_config_may_have)
{
    char folder[PATH_ROOM];
    struct synthetic_model model = small;
    path_in_folder(folder, "refused");
    model.head_dim = 7;
    expect_refused(&model, folder, "even number");
    model = small;
    model.experts = 0;
    expect_refused(&model, folder, "num_local_experts");
    model.experts = 1024;
    model.layers = 1024;
    expect_refused(&model, folder, "fewer layers or experts");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {runs_the_same_twice, is_the_same_bytes_everywhere, weights_keep_activations_near_one,
                                  replaces_only_its_own, refuses_sizes_that_no_config_may_have};
    return run_suite("synthetic", tests, COUNT(tests));
}
