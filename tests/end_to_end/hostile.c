/* Wrong or damaged input of a run: one clear error, the right status, nothing half-written. */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char MODEL[] = TEST_SOURCE_DIR "/models/shakespeare-moe";

static void expect_refused(const char *const *arguments, int status, const char *words)
{
    struct outcome outcome = run_program(RANKC_BINARY, arguments);
    ck_assert_msg(strchr(outcome.error, '\n') == strrchr(outcome.error, '\n'), "more than one line: %s", outcome.error);
    expect_outcome(&outcome, status, (const char *const[]){"error: ", words, NULL});
}
#define REFUSED(status, words, ...) expect_refused((const char *const[]){__VA_ARGS__, NULL}, status, words)

/* A strategy with everything made, and the folder of its shards. */
static void make_run(char strategy[PATH_ROOM], char shards[PATH_ROOM], const char *name)
{
    char cache[PATH_ROOM];
    write_strategy(strategy, name, MODEL, "grid = { ep = 2 },");
    struct outcome outcome = RANKC("run", strategy, "--prompt", "To be", "-n", "1");
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    cache_folder(cache, name);
    snprintf(shards, PATH_ROOM, "%.*s/shards", PATH_ROOM - 16, cache);
}

START_TEST(prompts_that_are_none)
{
    const char *single = "strategies/single.lua";
    REFUSED(2, "is missing", "run", single);
    REFUSED(1, "not a list of token ids", "run", single, "--prompt-ids", "1,x");
    REFUSED(1, "not a list of token ids", "run", single, "--prompt-ids", "");
    REFUSED(1, "not a list of token ids", "run", single, "--prompt-ids", "-5");
    REFUSED(1, "not in the vocabulary", "run", single, "--prompt-ids", "1,2048");
    struct outcome outcome = RANKC("run", "strategies/no-such.lua", "--prompt", "x");
    expect_outcome(&outcome, 1, (const char *const[]){"no-such.lua", NULL});
}
END_TEST

START_TEST(a_prompt_longer_than_the_context)
{
    char strategy[PATH_ROOM];
    write_strategy(strategy, "short", MODEL, "grid = { tp = 1 }, batch = { context = 4 },");
    REFUSED(1, "does not fit the context of 4", "run", strategy, "--prompt-ids", "1,2,3,4,5");
}
END_TEST

START_TEST(a_checkpoint_of_another_model)
{
    char output[PATH_ROOM];
    path_in_folder(output, "wrong");
    char strategy[PATH_ROOM], folder[PATH_ROOM], from[PATH_ROOM], to[PATH_ROOM];
    /* The config of the one and the weights of the other. */
    path_in_folder(folder, "mixed");
    mkdir(folder, 0777);
    snprintf(to, sizeof to, "%.900s/config.json", folder);
    copy_file(TEST_SOURCE_DIR "/models/shakespeare-moe/config.json", to);
    snprintf(from, sizeof from, "%s/model.safetensors", "tests/models/tiny-mixtral");
    snprintf(to, sizeof to, "%.900s/model.safetensors", folder);
    copy_file(from, to);
    write_strategy(strategy, "mixed", MODEL, "grid = { tp = 1 },");
    REFUSED(1, "is (256, 64), not (2048, 128)", "shard", strategy, "--model", folder, "-o", output);
    ck_assert_int_eq(count_temporaries(output), 0);
}
END_TEST

START_TEST(a_folder_without_weights)
{
    char strategy[PATH_ROOM], folder[PATH_ROOM], to[PATH_ROOM], output[PATH_ROOM];
    path_in_folder(folder, "empty");
    path_in_folder(output, "none");
    mkdir(folder, 0777);
    write_strategy(strategy, "weightless", MODEL, "grid = { tp = 1 },");
    REFUSED(1, "config.json", "shard", strategy, "--model", folder, "-o", output);
    snprintf(to, sizeof to, "%.900s/config.json", folder);
    copy_file(TEST_SOURCE_DIR "/models/shakespeare-moe/config.json", to);
    REFUSED(1, "safetensors", "shard", strategy, "--model", folder, "-o", output);
}
END_TEST

/* `run` trusts the header of a shard that is there; the rank that maps it does not. */
START_TEST(a_shard_with_a_flipped_bit)
{
    char strategy[PATH_ROOM], shards[PATH_ROOM], path[PATH_ROOM];
    make_run(strategy, shards, "flipped");
    snprintf(path, sizeof path, "%.900s/stage0-ep1-tp0.experts", shards);
    size_t length;
    char *bytes = read_bytes(path, &length);
    bytes[length / 2] ^= 1;
    write_bytes(path, bytes, length);
    free(bytes);
    REFUSED(3, "is damaged", "run", strategy, "--prompt", "To be", "-n", "1");
}
END_TEST

