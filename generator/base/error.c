/* Filling and printing a struct error. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void locate(struct error *error, const char *file, int line)
{
    snprintf(error->file, sizeof error->file, "%s", file ? file : "");
    error->line = line;
    error->status = EXIT_REFUSED;
}

/* What came from a file must not steer a terminal, nor look like a second message. */
static void keep_to_one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

bool fail(struct error *error, const char *file, int line, const char *format, ...)
{
    locate(error, file, line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    keep_to_one_line(error->text);
    return false;
}

bool fail_errno(struct error *error, const char *file, const char *format, ...)
{
    int reason = errno;
    locate(error, file, 0);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof error->text)
        snprintf(error->text + length, sizeof error->text - (size_t)length, ": %s", strerror(reason));
    keep_to_one_line(error->text);
    return false;
}

void error_print(const struct error *error)
{
    if (error->file[0] && error->line > 0)
        fprintf(stderr, "%s:%d: error: %s\n", error->file, error->line, error->text);
    else if (error->file[0])
        fprintf(stderr, "%s: error: %s\n", error->file, error->text);
    else
        fprintf(stderr, "error: %s\n", error->text);
}
