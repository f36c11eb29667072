/* Emitted sources as lines of known form.
 *
 * A file is read from top to bottom, and every line of code must be what a template writes there: a reader that skipped
 * what it does not know would miss what a compiler does not. Comments and blank lines are passed over, and blanks
 * within a line do not count. */
#pragma once

#include "base/error.h"
#include "base/pool.h"

#include <stddef.h>

struct source {
    const char *path; /* for errors */
    const char *at;   /* the line of code that was found but not yet taken; else where to look for it */
    bool found, failed;
    int line;
    struct pool *pool; /* of texts that are read */
    struct error *error;
};

enum { WORD_ROOM = 64 };

/* `bytes` end with a NUL and must outlive the source. */
void source_open(struct source *source, const char *path, const char *bytes, struct pool *pool, struct error *error);

/* Takes the next line of code if it has this form, and fills in the arguments; leaves it otherwise. A blank stands for
 * any number of them; a comment may follow. What is read:
 *
 *     %d  int *                      an integer            %s  const char *   exactly this text
 *     %u  uint64_t *                 not negative          %q  const char **  "text", of the pool
 *     %l  int *, int most, int *     integers, how many    %f  const char **  a decimal number as text, of the pool
 *     %m  int *                      A is 0, B is 1        %w  char[WORD_ROOM]  an identifier
 *     %c  const char **              the rest of the line, of the pool
 *     %*                             the rest of the line, whatever it is
 */
bool source_is(struct source *source, const char *form, ...);

/* The same, but anything else is refused: `what` says what should be there. */
bool source_expect(struct source *source, const char *what, const char *form, ...);

/* Each of these lines in turn; NULL after the last. For what is the same in every plan. */
bool source_expect_lines(struct source *source, const char *what, const char *const *lines);

/* Refuses the next line, or the end of the file if there is none: only `what` should be there. */
bool source_refuse(struct source *source, const char *what);

/* Nothing but comments may follow. */
bool source_end(struct source *source);

/* Fails at the line that was taken last. Returns false. */
bool source_fail(struct source *source, const char *format, ...) __attribute__((format(printf, 2, 3)));
