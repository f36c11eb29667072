/* What the end-to-end tests share: a folder of their own, the real rankc in it, and what it left behind. */
#pragma once

#include <check.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PATH_ROOM = 1024, TEST_SECONDS = 900 };

#define COUNT(array) (sizeof(array) / sizeof *(array))

extern const bool sanitized; /* everything is built with sanitizers, so it is slow and takes more memory */

/* A command that has ended; its texts are freed by outcome_free. */
struct outcome {
    int status;     /* its exit status, or 128 + the signal that killed it */
    double seconds; /* how long it took */
    char *out, *error;
};

/* A command that runs. */
struct running {
    pid_t id;
    double started;
    char out[PATH_ROOM], error[PATH_ROOM]; /* the files that take its output */
};

double clock_seconds(void);
void sleep_seconds(double seconds);

/* Runs a program, in the folder of the repository. A list of arguments ends with NULL. */
void start_program(struct running *running, const char *program, const char *const *arguments);

/* Waits until it ends; fails the test when that takes longer than `seconds`. */
struct outcome finish_within(struct running *running, double seconds);
struct outcome run_program(const char *program, const char *const *arguments);
void outcome_free(struct outcome *outcome);

#define RANKC(...) run_program(RANKC_BINARY, (const char *const[]){__VA_ARGS__, NULL})

/* Fails the test unless the command ended with this status and its errors hold every one of these words (NULL ends
 * the list). Frees the outcome. */
void expect_outcome(struct outcome *outcome, int status, const char *const *words);

/* Runs rankc, expects success and gives its output as JSON. */
json_t *rankc_json(const char *const *arguments);

/* The folder of this test program, removed at its end: `name` in it, made of printf parts. */
void path_in_folder(char path[PATH_ROOM], const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes folder/name.lua: a strategy of this name for the checkpoint in `model`, with these further keys. */
void write_strategy(char path[PATH_ROOM], const char *name, const char *model, const char *keys);

/* The folder that `run` keeps for a strategy of this name. */
void cache_folder(char path[PATH_ROOM], const char *name);

char *read_bytes(const char *path, size_t *length);
void write_bytes(const char *path, const char *bytes, size_t length);
float *read_floats(const char *path, size_t *count);
json_t *read_json(const char *path);
void copy_file(const char *from, const char *to);

/* Fails the test when the files of two folders differ, saying `hint`. */
void expect_same_folders(const char *left, const char *right, const char *hint);

/* Names like shard.XXXXXX, which a rename should have replaced or a failure removed. */
int count_temporaries(const char *folder);

/* Compares lists of numbers. */
bool same_ids(const json_t *left, const json_t *right);
/* Writes "1,2,3"; the text is freed by the caller. */
char *ids_text(const json_t *ids);

/* Makes the folder and the cache in it, runs the suite of one tcase, and cleans up. For main to return. */
int run_suite(const char *name, const TTest *const *tests, size_t count);
