/* Strict access to a tokenizer's JSON: an unknown key, a missing one or a wrong type is an error that says where. */
#include "tool/tokenizer/parts.h"

#include <string.h>

enum { SHOWN_BYTES = 60 };

void tokenizer_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7F)
            *text = '?';
}

const char *tokenizer_shown(struct reading *reading, const char *text)
{
    size_t length = strlen(text);
    size_t kept = length > SHOWN_BYTES ? SHOWN_BYTES : length;
    while (kept < length && ((unsigned char)text[kept] & 0xC0) == 0x80)
        kept--; /* not in the middle of a character */
    char *copy = pool_format(&reading->tokenizer->pool, "%.*s%s", (int)kept, text, kept < length ? "…" : "");
    tokenizer_printable(copy);
    return copy;
}

bool part_keys_known(struct reading *reading, const char *where, json_t *object, const char *const keys[])
{
    if (!json_is_object(object))
        return REFUSE(reading, "%s is not a JSON object; is this a tokenizer.json?", where);
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        const char *const *known = keys;
        while (*known && strcmp(*known, key) != 0)
            known++;
        if (!*known)
            return REFUSE(reading, "%s has a key \"%s\" that is not supported; remove it if it has no meaning", where,
                          tokenizer_shown(reading, key));
    }
    return true;
}

bool part_text(struct reading *reading, const char *where, json_t *object, const char *key, struct span *out)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_string(value))
        return REFUSE(reading, "%s has no text \"%s\"; add it", where, key);
    /* The document is freed when it was read; the tokenizer keeps a copy. */
    out->bytes = pool_text(&reading->tokenizer->pool, json_string_value(value));
    out->length = json_string_length(value);
    return true;
}

bool part_flag(struct reading *reading, const char *where, json_t *object, const char *key, bool *out)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_boolean(value))
        return REFUSE(reading, "%s has no \"%s\" that is true or false; add it", where, key);
    *out = json_is_true(value);
    return true;
}

bool part_count(struct reading *reading, const char *where, json_t *object, const char *key, json_int_t most,
                json_int_t *out)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > most)
        return REFUSE(reading, "%s has no whole number \"%s\" from 0 to %lld; correct it", where, key, (long long)most);
    *out = json_integer_value(value);
    return true;
}

bool part_read(struct reading *reading, const char *where, const struct part_kind parts[], json_t *object)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    if (!type)
        return REFUSE(reading, "%s has no \"type\"; it must be an object that names one", where);
    for (const struct part_kind *part = parts; part->type; part++)
        if (strcmp(part->type, type) == 0)
            return part_keys_known(reading, where, object, part->keys) && part->read(reading, object);
    struct text names = {0};
    for (const struct part_kind *part = parts; part->type; part++)
        text_format(&names, "%s%s", part == parts ? "" : ", ", part->type);
    REFUSE(reading, "%s \"%s\" is not supported; what is: %s", where, tokenizer_shown(reading, type), names.bytes);
    text_free(&names);
    return false;
}

bool part_read_list(struct reading *reading, const char *where, const struct part_kind parts[], json_t *object,
                    const char *key)
{
    json_t *list = json_object_get(object, key);
    if (!json_is_array(list))
        return REFUSE(reading, "%s \"Sequence\" has no list \"%s\"; add it", where, key);
    size_t index;
    json_t *member;
    json_array_foreach(list, index, member) if (!part_read(reading, where, parts, member)) return false;
    return true;
}
