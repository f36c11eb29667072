/* Added tokens: found in the text before byte-pair encoding sees it, the leftmost first, of those the longest. Those
 * that are `normalized` are looked for after the normalizer, in the form that it gives them. */
#include "tool/tokenizer/parts.h"

#include <stdlib.h>

/* ---- Reading ---- */

struct added_flags {
    bool single_word, lstrip, rstrip, normalized, special;
};

static bool read_flags(struct reading *reading, json_t *object, struct added_flags *flags)
{
    const struct {
        const char *key;
        bool *flag;
    } fields[] = {{"single_word", &flags->single_word},
                  {"lstrip", &flags->lstrip},
                  {"rstrip", &flags->rstrip},
                  {"normalized", &flags->normalized},
                  {"special", &flags->special}};
    for (size_t index = 0; index < sizeof fields / sizeof fields[0]; index++)
        if (!part_flag(reading, "added token", object, fields[index].key, fields[index].flag))
            return false;
    return true;
}

/* A token that the vocabulary has keeps its id; others are numbered on from the vocabulary's size. Hugging Face's
 * reader does so whatever the file says: a file that says otherwise has two meanings. */
static bool check_id(struct reading *reading, const char *content, json_int_t id, int *next_id)
{
    json_t *known = json_object_get(reading->vocabulary, content);
    json_int_t expected = known ? json_integer_value(known) : (*next_id)++;
    if (id != expected)
        return REFUSE(reading, "added token \"%s\" has id %lld where Hugging Face gives it %lld; correct the file",
                      tokenizer_shown(reading, content), (long long)id, (long long)expected);
    if (!known && reading->tokenizer->tokens[id].spelling.bytes)
        return REFUSE(reading,
                      "added token \"%s\" has id %lld, which the vocabulary gives to another; correct the file",
                      tokenizer_shown(reading, content), (long long)id);
    return true;
}

static bool place_token(struct reading *reading, struct span content, int id, const struct added_flags *flags)
{
    struct tokenizer *tokenizer = reading->tokenizer;
    struct span form = content;
    if (flags->normalized) {
        struct text normal = {0};
        if (!tokenizer_normalize(tokenizer, content, &normal) || normal.length == 0 ||
            normal.length > MOST_ADDED_TOKEN_BYTES) {
            text_free(&normal);
            return REFUSE(reading, "added token \"%s\" has no usable form after the normalizer; correct the file",
                          tokenizer_shown(reading, content.bytes));
        }
        form = (struct span){pool_text(&tokenizer->pool, normal.bytes), normal.length};
        text_free(&normal);
    }
    tokenizer->tokens[id] = (struct token){.spelling = content, .decoded = form, .special = flags->special};
    struct added_set *set = flags->normalized ? &tokenizer->normal : &tokenizer->raw;
    set->tokens[set->count++] = (struct added_token){
        .pattern = form, .id = id, .takes_space_before = flags->lstrip, .takes_space_after = flags->rstrip};
    return true;
}

static bool read_added_token(struct reading *reading, json_t *object, int *next_id)
{
    static const char *const keys[] = {"id",     "content",    "single_word", "lstrip",
                                       "rstrip", "normalized", "special",     NULL};
    struct span content;
    json_int_t id;
    struct added_flags flags;
    if (!part_keys_known(reading, "added token", object, keys) ||
        !part_text(reading, "added token", object, "content", &content) ||
        !part_count(reading, "added token", object, "id", MOST_IDS - 1, &id) || !read_flags(reading, object, &flags))
        return false;
    if (content.length == 0 || content.length > MOST_ADDED_TOKEN_BYTES)
        return REFUSE(reading, "added token %lld has %zu bytes; 1 to %d are supported", (long long)id, content.length,
                      MOST_ADDED_TOKEN_BYTES);
    if (flags.single_word)
        return REFUSE(reading, "added token \"%s\" with single_word is not supported; it must be false",
                      tokenizer_shown(reading, content.bytes));
    return check_id(reading, content.bytes, id, next_id) && place_token(reading, content, (int)id, &flags);
}

static int by_pattern(const void *left, const void *right)
{
    const struct added_token *a = left, *b = right;
    return span_compare(a->pattern, b->pattern);
}

