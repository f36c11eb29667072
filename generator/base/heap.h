/* The heap, for what no pool owns: free() it. None of these returns NULL: when memory is out, the process ends with a
 * line that says so, which is all that a compiler can do then. */
#pragma once

#include <stddef.h>

/* Zeroed memory for `count` items of `size` bytes. */
void *heap_take(size_t count, size_t size);

/* `items` (or NULL) with room for `count` items of `size` bytes; what is new is not zeroed. */
void *heap_grow(void *items, size_t count, size_t size);

char *heap_text(const char *text);

/* Ends the process with that line. */
_Noreturn void heap_exhausted(void);
