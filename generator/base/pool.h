/* A pool owns every allocation of one long-lived thing (a strategy, a plan) and frees them together. */
#pragma once

#include <stddef.h>

struct pool {
    struct pool_block *blocks;
};

/* Zeroed memory for `count` items of `size` bytes; never NULL (the process ends with a message when memory is out).
 * Valid until pool_free. */
void *pool_take(struct pool *pool, size_t count, size_t size);

/* A copy of `text`, and of a printf-style text. */
char *pool_text(struct pool *pool, const char *text);
char *pool_format(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));

void pool_free(struct pool *pool);
