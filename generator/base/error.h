/* What was wrong with the input, where, and what to do about it.
 *
 * Every function that can refuse its input takes a `struct error *`, fills it once with `fail` and returns false (or
 * NULL). Nothing below main prints; main shows `file:line: error: what; what to do` and picks the exit status.
 * A programming mistake is an assert, never an error. */
#pragma once

#include <stdbool.h>

enum exit_status { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_RANK_FAILED = 3 };

struct error {
    char file[512]; /* "" when the error is about no file */
    int line;       /* 0 when it is about no line */
    char text[2048];
    enum exit_status status;
};

/* Fills `error` and returns false, so that a caller can write `return fail(error, path, line, "...")`.
 * `file` may be NULL. The status is EXIT_REFUSED. The text reads `what; what to do`. */
bool fail(struct error *error, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a failed system call: appends what errno says. */
bool fail_errno(struct error *error, const char *file, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Prints the error to stderr as one line. */
void error_print(const struct error *error);
