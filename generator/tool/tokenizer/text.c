/* UTF-8, and replacing in a text. */
#include "tool/tokenizer/parts.h"

#include <string.h>

size_t utf8_character(const char *text, size_t length, uint32_t *code_point)
{
    /* By length: the bits of the first byte that are fixed, their value, and the least code point that needs so many
     * bytes. */
    static const struct {
        unsigned char mask, value;
        uint32_t least;
    } shapes[] = {{0x80, 0x00, 0}, {0xE0, 0xC0, 0x80}, {0xF0, 0xE0, 0x800}, {0xF8, 0xF0, 0x10000}};
    if (length == 0)
        return 0;
    unsigned char first = (unsigned char)text[0];
    for (size_t bytes = 1; bytes <= 4; bytes++) {
        if ((first & shapes[bytes - 1].mask) != shapes[bytes - 1].value)
            continue;
        if (bytes > length)
            return 0;
        uint32_t value = (uint32_t)(first & ~shapes[bytes - 1].mask);
        for (size_t next = 1; next < bytes; next++) {
            unsigned char byte = (unsigned char)text[next];
            if ((byte & 0xC0) != 0x80)
                return 0;
            value = value << 6 | (byte & 0x3F);
        }
        bool surrogate = value >= 0xD800 && value <= 0xDFFF;
        if (value < shapes[bytes - 1].least || value >= CODE_POINTS || surrogate)
            return 0;
        *code_point = value;
        return bytes;
    }
    return 0;
}

/* Unicode's White_Space property. */
bool utf8_is_space(uint32_t code_point)
{
    static const uint32_t ranges[][2] = {{0x09, 0x0D},     {0x20, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},
                                         {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F},
                                         {0x205F, 0x205F}, {0x3000, 0x3000}};
    for (size_t range = 0; range < sizeof ranges / sizeof ranges[0]; range++)
        if (code_point >= ranges[range][0] && code_point <= ranges[range][1])
            return true;
    return false;
}

bool span_equal(struct span left, struct span right)
{
    return left.length == right.length && memcmp(left.bytes, right.bytes, left.length) == 0;
}

int span_compare(struct span left, struct span right)
{
    size_t shared = left.length < right.length ? left.length : right.length;
    int order = memcmp(left.bytes, right.bytes, shared);
    return order != 0 ? order : (left.length > right.length) - (left.length < right.length);
}

bool span_begins(const char *text, size_t length, struct span prefix)
{
    return length >= prefix.length && memcmp(text, prefix.bytes, prefix.length) == 0;
}

/* The first `pattern` in `text`, or NULL. Patterns are short. */
static const char *find(struct span text, struct span pattern)
{
    const char *end = text.bytes + text.length, *at = text.bytes;
    while (at < end && (at = memchr(at, pattern.bytes[0], (size_t)(end - at))) != NULL) {
        if (span_begins(at, (size_t)(end - at), pattern))
            return at;
        at++;
    }
    return NULL;
}

bool span_replace(struct span text, struct span pattern, struct span content, size_t most, struct text *out)
{
    const char *found;
    while ((found = find(text, pattern)) != NULL) {
        size_t before = (size_t)(found - text.bytes);
        text_add(out, text.bytes, before);
        text_add(out, content.bytes, content.length);
        text.bytes = found + pattern.length;
        text.length -= before + pattern.length;
        if (out->length > most)
            return false;
    }
    if (text.length > 0)
        text_add(out, text.bytes, text.length);
    return out->length <= most;
}
