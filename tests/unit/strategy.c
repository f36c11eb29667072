/* Strategies: what they are refused for, and what they come to mean.
 *
 * tests/cases/refused holds strategies, each beside the exact line that refuses it. UPDATE_GOLDEN=1 rewrites the lines.
 */
#include "read/strategy.h"
#include "base/file.h"
#include "claims.h"
#include "hardware.h"
#include "read/source_lines.h"
#include "read/units.h"

#include "run_case.h"

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef TEST_SOURCE_DIR
#define TEST_SOURCE_DIR "."
#endif

/* Small, so that what runs into them does so soon; but a healthy script stays within them on a busy machine too. */
static const struct sandbox_limits small_limits = {
    .memory_bytes = 64 << 20, .instructions = 2 * 1000 * 1000, .milliseconds = 2000};

/* ---- refused */

/* Reads a strategy in a child, for the clock of the sandbox ends its process. Returns the exit status; what the child
 * wrote to stderr goes to `output`. */
static int read_in_child(const char *path, struct text *output)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        struct pool pool = {0};
        struct strategy strategy;
        struct error error = {0};
        bool read = strategy_read_within(&small_limits, path, NULL, &pool, &strategy, &error);
        if (!read)
            error_print(&error);
        pool_free(&pool);
        exit(read ? EXIT_DONE : (int)error.status);
    }
    close(ends[1]);
    char bytes[4096];
    ssize_t got;
    while ((got = read(ends[0], bytes, sizeof bytes)) > 0)
        text_add(output, bytes, (size_t)got);
    text_add(output, "", 0);
    close(ends[0]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

START_TEST(refuses_with_the_line_beside_each_case)
{
    bool update = getenv("UPDATE_GOLDEN") != NULL;
    struct error error;
    glob_t cases;
    int wrong = 0;
    ck_assert_int_eq(glob("tests/cases/refused/*.lua", 0, NULL, &cases), 0);
    ck_assert_uint_ge(cases.gl_pathc, 100);
    for (size_t i = 0; i < cases.gl_pathc; i++) {
        const char *path = cases.gl_pathv[i];
        char golden[512];
        snprintf(golden, sizeof golden, "%.*s.stderr", (int)(strlen(path) - 4), path);
        struct text output = {0}, expected = {0};
        int status = read_in_child(path, &output);
        if (update)
            ck_assert_msg(file_write(golden, output.bytes, output.length, 0644, &error), "%s", error.text);
        bool known = file_read(golden, 1 << 20, &expected, &error);
        if (status != EXIT_REFUSED || !known || strcmp(output.bytes, expected.bytes) != 0) {
            fprintf(stderr, "%s: status %d\n  is:     %s  wanted: %s", path, status, output.bytes,
                    known ? expected.bytes : "(no .stderr)\n");
            wrong++;
        }
        text_free(&output);
        text_free(&expected);
    }
    globfree(&cases);
    ck_assert_msg(wrong == 0, "%d cases differ; look at them, then run with UPDATE_GOLDEN=1", wrong);
}
END_TEST

START_TEST(refuses_a_file_that_is_too_long_or_absent)
{
    struct pool pool = {0};
    struct strategy strategy;
    struct error error = {0};
    char path[] = "/tmp/rankc-strategy-XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(ftruncate(file, (1 << 20) + 1), 0);
    close(file);
    ck_assert(!strategy_read(path, NULL, &pool, &strategy, &error));
    ck_assert_str_eq(error.text, "has 1048577 bytes; at most 1048576 are read");
    unlink(path);
    ck_assert(!strategy_read(path, NULL, &pool, &strategy, &error));
    ck_assert_str_eq(error.file, path);
    ck_assert_str_eq(error.text, "cannot be opened: No such file or directory");
    pool_free(&pool);
}
END_TEST

/* ---- accepted */

static struct pool pool;
static struct strategy strategy;

/* Reads a strategy given as text, from a file in a new folder. */
static void read_text_as(const char *name, const char *text, const char *model_folder_override)
{
    char folder[] = "/tmp/rankc-strategy-XXXXXX", path[128];
    struct error error = {0};
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert(file_write(path, text, strlen(text), 0644, &error));
    pool_free(&pool);
    bool read = strategy_read(path, model_folder_override, &pool, &strategy, &error);
    unlink(path);
    rmdir(folder);
    ck_assert_msg(read, "%s:%d: %s", error.file, error.line, error.text);
}

static void read_text(const char *text)
{
    read_text_as("test.lua", text, NULL);
}

#define MODEL "model = hf '" TEST_SOURCE_DIR "/tests/models/tiny-mixtral'"

START_TEST(fills_in_every_default)
{
    read_text_as("four-ranks.lua", "return strategy {\n " MODEL ",\n grid = { pp = 2, ep = 2 } }", NULL);
    ck_assert_str_eq(strategy.name, "four-ranks");
    ck_assert_int_eq(strategy.world, 4);
    ck_assert_int_eq(strategy.grid[AXIS_DP], 1);
    ck_assert_int_eq(strategy.grid[AXIS_TP], 1);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(strategy.rank_of[i], i);
    ck_assert_int_eq(strategy.stage_layers[0], 2);
    ck_assert_int_eq(strategy.stage_layers[1], 2);
    ck_assert_int_eq(strategy.holder_room, 1);
    for (int i = 0; i < 4 * 8; i++)
        ck_assert_int_eq(strategy.holders[i], i % 8 / 4);
    ck_assert_str_eq(strategy.target.device, "cpu");
    ck_assert_str_eq(strategy.target.transport, "shm");
    ck_assert_int_eq(strategy.target.threads, 1);
    ck_assert_int_eq(strategy.target.ranks_per_node, 4);
    ck_assert_uint_eq(strategy.target.memory_bytes, (uint64_t)64 << 30);
    ck_assert_int_eq(strategy.batch.sequences, 8);
    ck_assert_int_eq(strategy.batch.context, 512);
    ck_assert_int_eq(strategy.batch.prefill_rows, 256);
    ck_assert_int_eq(strategy.batch.micro_batches, 1);
    ck_assert_int_eq(strategy.batch.logit_rows, 64);
    ck_assert_int_eq(strategy.dtype.weights, DTYPE_BF16);
    ck_assert(strategy.capacity_factor == 0);
    ck_assert(strategy.require.ttft_s == 0 && strategy.require.tokens_per_s == 0);
    ck_assert_ptr_null(strategy.hardware);
    ck_assert_int_eq(strategy.lines[KEY_grid], 3);
    ck_assert_int_eq(strategy.lines[KEY_batch], 1);
}
END_TEST

START_TEST(reads_every_key)
{
    read_text("local ranks = { ep = 2, tp = 2 }\n"
              "return strategy({\n name = 'a-1', " MODEL ", grid = ranks,\n"
              " rank = function(c) return c.tp * 2 + c.ep / 1 end,\n"
              " stages = { 4 }, experts = function(layer, expert) return layer == 3 and { 1, 0 } or expert % 2 end,\n"
              " target = { device = 'cpu', transport = 'shm', threads = 1, memory = '1.5 GiB', ranks_per_node = 4,\n"
              "            hardware = 'h100-sxm' },\n"
              " batch = { sequences = 100, context = 100, prefill_rows = 30, micro_batches = 4 },\n"
              " dtype = { weights = 'f32', activations = 'f32', kv = 'f32' },\n"
              " dispatch = capacity(1.25), require = { ttft = '500 ms', throughput = '100 tokens/ms/gpu' },\n"
              " claims = { throughput = { '12 tokens/ms/gpu', mfu = '60 %', charged = 'all' },\n"
              "            assume = { kv = { 'bf16', 'f32' } } } })");
    ck_assert_str_eq(strategy.name, "a-1");
    static const int rank_of[] = {0, 2, 1, 3}; /* (ep, tp) */
    ck_assert_mem_eq(strategy.rank_of, rank_of, sizeof rank_of);
    ck_assert_int_eq(strategy.stage_layers[0], 4);
    ck_assert_int_eq(strategy.holder_room, 2);
    for (int i = 0; i < 4 * 8; i++) {
        ck_assert_int_eq(strategy.holders[i * 2], i < 24 ? i % 2 : 1);
        ck_assert_int_eq(strategy.holders[i * 2 + 1], i < 24 ? -1 : 0);
    }
    ck_assert_uint_eq(strategy.target.memory_bytes, (uint64_t)3 << 29);
    ck_assert_str_eq(strategy.hardware->name, "h100-sxm");
    ck_assert(strategy.require.ttft_s == 0.5 && strategy.require.tokens_per_s == 100e3 && strategy.require.per_rank);
    ck_assert_int_eq(strategy.require.ttft_line, 10);
    ck_assert_int_eq(strategy.require.throughput_line, 10);
    ck_assert_int_eq(strategy.batch.logit_rows, 25);
    ck_assert_int_eq(strategy.dtype.weights, DTYPE_F32);
    ck_assert(strategy.capacity_factor == 1.25);
    ck_assert_int_eq(strategy.lines[KEY_rank], 4);
    ck_assert_int_eq(strategy.lines[KEY_target], 6);
    const struct claim *claim = strategy.claims->list;
    ck_assert_int_eq(strategy.claims->count, 1);
    ck_assert_int_eq(claim->quantity, QUANTITY_throughput);
    ck_assert_str_eq(claim->text, "12 tokens/ms/gpu");
    ck_assert(claim->figure.low == 11500 && claim->figure.high == 12500 && claim->mfu == 0.6 && claim->charged_all);
    ck_assert_int_eq(claim->line, 11);
    ck_assert_int_eq(strategy.claims->assume[ASSUME_kv].own, 1);
}
END_TEST

START_TEST(takes_a_model_written_in_the_strategy)
{
    read_text("return strategy { grid = {}, model = { model_type = 'mixtral', hidden_size = 4 * 16.0,\n"
              " num_hidden_layers = 4, num_attention_heads = 8, num_key_value_heads = 4, num_local_experts = 8,\n"
              " num_experts_per_tok = 2, intermediate_size = 16, vocab_size = 256, eos_token_id = { 2, 3 },\n"
              " max_position_embeddings = 100, rms_norm_eps = 1e-5, rope_parameters = { rope_theta = 5e4 } } }");
    ck_assert_ptr_null(strategy.model.folder);
    ck_assert_int_eq(strategy.model.hidden, 64);
    ck_assert_int_eq(strategy.model.head_dim, 8);
    ck_assert_int_eq(strategy.model.stop_token_count, 2);
    ck_assert(strategy.model.rope_theta == 50000);
    ck_assert_int_eq(strategy.batch.context, 100);
}
END_TEST

START_TEST(prefers_the_checkpoint_given_by_the_user)
{
    read_text_as("test.lua", "return strategy { grid = {}, model = hf 'nowhere' }",
                 TEST_SOURCE_DIR "/models/shakespeare-moe");
    ck_assert_str_eq(strategy.model.folder, TEST_SOURCE_DIR "/models/shakespeare-moe");
    ck_assert_int_eq(strategy.model.layers, 16);
}
END_TEST

START_TEST(shipped_strategies_are_accepted)
{
    static const struct {
        const char *path;
        int world;
    } shipped[] = {{"strategies/single.lua", 1},
                   {"strategies/demo-8.lua", 8},
                   {"strategies/shakespeare-256.lua", 256},
                   {"strategies/moe10b-256.lua", 256}};
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
        struct error error = {0};
        bool read = strategy_read(shipped[i].path, NULL, &pool, &strategy, &error);
        ck_assert_msg(read, "%s:%d: %s", error.file, error.line, error.text);
        ck_assert_int_eq(strategy.world, shipped[i].world);
    }
    ck_assert_int_eq(strategy.rank_of[255], 255);
}
END_TEST

