/* The steps that a text goes through before byte-pair encoding, and back after it: normalizer, pre-tokenizer and
 * decoder of a tokenizer.json. Each "type" that is supported is a row of a table; what is in no table is refused by
 * name. */
#include "tool/tokenizer/parts.h"

#include <string.h>

/* How many times longer all replacements together may make a text: steps that double it would soon fill any memory. */
enum { MOST_GROWTH = 64, MOST_PATTERN_BYTES = 64 };

static bool is_one_character(struct span text)
{
    uint32_t code_point;
    return text.length > 0 && utf8_character(text.bytes, text.length, &code_point) == text.length;
}

/* ---- Normalizer ---- */

static struct normalizer_step *new_normalizer_step(struct reading *reading)
{
    struct tokenizer *tokenizer = reading->tokenizer;
    if (tokenizer->normalizer_count < MOST_STEPS)
        return &tokenizer->normalizer[tokenizer->normalizer_count++];
    REFUSE(reading, "the normalizer has more than %d steps; no tokenizer needs so many", MOST_STEPS);
    return NULL;
}

static bool read_prepend(struct reading *reading, json_t *object)
{
    struct normalizer_step *step = new_normalizer_step(reading);
    if (!step)
        return false;
    step->prepend = true;
    if (!part_text(reading, "normalizer \"Prepend\"", object, "prepend", &step->content))
        return false;
    return step->content.length <= MOST_PATTERN_BYTES ||
           REFUSE(reading, "normalizer \"Prepend\" has more than %d bytes; no tokenizer needs so many",
                  MOST_PATTERN_BYTES);
}

/* The pattern and content of a Replace, which is a normalizer and a decoder. */
static bool read_replace(struct reading *reading, const char *where, json_t *object, struct span *pattern,
                         struct span *content)
{
    static const char *const keys[] = {"String", NULL};
    json_t *pattern_object = json_object_get(object, "pattern");
    if (json_object_get(pattern_object, "Regex"))
        return REFUSE(reading, "%s with a \"Regex\" pattern is not supported; only \"String\" is", where);
    if (!part_keys_known(reading, where, pattern_object, keys) ||
        !part_text(reading, where, pattern_object, "String", pattern) ||
        !part_text(reading, where, object, "content", content))
        return false;
    if (pattern->length == 0 || pattern->length > MOST_PATTERN_BYTES)
        return REFUSE(reading, "%s has a pattern of %zu bytes; 1 to %d are supported", where, pattern->length,
                      MOST_PATTERN_BYTES);
    if (content->length > pattern->length)
        reading->growth *= (content->length + pattern->length - 1) / pattern->length;
    return reading->growth <= MOST_GROWTH ||
           REFUSE(reading, "%s is one of the replacements that make a text over %d times longer; no tokenizer needs it",
                  where, MOST_GROWTH);
}

static bool read_replace_normalizer(struct reading *reading, json_t *object)
{
    struct normalizer_step *step = new_normalizer_step(reading);
    return step && read_replace(reading, "normalizer \"Replace\"", object, &step->pattern, &step->content);
}

static bool read_normalizer_sequence(struct reading *reading, json_t *object);

static const char *const prepend_keys[] = {"type", "prepend", NULL};
static const char *const replace_keys[] = {"type", "pattern", "content", NULL};
static const char *const normalizers_keys[] = {"type", "normalizers", NULL};
static const struct part_kind normalizers[] = {{"Prepend", prepend_keys, read_prepend},
                                               {"Replace", replace_keys, read_replace_normalizer},
                                               {"Sequence", normalizers_keys, read_normalizer_sequence},
                                               {0}};

static bool read_normalizer_sequence(struct reading *reading, json_t *object)
{
    return part_read_list(reading, "normalizer", normalizers, object, "normalizers");
}

bool tokenizer_read_normalizer(struct reading *reading, json_t *object)
{
    return !object || json_is_null(object) || part_read(reading, "normalizer", normalizers, object);
}

/* ---- Metaspace: a pre-tokenizer and a decoder ---- */

