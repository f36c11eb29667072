/* A rank that dies or stands still, a user who stops the job: it ends soon, says why, and leaves nothing. */
#include "support.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RANKS = 8 };

static char strategy[PATH_ROOM];

/* A job of eight ranks that would run for seconds. */
static void start_long_job(struct running *job, const char *tokens)
{
    write_strategy(strategy, "long", TEST_SOURCE_DIR "/models/shakespeare-moe",
                   "grid = { pp = 2, ep = 2, tp = 2 }, batch = { context = 2048, micro_batches = 2 },");
    struct outcome warm = RANKC("run", strategy, "--prompt", "To be", "-n", "1");
    expect_outcome(&warm, 0, (const char *const[]){NULL});
    start_program(job, RANKC_BINARY,
                  (const char *const[]){"run", strategy, "--prompt", "To be", "-n", tokens, "--json", NULL});
}

/* The processes of the job's ranks, by rank; returns how many there are. */
static int find_ranks(pid_t ranks[RANKS])
{
    int found = 0;
    DIR *processes = opendir("/proc");
    for (struct dirent *entry; (entry = readdir(processes));) {
        char path[300], line[PATH_ROOM] = "";
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        FILE *file = atoi(entry->d_name) > 0 ? fopen(path, "r") : NULL;
        if (!file)
            continue;
        size_t length = fread(line, 1, sizeof line - 1, file);
        fclose(file);
        const char *name = length ? strstr(line, "/long-") : NULL;
        const char *number = name ? strstr(name, "/rank-") : NULL;
        if (!number)
            continue;
        ranks[atoi(number + strlen("/rank-")) % RANKS] = atoi(entry->d_name);
        found++;
    }
    closedir(processes);
    return found;
}

/* Waits until all ranks of the job are at work. */
static void await_ranks(pid_t ranks[RANKS])
{
    for (double end = clock_seconds() + 60; find_ranks(ranks) < RANKS; sleep_seconds(0.02))
        ck_assert_msg(clock_seconds() < end, "the ranks did not start");
    sleep_seconds(0.3);
}

static int count_shared_files(void)
{
    int count = 0;
    DIR *folder = opendir("/dev/shm");
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

static void expect_nothing_left(void)
{
    pid_t ranks[RANKS];
    for (double end = clock_seconds() + 1; find_ranks(ranks) > 0; sleep_seconds(0.02))
        ck_assert_msg(clock_seconds() < end, "ranks are left");
}

/* Signals one rank and expects the job to end within `seconds`, naming it. */
static void expect_end_after(int signal_number, int rank, double seconds, const char *words)
{
    struct running job;
    pid_t ranks[RANKS] = {0};
    int shared = count_shared_files();
    start_long_job(&job, "1900");
    await_ranks(ranks);
    double begin = clock_seconds();
    kill(ranks[rank], signal_number);
    struct outcome outcome = finish_within(&job, 60);
    double took = clock_seconds() - begin;
    char name[32];
    snprintf(name, sizeof name, "rank %d (class", rank);
    expect_outcome(&outcome, 3, (const char *const[]){name, words, NULL});
    ck_assert_msg(took < seconds * (sanitized ? 3 : 1), "it took %.1f s", took);
    expect_nothing_left();
    ck_assert_int_eq(count_shared_files(), shared);
}

START_TEST(a_killed_rank_ends_the_job_within_a_second)
{
    static const int victims[] = {0, 3, 7};
    for (size_t i = 0; i < COUNT(victims); i++)
        expect_end_after(SIGKILL, victims[i], 1.5, "was killed by signal 9");
}
END_TEST

START_TEST(a_stopped_rank_ends_the_job_within_five)
{
    expect_end_after(SIGSTOP, 2, 5, "stands still");
}
END_TEST

START_TEST(a_rank_that_goes_on_soon_is_forgiven)
{
    struct running job;
    pid_t ranks[RANKS] = {0};
    start_long_job(&job, "1500");
    await_ranks(ranks);
    kill(ranks[5], SIGSTOP);
    sleep_seconds(0.7);
    kill(ranks[5], SIGCONT);
    struct outcome outcome = finish_within(&job, 120);
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
}
END_TEST

START_TEST(a_stop_request_ends_the_job_within_two_seconds)
{
    static const int signals[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < COUNT(signals); i++) {
        struct running job;
        pid_t ranks[RANKS] = {0};
        start_long_job(&job, "1900");
        await_ranks(ranks);
        double begin = clock_seconds();
        kill(job.id, signals[i]);
        struct outcome outcome = finish_within(&job, 60);
        ck_assert(clock_seconds() - begin < 2 * (sanitized ? 3 : 1));
        expect_outcome(&outcome, 128 + signals[i], (const char *const[]){"all ranks have ended", NULL});
        expect_nothing_left();
    }
}
END_TEST

static int count_files(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return count;
}

START_TEST(a_stop_request_leaves_no_half_of_a_shard)
{
    enum { ROUNDS = 8 };
    int stopped = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct running sharding;
        char folder[PATH_ROOM];
        path_in_folder(folder, "shards-%d", round);
        start_program(&sharding, RANKC_BINARY,
                      (const char *const[]){"shard", "strategies/shakespeare-256.lua", "--model",
                                            "models/shakespeare-moe", "-o", folder, NULL});
        while (count_files(folder) <= 4 * round)
            ck_assert_msg(clock_seconds() < sharding.started + 60, "no shard is written");
        kill(sharding.id, SIGINT);
        struct outcome outcome = finish_within(&sharding, 60);
        stopped += outcome.status != 0; /* one that was done before the signal came has nothing to refuse */
        expect_outcome(&outcome, outcome.status ? 128 + SIGINT : 0,
                       (const char *const[]){outcome.status ? "stopped by Interrupt; the shard" : "", NULL});
        ck_assert_int_eq(count_temporaries(folder), 0);
    }
    ck_assert_int_gt(stopped, 0);
}
END_TEST

START_TEST(ranks_do_not_outlive_their_head)
{
    struct running job;
    pid_t ranks[RANKS] = {0};
    start_long_job(&job, "1900");
    await_ranks(ranks);
    kill(job.id, SIGKILL);
    struct outcome outcome = finish_within(&job, 60);
    expect_outcome(&outcome, 128 + SIGKILL, (const char *const[]){NULL});
    expect_nothing_left();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_killed_rank_ends_the_job_within_a_second, a_stopped_rank_ends_the_job_within_five,
        a_rank_that_goes_on_soon_is_forgiven,       a_stop_request_ends_the_job_within_two_seconds,
        a_stop_request_leaves_no_half_of_a_shard,   ranks_do_not_outlive_their_head};
    return run_suite("faults", tests, COUNT(tests));
}
