#include "verify/source_facts.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blanks out comments; keeps newlines, so that lines keep their numbers. */
static void drop_comments(char *code)
{
    bool block = false, line = false;
    for (char *at = code; *at; at++) {
        if (*at == '\n') {
            line = false;
            continue;
        }
        if (block && at[0] == '*' && at[1] == '/') {
            block = false;
            at[0] = at[1] = ' ';
            at++;
            continue;
        }
        if (!block && !line && at[0] == '/' && (at[1] == '/' || at[1] == '*')) {
            line = at[1] == '/';
            block = !line;
            at[1] = ' ';
        }
        if (block || line)
            *at = ' ';
    }
}

bool facts_open(struct fact_file *facts, const struct source_files *files, const char *name, struct pool *pool,
                struct error *error)
{
    const struct source_file *file = source_files_find(files, name, error);
    if (!file)
        return false;
    *facts = (struct fact_file){
        .path = file->path, .text = file->text.bytes, .code = pool_text(pool, file->text.bytes), .error = error};
    drop_comments(facts->code);
    return true;
}

bool facts_fail(const struct fact_file *facts, const char *at, const char *what)
{
    int line = 1;
    for (const char *before = facts->code; before < at; before++)
        line += *before == '\n';
    return fail(facts->error, facts->path, line, "%s; the sources were changed by hand, generate them again", what);
}

static const char *find_constant(const struct fact_file *facts, const char *name)
{
    char mark[128];
    snprintf(mark, sizeof mark, "\n    %s = ", name);
    const char *found = strstr(facts->code, mark);
    return found ? found + strlen(mark) : NULL;
}

bool fact_is_there(const struct fact_file *facts, const char *name)
{
    return find_constant(facts, name) != NULL;
}

const char *fact_comment(const struct fact_file *facts, const char *at, struct pool *pool)
{
    const char *original = facts->text + (at - facts->code);
    const char *end = original + strcspn(original, "\n"), *comment = strstr(original, "// ");
    if (!comment || comment > end)
        return "";
    char *text = pool_take(pool, (size_t)(end - comment), 1);
    memcpy(text, comment + 3, (size_t)(end - comment) - 3);
    return text;
}

const char *fact_constant_comment(const struct fact_file *facts, const char *name, struct pool *pool)
{
    const char *at = find_constant(facts, name);
    return at ? fact_comment(facts, at, pool) : "";
}

bool fact_number(const struct fact_file *facts, const char *name, uint64_t most, uint64_t *value)
{
    const char *at = find_constant(facts, name);
    if (!at)
        return fail(facts->error, facts->path, 0, "has no constant %s; generate the sources again", name);
    char *end;
    errno = 0;
    *value = strtoull(at, &end, 10);
    if (!isdigit((unsigned char)*at) || *end != ',' || errno != 0 || *value > most)
        return facts_fail(facts, at, "is no number that a plan can have");
    return true;
}

bool fact_int(const struct fact_file *facts, const char *name, int most, int *value)
{
    uint64_t number = 0;
    if (!fact_number(facts, name, (uint64_t)most, &number))
        return false;
    *value = (int)number;
    return true;
}

char *fact_define(const struct fact_file *facts, const char *name, struct pool *pool)
{
    char mark[128];
    snprintf(mark, sizeof mark, "\n#define %s ", name);
    const char *at = strstr(facts->code, mark);
    if (!at) {
        fail(facts->error, facts->path, 0, "has no #define %s; generate the sources again", name);
        return NULL;
    }
    at += strlen(mark);
    at += strspn(at, " \"");
    char *text = pool_text(pool, at);
    text[strcspn(text, "\"\n")] = '\0';
    return text;
}

bool facts_are_of_plan(const struct fact_file *facts, const char *plan_hash, struct pool *pool)
{
    const char *stated = fact_define(facts, "PLAN_HASH", pool);
    if (!stated || strcmp(stated, plan_hash) == 0)
        return stated != NULL;
    return fail(facts->error, facts->path, 0, "is of plan %.12s, not of %.12s; generate the sources again", stated,
                plan_hash);
}

const char *fact_place(const struct fact_file *facts, const char *mark)
{
    const char *found = strstr(facts->code, mark);
    if (!found) {
        fail(facts->error, facts->path, 0, "has no \"%s\"; generate the sources again", mark);
        return NULL;
    }
    return found + strlen(mark);
}

bool next_int(const struct fact_file *facts, const char **at, int least, int most, int *value)
{
    const char *digit = *at;
    while (*digit && !isdigit((unsigned char)*digit) && *digit != '-' && strncmp(digit, "};", 2) != 0)
        digit++;
    char *end;
    errno = 0;
    long number = strtol(digit, &end, 10);
    if (end == digit || errno != 0 || number < least || number > most)
        return facts_fail(facts, digit, "a number is missing, or is none that a plan can have");
    *value = (int)number;
    *at = end;
    return true;
}

const char *next_text(const struct fact_file *facts, const char **at, struct pool *pool)
{
    const char *begin = *at + strcspn(*at, "\";");
    const char *end = *begin == '"' ? strpbrk(begin + 1, "\"\n") : NULL;
    if (!end || *end != '"') {
        facts_fail(facts, begin, "a text is missing");
        return NULL;
    }
    size_t length = (size_t)(end - begin - 1);
    char *text = pool_take(pool, length + 1, 1);
    memcpy(text, begin + 1, length);
    *at = end + 1;
    return text;
}