static const char *const metaspace_keys[] = {"type",    "replacement", "add_prefix_space", "prepend_scheme", "split",
                                             "str_rep", NULL};

static bool read_prepend_scheme(struct reading *reading, json_t *object, enum prepend_scheme *scheme)
{
    static const char *const names[] = {
        [PREPEND_NEVER] = "never", [PREPEND_FIRST] = "first", [PREPEND_ALWAYS] = "always"};
    struct span name = {"always", strlen("always")}; /* files from before the key existed mean this */
    if (json_object_get(object, "prepend_scheme") && !part_text(reading, "Metaspace", object, "prepend_scheme", &name))
        return false;
    int found = -1;
    for (int index = PREPEND_NEVER; index <= PREPEND_ALWAYS; index++)
        if (strcmp(names[index], name.bytes) == 0)
            found = index;
    if (found < 0)
        return REFUSE(reading, "Metaspace with prepend_scheme \"%s\" is not supported; what is: never, first, always",
                      tokenizer_shown(reading, name.bytes));
    *scheme = (enum prepend_scheme)found;
    json_t *prefix = json_object_get(object, "add_prefix_space");
    if (prefix && !json_is_null(prefix) && !json_is_boolean(prefix))
        return REFUSE(reading, "Metaspace has an add_prefix_space that is neither true nor false; correct it");
    if (json_is_false(prefix) && found != PREPEND_NEVER)
        return REFUSE(reading,
                      "Metaspace has add_prefix_space false beside prepend_scheme \"%s\"; they contradict "
                      "each other",
                      name.bytes);
    return true;
}

static bool read_metaspace(struct reading *reading, json_t *object, struct metaspace *metaspace)
{
    metaspace->split = true;
    if (!part_text(reading, "Metaspace", object, "replacement", &metaspace->replacement) ||
        !read_prepend_scheme(reading, object, &metaspace->prepend))
        return false;
    json_t *split = json_object_get(object, "split");
    if (split && !json_is_null(split) && !part_flag(reading, "Metaspace", object, "split", &metaspace->split))
        return false;
    return is_one_character(metaspace->replacement) ||
           REFUSE(reading, "Metaspace has a replacement that is not one character; correct it");
}

static bool read_metaspace_pre_tokenizer(struct reading *reading, json_t *object)
{
    struct tokenizer *tokenizer = reading->tokenizer;
    tokenizer->has_metaspace = true;
    if (!read_metaspace(reading, object, &tokenizer->metaspace))
        return false;
    /* After a normalizer, which piece counts as the first depends on how its changes are aligned with the text. */
    return tokenizer->metaspace.prepend != PREPEND_FIRST || tokenizer->normalizer_count == 0 ||
           REFUSE(reading, "pre-tokenizer \"Metaspace\" with prepend_scheme \"first\" beside a normalizer is not "
                           "supported; the normalizer must be null");
}

bool tokenizer_read_pre_tokenizer(struct reading *reading, json_t *object)
{
    static const struct part_kind pre_tokenizers[] = {{"Metaspace", metaspace_keys, read_metaspace_pre_tokenizer}, {0}};
    return !object || json_is_null(object) || part_read(reading, "pre-tokenizer", pre_tokenizers, object);
}

/* ---- Decoder ---- */

static struct decoder_step *new_decoder_step(struct reading *reading, enum decoder_kind kind)
{
    struct tokenizer *tokenizer = reading->tokenizer;
    if (tokenizer->decoder_count == MOST_STEPS) {
        REFUSE(reading, "the decoder has more than %d steps; no tokenizer needs so many", MOST_STEPS);
        return NULL;
    }
    struct decoder_step *step = &tokenizer->decoder[tokenizer->decoder_count++];
    *step = (struct decoder_step){.kind = kind, .fused = reading->fused};
    return step;
}

static bool read_replace_decoder(struct reading *reading, json_t *object)
{
    struct decoder_step *step = new_decoder_step(reading, DECODE_REPLACE);
    if (!step)
        return false;
    if (step->fused)
        return REFUSE(reading, "decoder \"Replace\" after \"Fuse\" is not supported; it must come before");
    return read_replace(reading, "decoder \"Replace\"", object, &step->pattern, &step->content);
}

