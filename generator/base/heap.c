#include "base/heap.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *there(void *memory)
{
    if (!memory)
        heap_exhausted();
    return memory;
}

void *heap_take(size_t count, size_t size)
{
    return there(calloc(count ? count : 1, size));
}

void *heap_grow(void *items, size_t count, size_t size)
{
    return there(reallocarray(items, count, size));
}

char *heap_text(const char *text)
{
    return there(strdup(text));
}

_Noreturn void heap_exhausted(void)
{
    fputs("error: out of memory\n", stderr);
    exit(EXIT_REFUSED);
}
