/* Mistakes of synchronization are found: by wrong values or by ThreadSanitizer, for most seeds. The program without a
 * mistake passes for every seed, with no report. */

#include "run_case.h"

#include <check.h>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEEDS = 20, MOST = 15, SEEDS_WATCHED = 5, STATUS_OF_RACES = 66 };

static int status_of(const char *path, const char *bug, int seed)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        setenv("CUDA_ON_CPU_SEED", std::to_string(seed).c_str(), 1);
        setenv("TSAN_OPTIONS", "halt_on_error=1:exitcode=66:atexit_sleep_ms=0", 1);
        personality(ADDR_NO_RANDOMIZE); /* old ThreadSanitizers do not know all places of programs */
        int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nothing, STDERR_FILENO);
        execl(path, path, bug, (char *)nullptr);
        _exit(127);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const char *const programs[] = {PLANTED_PROGRAM, PLANTED_PROGRAM_WATCHED};

static const char *const bugs[] = {
    "barrier_after_load",   "barrier_before_load",      "wait_for_async_copy",   "wait_for_too_few",
    "async_copy_too_early", "barrier_after_async_copy", "event_copy_to_kernel",  "event_kernel_to_copy",
    "host_reads_early",     "host_writes_early",        "buffer_of_two_streams", "edge_copy_to_kernel",
    "edge_kernel_to_copy",
};

START_TEST(finds_the_mistake)
{
    int by_values = 0, by_races = 0, found = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
        int values = status_of(programs[0], bugs[_i], seed);
        ck_assert_msg(values == 0 || values == 1, "%s, seed %d: status %d", bugs[_i], seed, values);
        bool watch = *programs[1] && (values == 0 || seed < SEEDS_WATCHED);
        int races = watch ? status_of(programs[1], bugs[_i], seed) : 0;
        ck_assert_msg(races == 0 || races == 1 || races == STATUS_OF_RACES, "%s, seed %d, watched: status %d", bugs[_i],
                      seed, races);
        by_values += values == 1;
        by_races += races == STATUS_OF_RACES;
        found += values == 1 || races != 0;
    }
    printf("%s: of %d seeds %d by values, %d by races, %d by either (races: where values were right)\n", bugs[_i],
           SEEDS, by_values, by_races, found);
    ck_assert_msg(found >= (*programs[1] ? MOST : 1), "%s was found for %d of %d seeds", bugs[_i], found, SEEDS);
}
END_TEST

START_TEST(passes_without_mistake)
{
    if (!*programs[_i])
        return;
    for (int seed = 0; seed < SEEDS; seed++) {
        int status = status_of(programs[_i], "none", seed);
        ck_assert_msg(status == 0, "%s, seed %d: status %d", programs[_i], seed, status);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, finds_the_mistake, 0, (int)(sizeof bugs / sizeof *bugs));
    tcase_add_loop_test(tests, passes_without_mistake, 0, 2);
    return run_case("planted_bugs", tests);
}
