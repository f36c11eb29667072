#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run_case.h"

#ifdef __SANITIZE_ADDRESS__
const bool sanitized = true;
#else
const bool sanitized = false;
#endif

static char folder[PATH_ROOM];

/* ---- time */

double clock_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void sleep_seconds(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

/* ---- commands */

void start_program(struct running *running, const char *program, const char *const *arguments)
{
    enum { MOST_ARGUMENTS = 1024 };
    static int commands;
    const char *all[MOST_ARGUMENTS] = {program};
    for (int i = 0; arguments[i]; i++) {
        ck_assert_int_lt(i + 2, MOST_ARGUMENTS);
        all[i + 1] = arguments[i];
    }
    path_in_folder(running->out, "out-%d-%d", (int)getpid(), commands);
    path_in_folder(running->error, "error-%d-%d", (int)getpid(), commands++);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, running->out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_addopen(&files, 2, running->error, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    running->started = clock_seconds();
    int reason = posix_spawn(&running->id, program, &files, NULL, (char *const *)all, environ);
    posix_spawn_file_actions_destroy(&files);
    ck_assert_msg(reason == 0, "%s: %s", program, strerror(reason));
}

static char *take_output(const char *path)
{
    size_t length;
    char *text = read_bytes(path, &length);
    unlink(path);
    return text;
}

struct outcome finish_within(struct running *running, double seconds)
{
    int status;
    double most = clock_seconds() + seconds;
    while (waitpid(running->id, &status, WNOHANG) == 0) {
        if (clock_seconds() > most) {
            kill(running->id, SIGKILL);
            waitpid(running->id, &status, 0);
            ck_abort_msg("not ended after %g s: %s", seconds, take_output(running->error));
        }
        sleep_seconds(0.005);
    }
    return (struct outcome){.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                            .seconds = clock_seconds() - running->started,
                            .out = take_output(running->out),
                            .error = take_output(running->error)};
}

struct outcome run_program(const char *program, const char *const *arguments)
{
    struct running running;
    start_program(&running, program, arguments);
    return finish_within(&running, TEST_SECONDS);
}

void outcome_free(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->error);
    *outcome = (struct outcome){0};
}

void expect_outcome(struct outcome *outcome, int status, const char *const *words)
{
    ck_assert_msg(outcome->status == status, "status %d, not %d: %s", outcome->status, status, outcome->error);
    for (int i = 0; words[i]; i++)
        ck_assert_msg(strstr(outcome->error, words[i]) != NULL, "no \"%s\" in: %s", words[i], outcome->error);
    outcome_free(outcome);
}

json_t *rankc_json(const char *const *arguments)
{
    struct outcome outcome = run_program(RANKC_BINARY, arguments);
    ck_assert_msg(outcome.status == 0, "status %d: %s", outcome.status, outcome.error);
    json_error_t why;
    json_t *json = json_loads(outcome.out, JSON_ALLOW_NUL, &why);
    ck_assert_msg(json != NULL, "%s: %s", why.text, outcome.out);
    outcome_free(&outcome);
    return json;
}

/* ---- files */

void path_in_folder(char path[PATH_ROOM], const char *format, ...)
{
    int length = snprintf(path, PATH_ROOM, "%s/", folder);
    va_list parts;
    va_start(parts, format);
    length += vsnprintf(path + length, (size_t)(PATH_ROOM - length), format, parts);
    va_end(parts);
    ck_assert_int_lt(length, PATH_ROOM);
}

char *read_bytes(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    struct stat status;
    ck_assert_int_eq(fstat(fileno(file), &status), 0);
    *length = (size_t)status.st_size;
    char *bytes = calloc(*length + 1, 1);
    ck_assert_uint_eq(fread(bytes, 1, *length, file), *length);
    fclose(file);
    return bytes;
}

void write_bytes(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

float *read_floats(const char *path, size_t *count)
{
    size_t length;
    float *floats = (void *)read_bytes(path, &length);
    *count = length / sizeof *floats;
    return floats;
}

json_t *read_json(const char *path)
{
    json_error_t why;
    json_t *json = json_load_file(path, 0, &why);
    ck_assert_msg(json != NULL, "%s:%d: %s", path, why.line, why.text);
    return json;
}

void copy_file(const char *from, const char *to)
{
    size_t length;
    char *bytes = read_bytes(from, &length);
    write_bytes(to, bytes, length);
    free(bytes);
}

void write_strategy(char path[PATH_ROOM], const char *name, const char *model, const char *keys)
{
    char text[8192];
    int length = snprintf(text, sizeof text, "return strategy {\n  name = \"%s\",\n  model = hf \"%s\",\n%s\n}\n", name,
                          model, keys);
    ck_assert_int_lt(length, (int)sizeof text);
    path_in_folder(path, "%s.lua", name);
    write_bytes(path, text, (size_t)length);
}

void cache_folder(char path[PATH_ROOM], const char *name)
{
    char pattern[PATH_ROOM];
    path_in_folder(pattern, "cache/%s-????????", name);
    glob_t found;
    ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
    ck_assert_uint_eq(found.gl_pathc, 1);
    snprintf(path, PATH_ROOM, "%s", found.gl_pathv[0]);
    globfree(&found);
}

void expect_same_folders(const char *left, const char *right, const char *hint)
{
    const char *const arguments[] = {"-r", left, right, NULL};
    struct outcome outcome = run_program("/usr/bin/diff", arguments);
    ck_assert_msg(outcome.status == 0, "%s and %s differ%s:\n%.2000s", left, right, hint, outcome.out);
    outcome_free(&outcome);
}

static int temporaries;

static int count_temporary(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    const char *name = path + at->base, *suffix = strrchr(name, '.');
    if (type != FTW_F || !suffix || strlen(suffix) != 7 || strspn(suffix + 1, "0123456789") == 6)
        return 0;
    temporaries += strcmp(suffix, ".stdout") != 0 && strcmp(suffix, ".stderr") != 0;
    return 0;
}

int count_temporaries(const char *below)
{
    temporaries = 0;
    nftw(below, count_temporary, 16, FTW_PHYS);
    return temporaries;
}

/* ---- token ids */

bool same_ids(const json_t *left, const json_t *right)
{
    return json_equal(left, right) != 0;
}

char *ids_text(const json_t *ids)
{
    char *text = json_dumps(ids, JSON_COMPACT);
    size_t length = strlen(text);
    memmove(text, text + 1, length - 2); /* without the brackets */
    text[length - 2] = '\0';
    return text;
}

/* ---- the suite */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

int run_suite(const char *name, const TTest *const *tests, size_t count)
{
    char cache[PATH_ROOM + 8];
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/rankc-%s.XXXXXX", temporary ? temporary : "/tmp", name);
    if (!mkdtemp(folder) || chdir(TEST_SOURCE_DIR) != 0)
        return EXIT_FAILURE;
    snprintf(cache, sizeof cache, "%s/cache", folder);
    setenv("RANKC_CACHE", cache, 1);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, TEST_SECONDS);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    int status = run_case(name, tcase);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return status;
}
