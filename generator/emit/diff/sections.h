/* The sections of a comparison of plans as a report for people. Each adds itself to the document, or nothing where
 * there is nothing to say. */
#pragma once

#include "emit/diff/document.h"
#include "emit/diff/words.h"

enum { MOST_ROWS = 24 }; /* of a table whose length depends on the world; --json has them all */

/* "And 8 more", after a table that shows the first MOST_ROWS of `rows`. */
void line_of_rest(struct document *document, int rows);

void list_ranks(const struct diff *diff, struct document *document);
void list_fetch(const struct diff *diff, struct document *document);
void list_groups(const struct diff *diff, struct document *document);
void list_schedules(const struct diff *diff, struct document *document);
void list_ledgers(const struct diff *diff, struct document *document);
