#include "verify/source_text.h"
#include "plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static const char *skip_blanks(const char *at)
{
    while (*at == ' ')
        at++;
    return at;
}

static const char *line_end(const char *at)
{
    return strchrnul(at, '\n');
}

/* ---- lines */

void source_open(struct source *source, const char *path, const char *bytes, struct pool *pool, struct error *error)
{
    *source = (struct source){.path = path, .at = bytes, .pool = pool, .error = error};
}

bool source_fail(struct source *source, const char *format, ...)
{
    if (source->failed) /* the first error is the one to show */
        return false;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    source->failed = true;
    return fail(source->error, source->path, source->line, "%s", text);
}

/* A comment alone on its lines. A comment that hides or shows code to a compiler only is no comment of a template. */
static bool skip_comment(struct source *source, const char *at)
{
    const char *end = strstr(at + 2, "*/");
    if (!end)
        return source_fail(source, "has a comment without an end; generate again");
    for (; at < end; at++)
        source->line += *at == '\n';
    at = skip_blanks(end + 2);
    if (*at != '\n' && *at != '\0')
        return source_fail(source, "has code behind a comment; generate again");
    source->at = at + (*at == '\n');
    return true;
}

/* Finds the next line of code, if none is waiting. */
static bool find_line(struct source *source)
{
    while (!source->found && !source->failed && *source->at) {
        source->line++;
        const char *at = skip_blanks(source->at), *end = line_end(at);
        if (at < end && end[-1] == '\\')
            return source_fail(source, "goes on in the next line; generate again");
        if (strncmp(at, "/*", 2) == 0) {
            if (!skip_comment(source, at))
                return false;
            continue;
        }
        source->found = at < end && strncmp(at, "//", 2) != 0;
        source->at = source->found ? at : end + (*end == '\n');
    }
    return source->found;
}

static void take_line(struct source *source, const char *at)
{
    const char *end = line_end(at);
    source->at = end + (*end == '\n');
    source->found = false;
}

/* ---- what a line holds; each returns where it ends, NULL when it is not there */

static const char *read_size(const char *at, uint64_t *out)
{
    at = skip_blanks(at);
    if (!is_digit(*at) || (*at == '0' && is_digit(at[1]))) /* 010 is 8 to a compiler */
        return NULL;
    uint64_t number = 0;
    for (; is_digit(*at); at++)
        if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, *at - '0', &number))
            return NULL;
    *out = number;
    return at;
}

static const char *read_int(const char *at, int *out)
{
    uint64_t size;
    at = skip_blanks(at);
    bool negative = *at == '-';
    at = read_size(at + negative, &size);
    if (!at || size > INT32_MAX)
        return NULL;
    *out = negative ? -(int)size : (int)size;
    return at;
}

/* Stops before a comma that no number follows. */
static const char *read_list(const char *at, int *out, int most, int *count)
{
    *count = 0;
    const char *next = skip_blanks(at);
    while (is_digit(*next) || *next == '-') {
        if (*count == most || !(at = read_int(next, &out[*count])))
            return NULL;
        ++*count;
        next = skip_blanks(at);
        if (*next != ',')
            break;
        next = skip_blanks(next + 1);
    }
    return at;
}

static const char *keep(struct source *source, const char *at, const char *end, const char **out)
{
    size_t length = (size_t)(end - at);
    char *copy = pool_take(source->pool, length + 1, 1);
    memcpy(copy, at, length);
    *out = copy;
    return end;
}

static const char *read_quoted(struct source *source, const char *at, const char **out)
{
    if (*at++ != '"')
        return NULL;
    const char *end = at + strcspn(at, "\"\\\n");
    return *end == '"' ? keep(source, at, end, out) + 1 : NULL;
}

static const char *read_word(const char *at, char *out)
{
    int length = 0;
    while (is_word(*at) && length < WORD_ROOM - 1)
        out[length++] = *at++;
    out[length] = '\0';
    return length > 0 && !is_word(*at) ? at : NULL;
}

static const char *read_micro(const char *at, int *out)
{
    *out = *at - 'A';
    return *out >= 0 && *out < MAX_MICRO_BATCHES && !is_word(at[1] == '_' ? ' ' : at[1]) ? at + 1 : NULL;
}

static const char *read_given(const char *at, const char *given)
{
    size_t length = strlen(given);
    return strncmp(at, given, length) == 0 ? at + length : NULL;
}

static const char *read_part(struct source *source, const char *at, char part, va_list *out)
{
    int *list;
    switch (part) {
    case 'd':
        return read_int(at, va_arg(*out, int *));
    case 'u':
        return read_size(at, va_arg(*out, uint64_t *));
    case 'l':
        list = va_arg(*out, int *);
        int most = va_arg(*out, int);
        return read_list(at, list, most, va_arg(*out, int *));
    case 'm':
        return read_micro(at, va_arg(*out, int *));
    case 's':
        return read_given(at, va_arg(*out, const char *));
    case 'q':
        return read_quoted(source, at, va_arg(*out, const char **));
    case 'f':
        return keep(source, at, at + strspn(at, "0123456789.e+-"), va_arg(*out, const char **));
    case 'w':
        return read_word(at, va_arg(*out, char *));
    case 'c':
        return keep(source, at, line_end(at), va_arg(*out, const char **));
    default:
        return line_end(at);
    }
}

static bool matches(struct source *source, const char *form, va_list *out)
{
    const char *at = source->at;
    for (; at && *form; form++) {
        if (*form == ' ')
            at = skip_blanks(at);
        else if (*form == '%')
            at = read_part(source, at, *++form, out);
        else
            at = *at == *form ? at + 1 : NULL;
    }
    if (!at)
        return false;
    at = skip_blanks(at);
    if (*at != '\n' && *at != '\0' && strncmp(at, "//", 2) != 0)
        return false;
    take_line(source, at);
    return true;
}

/* ---- the words of the header */

bool source_is(struct source *source, const char *form, ...)
{
    va_list out;
    va_start(out, form);
    bool is = find_line(source) && matches(source, form, &out);
    va_end(out);
    return is;
}

bool source_refuse(struct source *source, const char *what)
{
    if (!find_line(source))
        return source_fail(source, "ends where %s should follow; generate again", what);
    int length = (int)(line_end(source->at) - source->at);
    return source_fail(source, "`%.*s%s` is not %s; generate again", length < 120 ? length : 120, source->at,
                       length < 120 ? "" : "...", what);
}

bool source_expect(struct source *source, const char *what, const char *form, ...)
{
    va_list out;
    va_start(out, form);
    bool is = find_line(source) && matches(source, form, &out);
    va_end(out);
    return is || source_refuse(source, what);
}

bool source_expect_lines(struct source *source, const char *what, const char *const *lines)
{
    for (; *lines; lines++)
        if (!source_expect(source, what, "%s", *lines))
            return false;
    return true;
}

bool source_end(struct source *source)
{
    if (find_line(source))
        return source_refuse(source, "what rankc writes, which ends above");
    return !source->failed;
}
