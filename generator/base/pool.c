/* Blocks of growing size, bump-allocated. */
#include "base/pool.h"
#include "base/heap.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16, FIRST_BLOCK_BYTES = 64 * 1024 };

struct pool_block {
    struct pool_block *next;
    size_t used, size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

void *pool_take(struct pool *pool, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4)
        heap_exhausted();
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct pool_block *block = pool->blocks;
    if (!block || block->size - block->used < bytes) {
        size_t grown = block ? block->size * 2 : FIRST_BLOCK_BYTES;
        size_t room = bytes > grown ? bytes : grown;
        block = heap_take(1, sizeof *block + room);
        block->size = room;
        block->next = pool->blocks;
        pool->blocks = block;
    }
    void *taken = block->bytes + block->used;
    block->used += bytes;
    return taken;
}

char *pool_text(struct pool *pool, const char *text)
{
    size_t length = strlen(text);
    char *copy = pool_take(pool, length + 1, 1);
    memcpy(copy, text, length + 1);
    return copy;
}

char *pool_format(struct pool *pool, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    size_t room = (size_t)vsnprintf(NULL, 0, format, arguments) + 1;
    char *text = pool_take(pool, room, 1);
    vsnprintf(text, room, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}

void pool_free(struct pool *pool)
{
    while (pool->blocks) {
        struct pool_block *next = pool->blocks->next;
        free(pool->blocks);
        pool->blocks = next;
    }
}
