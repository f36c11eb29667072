/* Where a key stands in the text of a strategy. Lua keeps no lines of table keys, so the text is looked through. */
#pragma once

#include <stddef.h>

/* The line of a key such as "grid.tp" or "links[2].ranks" in the table of the first call of `word` at or after
 * `first_line`. Where a key is not written out in its table, the line of the table is returned; `first_line` when not
 * even the call is found. */
int source_line(const char *text, size_t length, const char *word, int first_line, const char *key);

/* The line where the same table gives the key once more (Lua would silently take the later one); 0: nowhere. */
int source_line_again(const char *text, size_t length, const char *word, int first_line, const char *key);
