/* Text to ids: cut at added tokens, normalize, cut at normalized added tokens, pre-tokenize, merge. */
#include "tool/tokenizer/parts.h"

#include <assert.h>

/* What one call of tokenizer_encode works with. */
struct encoding {
    const struct tokenizer *tokenizer;
    struct merger merger;
    struct token_ids *list;
};

/* Each replacement character starts a piece of its own, but for the first of the text. */
static void merge_split(struct encoding *encoding, struct span text, struct span mark)
{
    size_t start = 0;
    for (size_t at = 1; at < text.length; at++) {
        if (!span_begins(text.bytes + at, text.length - at, mark))
            continue;
        merger_encode(encoding->tokenizer, &encoding->merger, (struct span){text.bytes + start, at - start},
                      encoding->list);
        start = at;
    }
    merger_encode(encoding->tokenizer, &encoding->merger, (struct span){text.bytes + start, text.length - start},
                  encoding->list);
}

/* A stretch of normalized text without added tokens. `first`: the text begins with it. */
static bool encode_stretch(struct encoding *encoding, struct span stretch, bool first)
{
    const struct tokenizer *tokenizer = encoding->tokenizer;
    if (!tokenizer->has_metaspace) {
        merger_encode(tokenizer, &encoding->merger, stretch, encoding->list);
        return true;
    }
    assert(stretch.bytes && stretch.length > 0);
    const struct metaspace *metaspace = &tokenizer->metaspace;
    struct span space = {" ", 1}, mark = metaspace->replacement;
    bool marked = stretch.bytes[0] == ' ' || span_begins(stretch.bytes, stretch.length, mark);
    struct text spaced = {0};
    if (!marked && (metaspace->prepend == PREPEND_ALWAYS || (metaspace->prepend == PREPEND_FIRST && first)))
        text_add(&spaced, mark.bytes, mark.length);
    bool fits = span_replace(stretch, space, mark, MOST_TEXT_BYTES, &spaced);
    struct span text = {spaced.bytes, spaced.length};
    if (fits && metaspace->split)
        merge_split(encoding, text, mark);
    else if (fits)
        merger_encode(tokenizer, &encoding->merger, text, encoding->list);
    text_free(&spaced);
    return fits;
}

/* A stretch of the text as it was given, without raw added tokens. */
static bool encode_raw_stretch(struct encoding *encoding, struct span stretch, bool first)
{
    struct text normal = {0};
    bool fits = tokenizer_normalize(encoding->tokenizer, stretch, &normal);
    struct cutter cutter = {.set = &encoding->tokenizer->normal, .text = {normal.bytes, normal.length}};
    struct cut cut;
    while (fits && cutter_next(&cutter, &cut))
        if (cut.id >= 0)
            token_ids_add(encoding->list, cut.id);
        else
            fits = encode_stretch(encoding, (struct span){normal.bytes + cut.start, cut.stop - cut.start},
                                  first && cut.start == 0);
    text_free(&normal);
    return fits;
}

bool tokenizer_encode(const struct tokenizer *tokenizer, const char *text, size_t length, struct token_ids *list,
                      struct error *error)
{
    struct encoding encoding = {.tokenizer = tokenizer, .list = list};
    struct cutter cutter = {.set = &tokenizer->raw, .text = {text, length}};
    struct cut cut;
    bool fits = length <= MOST_TEXT_BYTES;
    for (size_t index = 0; fits && index < tokenizer->before.count; index++)
        token_ids_add(list, tokenizer->before.ids[index]);
    while (fits && cutter_next(&cutter, &cut))
        if (cut.id >= 0)
            token_ids_add(list, cut.id);
        else
            fits = encode_raw_stretch(&encoding, (struct span){text + cut.start, cut.stop - cut.start}, cut.start == 0);
    for (size_t index = 0; fits && index < tokenizer->after.count; index++)
        token_ids_add(list, tokenizer->after.ids[index]);
    merger_free(&encoding.merger);
    return fits || fail(error, NULL, 0, "the text to tokenize is over %d MiB; shorten it", MOST_TEXT_BYTES >> 20);
}
