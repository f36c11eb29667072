/* What is committed in generated/ is what the generator writes now, in whatever folder it writes. */
#include "support.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

static void expect_generated(const char *name)
{
    char strategy[PATH_ROOM], committed[PATH_ROOM], output[PATH_ROOM], again[PATH_ROOM];
    snprintf(strategy, sizeof strategy, "strategies/%s.lua", name);
    snprintf(committed, sizeof committed, "generated/%s", name);
    path_in_folder(output, "one/%s", name);
    path_in_folder(again, "elsewhere/and/deeper/%s", name);
    struct outcome outcome = RANKC("gen", strategy, "-o", output);
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    outcome = RANKC("gen", strategy, "-o", again);
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    expect_same_folders(output, again, "the folder must not matter");
    expect_same_folders(committed, output, "run ./dev gen, read what changed, commit it");
}

START_TEST(generated_sources_are_up_to_date)
{
    int strategies = 0;
    DIR *folder = opendir("strategies");
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char name[256];
        snprintf(name, sizeof name, "%s", entry->d_name);
        char *end = strstr(name, ".lua");
        if (!end)
            continue;
        *end = '\0';
        expect_generated(name);
        strategies++;
    }
    closedir(folder);
    ck_assert_int_ge(strategies, 4);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {generated_sources_are_up_to_date};
    return run_suite("generated", tests, COUNT(tests));
}
