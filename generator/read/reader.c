#include "read/reader.h"
#include "read/source_lines.h"

#include <stdarg.h>
#include <stdio.h>

int reader_line(const struct reader *reader, const char *key)
{
    return source_line(reader->source.bytes, reader->source.length, reader->kind->word, reader->call_line, key);
}

bool reader_fail(const struct reader *reader, const char *key, const char *format, ...)
{
    char text[sizeof reader->error->text];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return fail(reader->error, reader->path, reader_line(reader, key), "%s", text);
}
