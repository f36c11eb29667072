/* What the system tests share: running the real rankc, strategies made from text, files of floats. */
#pragma once

#include "base/file.h" /* before check.h, whose fail() is a macro */

#include <check.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A folder for one test, with its own cache; everything below it is removed at the end. Changes to the repository root.
 */
struct place {
    char folder[64];
};
void place_open(struct place *place);
void place_close(struct place *place);

/* "folder/name"; the result is good until the fourth call after this one. */
const char *in_place(const struct place *place, const char *name);

/* Writes a strategy `name` over the model folder (relative to the repository root) with these further keys. Returns its
 * path. */
const char *write_strategy(const struct place *place, const char *name, const char *model, const char *keys);

/* A finished command. Exit statuses of signals are 128 + signal, as a shell has them. */
struct outcome {
    int status;
    double seconds;
    struct text out, error;
};

/* Runs rankc with these arguments, NULL last, to its end. */
#define rankc(...) run_rankc((const char *const[]){__VA_ARGS__, NULL})
struct outcome run_rankc(const char *const arguments[]);
void outcome_free(struct outcome *outcome);

/* The same in two halves, for tests that do something to it in between. */
pid_t start_rankc(const char *const arguments[], const char *out, const char *error);
int end_status(pid_t process, double *seconds);

/* Fails the test, showing what the command said, unless it ended with `status`; and with these words in its error. */
void expect_status(const struct outcome *outcome, int status);
void expect_error(const struct outcome *outcome, int status, const char *words);

/* A file of float32; *count of them. The caller frees. */
float *read_floats(const char *path, size_t *count);

double now_s(void);
