/* Every strategy for GPUs is compiled for all of them, by nvcc, on a machine that may have none: what the binaries
 * hold, need and say, and what the compiler made of the kernels (tests/cuda/README.md). */
#include "support.h"

#include <dlfcn.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SKIPPED = 77, MOST_STRATEGIES = 16 }; /* SKIPPED: CTest's word for it, see tests/CMakeLists.txt */

static const char *const demo = "demo-8-cuda"; /* the smallest, whose checkpoint is here */

static char strategies[MOST_STRATEGIES][64];
static int strategy_count;

/* Each test is a process of its own, so each looks again. */
static void find_strategies(void)
{
    glob_t found;
    ck_assert_int_eq(glob("strategies/*.lua", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        json_t *plan = rankc_json((const char *const[]){"plan", found.gl_pathv[i], "--json", NULL});
        const char *device = json_string_value(json_object_get(json_object_get(plan, "target"), "device"));
        ck_assert_ptr_nonnull(device);
        if (strcmp(device, "cuda") == 0) {
            ck_assert_int_lt(strategy_count, MOST_STRATEGIES);
            snprintf(strategies[strategy_count++], sizeof *strategies, "%s",
                     json_string_value(json_object_get(plan, "name")));
        }
        json_decref(plan);
    }
    globfree(&found);
}

/* `folder`/`name` below the test's own. */
static void build_into(const char *folder, const char *name)
{
    char strategy[PATH_ROOM], sources[PATH_ROOM], build[PATH_ROOM];
    snprintf(strategy, sizeof strategy, "strategies/%s.lua", name);
    path_in_folder(sources, "%s/sources/%s", folder, name);
    path_in_folder(build, "%s/%s", folder, name);
    struct outcome outcome = RANKC("gen", strategy, "-o", sources);
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    outcome = RANKC("build", sources, "-o", build);
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
}

/* The class binaries of a strategy built in `folder`. */
static glob_t classes_of(const char *folder, const char *name)
{
    char pattern[PATH_ROOM];
    glob_t found;
    path_in_folder(pattern, "%s/%s/tree/class-*", folder, name);
    ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
    return found;
}

START_TEST(every_strategy_compiles)
{
    find_strategies();
    ck_assert_int_ge(strategy_count, 2);
    for (int i = 0; i < strategy_count; i++)
        build_into("one", strategies[i]);
}
END_TEST

/* Neither the folder of the build nor that of rankc is in a binary. */
START_TEST(two_builds_in_two_folders_are_the_same_bytes)
{
    char home[PATH_ROOM], runtime[PATH_ROOM];
    path_in_folder(home, "elsewhere/and/deeper");
    path_in_folder(runtime, "elsewhere/and/deeper/runtime");
    struct outcome outcome = run_program("/bin/mkdir", (const char *const[]){"-p", home, NULL});
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    const char *const parts[] = {"runtime", "templates"};
    for (size_t i = 0; i < COUNT(parts); i++) {
        outcome = run_program("/bin/cp", (const char *const[]){"-R", parts[i], home, NULL});
        expect_outcome(&outcome, 0, (const char *const[]){NULL});
    }
    setenv("RANKC_HOME", home, 1);
    build_into("elsewhere/and/deeper/build", demo);
    unsetenv("RANKC_HOME");

    glob_t one = classes_of("one", demo), other = classes_of("elsewhere/and/deeper/build", demo);
    ck_assert_uint_eq(one.gl_pathc, 2);
    ck_assert_uint_eq(other.gl_pathc, one.gl_pathc);
    for (size_t i = 0; i < one.gl_pathc; i++)
        expect_same_folders(one.gl_pathv[i], other.gl_pathv[i], ": something of their folders is in them");
    globfree(&one);
    globfree(&other);
}
END_TEST

static void expect_libc_only(const char *binary)
{
    static const char *const allowed[] = {"libc.so.6",       "libm.so.6",  "libdl.so.2",
                                          "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2"};
    struct outcome outcome =
        run_program("/usr/bin/readelf", (const char *const[]){"--dynamic", "--wide", binary, NULL});
    ck_assert_int_eq(outcome.status, 0);
    int libraries = 0;
    for (char *at = outcome.out; (at = strstr(at, "Shared library: [")); libraries++) {
        at = strchr(at, '[') + 1;
        size_t length = strcspn(at, "]"), i = 0;
        while (i < COUNT(allowed) && (strlen(allowed[i]) != length || strncmp(at, allowed[i], length) != 0))
            i++;
        ck_assert_msg(i < COUNT(allowed), "%s needs %.*s to start", binary, (int)length, at);
    }
    ck_assert_msg(libraries > 0, "%s names no library", binary);
    outcome_free(&outcome);
}

START_TEST(binaries_need_libc_only)
{
    find_strategies();
    for (int i = 0; i < strategy_count; i++) {
        glob_t classes = classes_of("one", strategies[i]);
        for (size_t class = 0; class < classes.gl_pathc; class ++)
            expect_libc_only(classes.gl_pathv[class]);
        globfree(&classes);
    }
}
END_TEST

START_TEST(a_rank_alone_says_what_it_is)
{
    char rank[PATH_ROOM];
    path_in_folder(rank, "one/%s/rank-0005", demo);
    struct outcome outcome = run_program(rank, (const char *const[]){NULL});
    expect_outcome(&outcome, 2,
                   (const char *const[]){"rank 5 of 8 of strategy demo-8-cuda", "class last", "rankc run", NULL});
}
END_TEST

/* Where there is a driver, what a rank says is another test's. */
START_TEST(without_a_driver_a_rank_says_so)
{
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    if (driver)
        return;
    char build[PATH_ROOM];
    path_in_folder(build, "one/%s", demo);
    struct outcome outcome =
        RANKC("run", build, "--model", "models/shakespeare-moe", "--prompt-ids", "1,2,3", "-n", "2");
    expect_outcome(&outcome, 3,
                   (const char *const[]){"this machine has no NVIDIA driver", "libcuda.so.1", "install it", NULL});
}
END_TEST

START_TEST(kernels_take_what_the_table_says)
{
    char builds[MOST_STRATEGIES][PATH_ROOM];
    const char *arguments[MOST_STRATEGIES + 1] = {NULL};
    find_strategies();
    for (int i = 0; i < strategy_count; i++) {
        path_in_folder(builds[i], "one/%s", strategies[i]);
        arguments[i] = builds[i];
    }
    struct outcome outcome = run_program("tests/cuda/resources.sh", arguments);
    ck_assert_msg(outcome.status == 0, "%s%s", outcome.out, outcome.error);
    fputs(outcome.out, stdout);
    outcome_free(&outcome);
}
END_TEST

/* As runtime/cuda/build.cmake looks for it. */
static bool has_nvcc(void)
{
    const char *named = getenv("CUDACXX");
    char command[PATH_ROOM];
    snprintf(command, sizeof command, "command -v '%s' >/dev/null 2>&1", named && *named ? named : "nvcc");
    return system(command) == 0 || (!(named && *named) && access("/usr/local/cuda/bin/nvcc", X_OK) == 0);
}

int main(void)
{
    if (sanitized || !has_nvcc()) {
        puts(sanitized ? "skipped: nvcc compiles the same with and without sanitizers"
                       : "skipped: nvcc is not installed");
        return SKIPPED;
    }
    if (chdir(TEST_SOURCE_DIR) != 0)
        return EXIT_FAILURE;
    setenv("MAKEFLAGS", "-O", 1); /* two compilers' words are not mixed in a log: resources.sh reads them */
    const TTest *const tests[] = {every_strategy_compiles,         two_builds_in_two_folders_are_the_same_bytes,
                                  binaries_need_libc_only,         a_rank_alone_says_what_it_is,
                                  without_a_driver_a_rank_says_so, kernels_take_what_the_table_says};
    return run_suite("cuda_build", tests, COUNT(tests));
}