/* ---- lines and units */

START_TEST(finds_the_line_of_a_key)
{
    static const char source[] =
        "-- strategy { grid = 1 }\n"                                                     /* 1 */
        "local old, strategy_name = strategy { a = 1 }, [[\n strategy { grid = 1 } ]]\n" /* 2, 3 */
        "return strategy {\n"                                                            /* 4 */
        "  rank = function(c) local a, grid = 1, 2 return a end,\n"                      /* 5 */
        "  model = f{ grid = 3 }, --[==[ ]] \n ]==] name = 'a\\'\\\n, grid = 1',\n"      /* 6-8 */
        "  stages = (function() if x then y() end end)(),\n"                             /* 9 */
        "  grid = {\n    dp = 1; -- tp = 2\n    tp\n = 2, pp == 1 },\n"                  /* 10-13 */
        "  batch = other, target = {\n"                                                  /* 14 */
        "   { 1, { 2 }, f(3, 4) },\n   \"a, b\";\n {\n ranks = 2 } } }\n";               /* 15-18 */
    static const struct {
        const char *key;
        int line;
    } keys[] = {{"rank", 5},
                {"model", 6},
                {"name", 7},
                {"stages", 9},
                {"grid", 10},
                {"grid.dp", 11},
                {"grid.tp", 12},
                {"grid.pp", 10},
                {"batch.context", 14},
                {"target", 14},
                {"target[1]", 15},
                {"target[1].ranks", 15},
                {"target[2]", 16},
                {"target[3]", 17},
                {"target[3].ranks", 18},
                {"target[4].ranks", 14},
                {"stages[1]", 9},
                {"dtype", 4}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        ck_assert_msg(source_line(source, sizeof source - 1, "strategy", 4, keys[i].key) == keys[i].line, "%s is at %d",
                      keys[i].key, source_line(source, sizeof source - 1, "strategy", 4, keys[i].key));
    for (size_t cut = 0; cut < sizeof source; cut++) /* no end of the text is read past */
        ck_assert_int_ge(source_line(source, cut, "strategy", 4, "grid.tp"), 4);
}
END_TEST

START_TEST(reads_quantities)
{
    double value;
    ck_assert(quantity_read("2 GiB", memory_units, &value) && value == 2147483648.0);
    ck_assert(quantity_read("1.25KB", memory_units, &value) && value == 1250);
    ck_assert(quantity_read("500 ms", time_units, &value) && value == 0.5);
    ck_assert(quantity_read("1 ns", time_units, &value) && value == 1e-9);
    ck_assert(quantity_read("989 TFLOP/s", flop_units, &value) && value == 989e12);
    ck_assert(quantity_read("3.35 TB/s", bandwidth_units, &value) && value == 3.35e12);
    ck_assert(quantity_read("400 Gbit/s", bandwidth_units, &value) && value == 50e9);
    ck_assert(quantity_read("2 GiB/s", bandwidth_units, &value) && value == 2147483648.0);
    ck_assert(!quantity_read("400 Gb/s", bandwidth_units, &value)); /* bits or bytes? */
    ck_assert(!quantity_read("989 TFLOPS", flop_units, &value));
    static const char *const wrong[] = {"",          "GiB",   "2",     "-2 GiB", ".5 GiB",
                                        "1.2.3 GiB", "2 gib", "1e3 B", "2 GiB ", "1234567890123456 B"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!quantity_read(wrong[i], memory_units, &value), "%s", wrong[i]);
}
END_TEST

int main(void)
{
    if (chdir(TEST_SOURCE_DIR) != 0)
        return EXIT_FAILURE;
    TCase *tests = tcase_create("strategy");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, refuses_with_the_line_beside_each_case);
    tcase_add_test(tests, refuses_a_file_that_is_too_long_or_absent);
    tcase_add_test(tests, fills_in_every_default);
    tcase_add_test(tests, reads_every_key);
    tcase_add_test(tests, takes_a_model_written_in_the_strategy);
    tcase_add_test(tests, prefers_the_checkpoint_given_by_the_user);
    tcase_add_test(tests, shipped_strategies_are_accepted);
    tcase_add_test(tests, finds_the_line_of_a_key);
    tcase_add_test(tests, reads_quantities);
    return run_case("strategy", tests);
}