static bool read_byte_fallback(struct reading *reading, json_t *object)
{
    (void)object;
    const struct tokenizer *tokenizer = reading->tokenizer;
    for (int index = 0; index < tokenizer->decoder_count; index++)
        if (tokenizer->decoder[index].kind == DECODE_BYTES)
            return REFUSE(reading, "decoder \"ByteFallback\" is there twice; remove one");
    if (reading->fused)
        return REFUSE(reading, "decoder \"ByteFallback\" after \"Fuse\" is not supported; it must come before");
    return new_decoder_step(reading, DECODE_BYTES) != NULL;
}

static bool read_fuse(struct reading *reading, json_t *object)
{
    (void)object;
    reading->fused = true;
    return true;
}

static bool read_strip(struct reading *reading, json_t *object)
{
    struct decoder_step *step = new_decoder_step(reading, DECODE_STRIP);
    const char *where = "decoder \"Strip\"";
    json_int_t start, stop;
    if (!step || !part_text(reading, where, object, "content", &step->content) ||
        !part_count(reading, where, object, "start", MOST_TEXT_BYTES, &start) ||
        !part_count(reading, where, object, "stop", MOST_TEXT_BYTES, &stop))
        return false;
    if (stop != 0)
        return REFUSE(reading, "%s with a stop of %lld is not supported; it must be 0", where, (long long)stop);
    step->most = (size_t)start;
    return is_one_character(step->content) ||
           REFUSE(reading, "%s has a content that is not one character; correct it", where);
}

static bool read_metaspace_decoder(struct reading *reading, json_t *object)
{
    struct metaspace metaspace;
    struct decoder_step *step = new_decoder_step(reading, DECODE_METASPACE);
    if (!step || !read_metaspace(reading, object, &metaspace))
        return false;
    step->pattern = metaspace.replacement;
    step->content = (struct span){" ", 1};
    step->drops_first = metaspace.prepend != PREPEND_NEVER;
    return true;
}

static bool read_decoder_sequence(struct reading *reading, json_t *object);

static const char *const type_keys[] = {"type", NULL};
static const char *const strip_keys[] = {"type", "content", "start", "stop", NULL};
static const char *const decoders_keys[] = {"type", "decoders", NULL};
static const struct part_kind decoders[] = {{"Replace", replace_keys, read_replace_decoder},
                                            {"ByteFallback", type_keys, read_byte_fallback},
                                            {"Fuse", type_keys, read_fuse},
                                            {"Strip", strip_keys, read_strip},
                                            {"Metaspace", metaspace_keys, read_metaspace_decoder},
                                            {"Sequence", decoders_keys, read_decoder_sequence},
                                            {0}};

static bool read_decoder_sequence(struct reading *reading, json_t *object)
{
    return part_read_list(reading, "decoder", decoders, object, "decoders");
}

bool tokenizer_read_decoder(struct reading *reading, json_t *object)
{
    return part_read(reading, "decoder", decoders, object);
}

bool tokenizer_normalize(const struct tokenizer *tokenizer, struct span text, struct text *out)
{
    struct text now = {0};
    text_add(&now, text.bytes, text.length);
    bool fits = true;
    for (int index = 0; fits && index < tokenizer->normalizer_count; index++) {
        const struct normalizer_step *step = &tokenizer->normalizer[index];
        struct span before = {now.bytes, now.length};
        struct text next = {0};
        if (!step->prepend) {
            fits = span_replace(before, step->pattern, step->content, MOST_TEXT_BYTES, &next);
        } else if (before.length > 0) {
            text_add(&next, step->content.bytes, step->content.length);
            text_add(&next, before.bytes, before.length);
        }
        text_free(&now);
        now = next;
    }
    if (now.length > 0)
        text_add(out, now.bytes, now.length);
    text_free(&now);
    return fits && out->length <= MOST_TEXT_BYTES;
}
