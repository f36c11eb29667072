/* What a tokenizer is made of. Private to this folder.
 *
 *     text ─cut at added tokens─> pieces ─normalizer─> ─cut at normalized added tokens─> ─pre-tokenizer─> ─merges─> ids
 *     ids ─tokens─> spellings ─decoder steps, one by one─> text
 *
 * tokenizer.c   the file as a whole
 * json.c        strict access to its JSON: unknown keys and wrong types are errors
 * vocabulary.c  model: vocabulary and merges
 * added.c       added tokens, and where a text is cut at them
 * pipeline.c    normalizer, pre-tokenizer, decoder
 * template.c    post-processor
 * encode.c      text to ids        merge.c  byte-pair encoding of one piece
 * decode.c      ids to text        text.c   UTF-8, and replacing in a text
 * ids.c         lists of ids */
#pragma once

#include "base/error.h"
#include "base/pool.h"
#include "base/text.h"
#include "tool/tokenizer/tokenizer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A hostile file can claim no more than these. */
enum {
    MOST_TOKENIZER_BYTES = 64 << 20, /* of tokenizer.json */
    MOST_TEXT_BYTES = 64 << 20,      /* of a text to encode: positions fit an int */
    MOST_IDS = 4 << 20,
    MOST_STEPS = 16, /* of a normalizer or a decoder */
    MOST_ADDED_TOKEN_BYTES = 1024
};

/* A piece of text, not NUL-terminated. */
struct span {
    const char *bytes;
    size_t length;
};

/* One token. An id that has none has bytes NULL. */
struct token {
    struct span spelling; /* in the file */
    struct span decoded;  /* what the decoder starts from: differs for added tokens that are normalized */
    bool special;
};

/* Tokens `left right` in a row become `merged`; the lowest rank goes first. */
struct merge {
    int left, right, rank, merged;
};

/* A token that is found in the text before byte-pair encoding sees it. */
struct added_token {
    struct span pattern;
    int id;
    bool takes_space_before, takes_space_after; /* lstrip and rstrip */
};

/* Sorted by pattern, so that the patterns that share a prefix are neighbours. */
struct added_set {
    struct added_token *tokens;
    size_t count;
};

struct normalizer_step {
    bool prepend; /* put `content` in front, else replace each `pattern` by it */
    struct span pattern, content;
};

enum prepend_scheme { PREPEND_NEVER, PREPEND_FIRST, PREPEND_ALWAYS };

struct metaspace {
    struct span replacement; /* one character, "▁", which stands for a space */
    enum prepend_scheme prepend;
    bool split;
};

enum decoder_kind { DECODE_REPLACE, DECODE_BYTES, DECODE_STRIP, DECODE_METASPACE };

struct decoder_step {
    enum decoder_kind kind;
    bool fused;                   /* sees one text, no longer tokens */
    struct span pattern, content; /* replace: both; strip: content, one character; metaspace: pattern, one character */
    size_t most;                  /* strip: the most characters taken from the start */
    bool drops_first;             /* metaspace: the first token's are dropped, not turned into spaces */
};

struct tokenizer {
    struct pool pool;
    struct token *tokens; /* (id_count) */
    int id_count;
    int byte_ids[256];
    int *character_ids; /* (CODE_POINTS) by code point: the id of the token that is this one character, plus 1; or 0 */
    struct merge *merges; /* (merge_count) sorted by left, then right */
    int merge_count;
    int *merge_rows;              /* (id_count + 1) merges[merge_rows[left]] is the first with this left */
    struct added_set raw, normal; /* found before and after the normalizer */
    struct normalizer_step normalizer[MOST_STEPS];
    int normalizer_count;
    bool has_metaspace; /* the pre-tokenizer; without it a piece stays whole */
    struct metaspace metaspace;
    struct token_ids before, after; /* the post-processor's special tokens around a text */
    struct decoder_step decoder[MOST_STEPS];
    int decoder_count;
};

/* ---- Reading ---- */

