#include "base/text.h"
#include "base/heap.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_room(struct text *text, size_t more)
{
    if (text->room - text->length > more)
        return;
    size_t room = (text->length + more + 1) * 2;
    text->bytes = heap_grow(text->bytes, room, 1);
    text->room = room;
}

void text_add(struct text *text, const char *bytes, size_t length)
{
    make_room(text, length);
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

void text_number(struct text *text, int64_t number)
{
    char digits[24], *at = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do
        *--at = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (number < 0)
        *--at = '-';
    text_add(text, at, (size_t)(digits + sizeof digits - at));
}

void text_format(struct text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0) {
        make_room(text, (size_t)length);
        vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

struct counted counted(int count, const char *noun)
{
    struct counted shown;
    size_t length = strlen(noun);
    bool hisses = length >= 2 && (strcmp(noun + length - 2, "ss") == 0 || strcmp(noun + length - 2, "ch") == 0);
    snprintf(shown.text, sizeof shown.text, "%d %s%s", count, noun, count == 1 ? "" : hisses ? "es" : "s");
    return shown;
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}
