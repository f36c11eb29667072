#include "read/json_file.h"
#include "base/file.h"

#include <string.h>

enum { MOST_BYTES = 16 << 20 };

json_t *json_file_read(const char *path, struct text *text, struct error *error)
{
    if (!file_read(path, MOST_BYTES, text, error))
        return NULL;
    json_error_t problem;
    json_t *json = json_loadb(text->bytes, text->length, JSON_REJECT_DUPLICATES, &problem);
    if (!json) {
        fail(error, path, problem.line > 0 ? problem.line : 1, "is not valid JSON: %s; restore the file", problem.text);
    } else if (!json_is_object(json)) {
        json_decref(json);
        json = NULL;
        fail(error, path, 1, "holds no JSON object; restore the file");
    }
    return json;
}

/* The text is valid JSON by now: strings are skipped, brackets are counted, and a string at the wanted depth that
 * equals the wanted part of the path is its key or an equal text value, which a colon tells apart. */
int json_line(const void *text, const char *key)
{
    const char *at = ((const struct text *)text)->bytes;
    int line = 1, depth = 0, wanted_depth = 1;
    for (; *at; at++) {
        line += *at == '\n';
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        if (*at != '"')
            continue;
        const char *start = ++at;
        while (*at && *at != '"')
            at += *at == '\\' && at[1] ? 2 : 1;
        size_t length = (size_t)(at - start), part = strcspn(key, ".");
        if (!*at)
            return 0;
        if (depth != wanted_depth || length != part || memcmp(start, key, part) != 0)
            continue;
        if (at[1 + strspn(at + 1, " \t\r\n")] != ':')
            continue;
        if (!key[part])
            return line;
        key += part + 1;
        wanted_depth++;
    }
    return 0;
}