/* What every reading function needs. */
struct reading {
    const char *path;
    struct error *error;
    struct tokenizer *tokenizer;
    json_t *vocabulary; /* model.vocab: its hash table finds ids while the file is read */
    bool fused;         /* a Fuse decoder was met */
    size_t growth;      /* how many times longer the replacements met so far can make a text */
    bool template_met;  /* and a TemplateProcessing post-processor */
};

/* Fills the error and returns false. `what; what to do`. */
#define REFUSE(reading, ...) fail((reading)->error, (reading)->path, 0, __VA_ARGS__)

/* Takes the control characters out of a message's text. */
void tokenizer_printable(char *text);

/* `text` fit for a message: short and printable. */
const char *tokenizer_shown(struct reading *reading, const char *text);

/* All keys of `object` must be among `keys`, which ends with NULL. `where` names the object in messages. */
bool part_keys_known(struct reading *reading, const char *where, json_t *object, const char *const keys[]);
bool part_text(struct reading *reading, const char *where, json_t *object, const char *key, struct span *out);
bool part_flag(struct reading *reading, const char *where, json_t *object, const char *key, bool *out);
bool part_count(struct reading *reading, const char *where, json_t *object, const char *key, json_int_t most,
                json_int_t *out);

/* One of several things that a "type" can name, with the keys it has beside it and what reads it. */
struct part_kind {
    const char *type;
    const char *const *keys;
    bool (*read)(struct reading *reading, json_t *object);
};

/* Picks the part that `object` names and reads it; refuses any other by name. `parts` ends with a type of NULL. */
bool part_read(struct reading *reading, const char *where, const struct part_kind parts[], json_t *object);

/* Reads each member of the list object[key] as a part. */
bool part_read_list(struct reading *reading, const char *where, const struct part_kind parts[], json_t *object,
                    const char *key);

bool tokenizer_read_vocabulary(struct reading *reading, json_t *model, size_t added_count);
bool tokenizer_read_added(struct reading *reading, json_t *list);
bool tokenizer_read_normalizer(struct reading *reading, json_t *object);
bool tokenizer_read_pre_tokenizer(struct reading *reading, json_t *object);
bool tokenizer_read_post_processor(struct reading *reading, json_t *object);
bool tokenizer_read_decoder(struct reading *reading, json_t *object);

/* ---- Text ---- */

enum { CODE_POINTS = 0x110000 };

/* The length of the valid UTF-8 character at the start of `text`, and its code point; 0 when there is none. */
size_t utf8_character(const char *text, size_t length, uint32_t *code_point);
bool utf8_is_space(uint32_t code_point);
bool span_equal(struct span left, struct span right);
int span_compare(struct span left, struct span right);
bool span_begins(const char *text, size_t length, struct span prefix);

/* Appends `text` with each `pattern` replaced. Stops early, returning false, once `out` is longer than `most`. */
bool span_replace(struct span text, struct span pattern, struct span content, size_t most, struct text *out);

/* ---- Encoding ---- */

/* A stretch of text: an added token's, or, with an id of -1, what lies between two of them. */
struct cut {
    size_t start, stop;
    int id;
};

/* Goes over a text once: start with {.set, .text}, then call cutter_next until it is false. */
struct cutter {
    const struct added_set *set;
    struct span text;
    size_t searched, given; /* where the search goes on; where the last cut stopped */
    struct cut waiting;     /* the token whose gap before it was given first */
    bool has_waiting;
};
bool cutter_next(struct cutter *cutter, struct cut *cut);

/* Appends `text` as the normalizer makes it; false when it grows past MOST_TEXT_BYTES. */
bool tokenizer_normalize(const struct tokenizer *tokenizer, struct span text, struct text *out);

/* Scratch memory of merger_encode, kept from piece to piece. Start with {0}, end with merger_free. */
struct merger {
    struct symbol *symbols;
    struct candidate *heap;
    size_t symbol_room, heap_count, heap_room;
};
void merger_encode(const struct tokenizer *tokenizer, struct merger *merger, struct span piece, struct token_ids *list);
void merger_free(struct merger *merger);