static bool sort_set(struct reading *reading, struct added_set *set)
{
    if (set->count > 0)
        qsort(set->tokens, set->count, sizeof *set->tokens, by_pattern);
    for (size_t index = 1; index < set->count; index++)
        if (span_equal(set->tokens[index - 1].pattern, set->tokens[index].pattern))
            return REFUSE(reading, "two added tokens match the same text \"%s\"; remove one",
                          tokenizer_shown(reading, set->tokens[index].pattern.bytes));
    return true;
}

bool tokenizer_read_added(struct reading *reading, json_t *list)
{
    struct tokenizer *tokenizer = reading->tokenizer;
    tokenizer->raw.tokens = pool_take(&tokenizer->pool, json_array_size(list), sizeof *tokenizer->raw.tokens);
    tokenizer->normal.tokens = pool_take(&tokenizer->pool, json_array_size(list), sizeof *tokenizer->normal.tokens);
    int next_id = (int)json_object_size(reading->vocabulary);
    size_t index;
    json_t *object;
    json_array_foreach(list, index, object) if (!read_added_token(reading, object, &next_id)) return false;
    return sort_set(reading, &tokenizer->raw) && sort_set(reading, &tokenizer->normal);
}

/* ---- Finding ---- */

/* In tokens[low, high), all longer than `depth` and the same so far: the first whose next byte is `byte` or more. */
static size_t first_from(const struct added_set *set, size_t low, size_t high, size_t depth, unsigned byte)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((unsigned char)set->tokens[middle].pattern.bytes[depth] < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The longest token that `text` starts with: the set is sorted, so that it can be walked like a trie. */
static const struct added_token *longest_match(const struct added_set *set, const char *text, size_t length)
{
    const struct added_token *best = NULL;
    size_t low = 0, high = set->count;
    for (size_t depth = 0; low < high; depth++) {
        if (set->tokens[low].pattern.length == depth)
            best = &set->tokens[low++];
        if (depth == length)
            break;
        unsigned byte = (unsigned char)text[depth];
        low = first_from(set, low, high, depth, byte);
        high = first_from(set, low, high, depth, byte + 1);
    }
    return best;
}

/* Where the white space that ends at `stop` begins, but not before `least`. */
static size_t space_before(struct span text, size_t least, size_t stop)
{
    while (stop > least) {
        size_t start = stop - 1;
        while (start > least && stop - start < 4 && ((unsigned char)text.bytes[start] & 0xC0) == 0x80)
            start--;
        uint32_t code_point;
        if (utf8_character(text.bytes + start, stop - start, &code_point) != stop - start || !utf8_is_space(code_point))
            break;
        stop = start;
    }
    return stop;
}

/* Where the white space that begins at `start` ends. */
static size_t space_after(struct span text, size_t start)
{
    uint32_t code_point;
    size_t bytes;
    while ((bytes = utf8_character(text.bytes + start, text.length - start, &code_point)) && utf8_is_space(code_point))
        start += bytes;
    return start;
}

bool cutter_next(struct cutter *cutter, struct cut *cut)
{
    if (cutter->has_waiting) {
        cutter->has_waiting = false;
        *cut = cutter->waiting;
        return true;
    }
    struct span text = cutter->text;
    const struct added_token *token = NULL;
    size_t start = cutter->searched;
    if (cutter->set->count > 0)
        while (start < text.length && !(token = longest_match(cutter->set, text.bytes + start, text.length - start)))
            start++;
    size_t gap = cutter->given;
    if (!token) {
        cutter->searched = cutter->given = text.length;
        *cut = (struct cut){gap, text.length, -1};
        return gap < text.length;
    }
    /* The search goes on after the token itself: the space it takes may hold another. */
    size_t stop = cutter->searched = start + token->pattern.length;
    if (token->takes_space_before)
        start = start > gap ? space_before(text, gap, start) : gap;
    if (token->takes_space_after)
        stop = space_after(text, stop > gap ? stop : gap);
    cutter->given = stop;
    struct cut found = {start, stop, token->id};
    cutter->has_waiting = gap < start;
    cutter->waiting = found;
    *cut = cutter->has_waiting ? (struct cut){gap, start, -1} : found;
    return true;
}
