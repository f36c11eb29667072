#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { MOST_OUTPUT_BYTES = 64 << 20, MOST_ARGUMENTS = 64 };

double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* ---- places */

void place_open(struct place *place)
{
    snprintf(place->folder, sizeof place->folder, "/tmp/rankc-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place->folder));
    ck_assert_int_eq(setenv("RANKC_CACHE", in_place(place, "cache"), 1), 0);
    ck_assert_int_eq(chdir(TEST_SOURCE_DIR), 0);
}

void place_close(struct place *place)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", place->folder);
    ck_assert_int_eq(system(command), 0);
}

const char *in_place(const struct place *place, const char *name)
{
    static char paths[4][4096];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", place->folder, name);
    return path;
}

const char *write_strategy(const struct place *place, const char *name, const char *model, const char *keys)
{
    char file_name[256];
    snprintf(file_name, sizeof file_name, "%s.lua", name);
    const char *path = in_place(place, file_name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "return strategy {\n  name = \"%s\",\n  model = hf \"%s/%s\",\n%s\n}\n", name, TEST_SOURCE_DIR, model,
            keys);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

/* ---- commands */

pid_t start_rankc(const char *const arguments[], const char *out, const char *error)
{
    char *all[MOST_ARGUMENTS] = {RANKC_BINARY};
    for (int i = 0; arguments[i]; i++)
        all[i + 1] = (char *)arguments[i];
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&files, 2, error, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    pid_t process;
    ck_assert_int_eq(posix_spawn(&process, all[0], &files, NULL, all, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    return process;
}

int end_status(pid_t process, double *seconds)
{
    int status;
    double begin = now_s();
    while (waitpid(process, &status, 0) < 0)
        ck_assert_int_eq(errno, EINTR);
    if (seconds)
        *seconds = now_s() - begin;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct outcome run_rankc(const char *const arguments[])
{
    char out[] = "/tmp/rankc-out-XXXXXX", error[] = "/tmp/rankc-err-XXXXXX";
    close(mkstemp(out));
    close(mkstemp(error));
    struct outcome outcome = {0};
    outcome.status = end_status(start_rankc(arguments, out, error), &outcome.seconds);
    struct error ignored;
    ck_assert(file_read(out, MOST_OUTPUT_BYTES, &outcome.out, &ignored));
    ck_assert(file_read(error, MOST_OUTPUT_BYTES, &outcome.error, &ignored));
    unlink(out);
    unlink(error);
    return outcome;
}

void outcome_free(struct outcome *outcome)
{
    text_free(&outcome->out);
    text_free(&outcome->error);
}

void expect_status(const struct outcome *outcome, int status)
{
    ck_assert_msg(outcome->status == status, "status %d, not %d; it said: %s", outcome->status, status,
                  outcome->error.bytes);
}

void expect_error(const struct outcome *outcome, int status, const char *words)
{
    expect_status(outcome, status);
    ck_assert_msg(strstr(outcome->error.bytes, words), "no \"%s\" in: %s", words, outcome->error.bytes);
}

float *read_floats(const char *path, size_t *count)
{
    struct text bytes = {0};
    struct error error;
    ck_assert_msg(file_read(path, MOST_OUTPUT_BYTES, &bytes, &error), "%s", error.text);
    *count = bytes.length / sizeof(float);
    return (float *)(void *)bytes.bytes;
}
