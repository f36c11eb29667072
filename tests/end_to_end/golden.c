/* Every way of splitting a model computes what the reference computed. */
#include "golden_cases.h"
#include "splittings.h"

#include <stdio.h>
#include <string.h>

/* ---- the tests */

START_TEST(shakespeare_agrees_however_it_is_split)
{
    for (size_t i = 0; i < splitting_count; i++) {
        char strategy[PATH_ROOM];
        write_splitting(strategy, &splittings[i], SHAKESPEARE);
        expect_golden(splittings[i].name, &shakespeare, strategy, F32_TOLERANCE);
    }
}
END_TEST

START_TEST(two_hundred_fifty_six_ranks_agree)
{
    expect_golden("shakespeare-256", &shakespeare, TEST_SOURCE_DIR "/strategies/shakespeare-256.lua", F32_TOLERANCE);
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
            expect_golden(splittings[i].name, &tiny, strategy, F32_TOLERANCE);
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