/* What is missing, short or of another plan is stale, and made again. */
START_TEST(stale_shards_are_made_again)
{
    char strategy[PATH_ROOM], shards[PATH_ROOM], path[PATH_ROOM], twin[PATH_ROOM], twin_shards[PATH_ROOM],
        other[PATH_ROOM];
    make_run(strategy, shards, "stale");
    make_run(twin, twin_shards, "another");
    snprintf(path, sizeof path, "%.900s/stage0-ep0-tp0.experts", shards);
    snprintf(other, sizeof other, "%.900s/stage0-ep0-tp0.experts", twin_shards);
    copy_file(other, path);
    struct outcome outcome = RANKC("run", strategy, "--prompt", "To be", "-n", "1");
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    ck_assert_int_eq(truncate(path, 5000), 0);
    outcome = RANKC("run", strategy, "--prompt", "To be", "-n", "1");
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    unlink(path);
    outcome = RANKC("run", strategy, "--prompt", "To be", "-n", "1");
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    ck_assert_int_eq(count_temporaries(shards), 0);
}
END_TEST

/* A limit on the size of files fails writes as a full disk does. */
START_TEST(a_full_disk)
{
    char output[PATH_ROOM], sources[PATH_ROOM];
    path_in_folder(output, "full");
    path_in_folder(sources, "full-sources");
    const struct rlimit before = {RLIM_INFINITY, RLIM_INFINITY}, limit = {3000, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
    struct outcome shard = RANKC("shard", "strategies/single.lua", "--model", MODEL, "-o", output);
    struct outcome generated = RANKC("gen", "strategies/demo-8.lua", "-o", sources);
    setrlimit(RLIMIT_FSIZE, &before);
    expect_outcome(&shard, 1, (const char *const[]){"cannot be written", NULL});
    expect_outcome(&generated, 1, (const char *const[]){"error: ", NULL});
    ck_assert_int_eq(count_temporaries(output), 0);
    char manifest[PATH_ROOM];
    path_in_folder(manifest, "full-sources/MANIFEST");
    ck_assert_int_ne(access(manifest, F_OK), 0);
}
END_TEST

/* What is printed is an output as well. */
START_TEST(a_full_standard_output)
{
    static const char *const commands[] = {"check", "plan", "plan --json"};
    for (size_t i = 0; i < COUNT(commands); i++) {
        char line[PATH_ROOM];
        snprintf(line, sizeof line, "%s %s strategies/single.lua >/dev/full", RANKC_BINARY, commands[i]);
        struct outcome outcome = run_program("/bin/sh", (const char *const[]){"-c", line, NULL});
        expect_outcome(&outcome, 1, (const char *const[]){"standard output cannot be written", NULL});
    }
}
END_TEST

START_TEST(a_rank_binary_in_a_wrong_place)
{
    char build[PATH_ROOM], rank_2[2 * PATH_ROOM], rank_3[2 * PATH_ROOM];
    path_in_folder(build, "swapped");
    struct outcome built = RANKC("build", "generated/demo-8", "-o", build);
    expect_outcome(&built, 0, (const char *const[]){NULL});
    snprintf(rank_2, sizeof rank_2, "%s/rank-0002", build);
    snprintf(rank_3, sizeof rank_3, "%s/rank-0003", build);
    copy_file(rank_2, rank_3);
    REFUSED(3, "rank 3 (class first, dp 0 pp 0 ep 1 tp 1) ended", "run", build, "--model", MODEL, "--prompt", "To be");
    REFUSED(3, "its binary is that of rank 2; build again", "run", build, "--model", MODEL, "--prompt", "To be");
    ck_assert_int_eq(unlink(rank_3), 0);
    REFUSED(1, "cannot be started", "run", build, "--model", MODEL, "--prompt", "To be");
}
END_TEST

START_TEST(kernels_that_are_not_there)
{
    REFUSED(1, "--kernels sse9 is not there; this processor can run", "run", "strategies/single.lua", "--prompt",
            "To be", "--kernels", "sse9");
}
END_TEST

START_TEST(an_output_folder_that_is_a_file)
{
    char output[PATH_ROOM];
    path_in_folder(output, "a-file");
    write_bytes(output, "x", 1);
    REFUSED(1, "a-file", "gen", "strategies/single.lua", "-o", output);
    REFUSED(1, "a-file", "shard", "strategies/single.lua", "--model", MODEL, "-o", output);
}
END_TEST

START_TEST(a_rank_started_by_hand)
{
    char strategy[PATH_ROOM], shards[PATH_ROOM], cache[PATH_ROOM], rank[PATH_ROOM];
    make_run(strategy, shards, "by-hand");
    cache_folder(cache, "by-hand");
    snprintf(rank, sizeof rank, "%.900s/build/rank-0001", cache);
    struct outcome outcome = run_program(rank, (const char *const[]){NULL});
    expect_outcome(&outcome, 2, (const char *const[]){"rank 1 of 2", "rankc run", NULL});
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {prompts_that_are_none,
                                  a_prompt_longer_than_the_context,
                                  a_checkpoint_of_another_model,
                                  a_folder_without_weights,
                                  a_shard_with_a_flipped_bit,
                                  stale_shards_are_made_again,
                                  a_full_disk,
                                  a_full_standard_output,
                                  a_rank_binary_in_a_wrong_place,
                                  kernels_that_are_not_there,
                                  an_output_folder_that_is_a_file,
                                  a_rank_started_by_hand};
    return run_suite("hostile", tests, COUNT(tests));
}
