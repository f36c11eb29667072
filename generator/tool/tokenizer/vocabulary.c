/* The model of a tokenizer.json: a vocabulary and the merges of byte-pair encoding.
 *
 * Byte fallback with all 256 byte tokens is required: then every text has ids, and no rule for unknown characters is
 * needed. */
#include "tool/tokenizer/parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The id of a token of the vocabulary, whose ids were all checked; -1 without one. */
static int vocabulary_id(struct reading *reading, const char *token)
{
    json_t *id = json_object_get(reading->vocabulary, token);
    return id ? (int)json_integer_value(id) : -1;
}

/* Every id must be usable as an index, before the table is made that it indexes. */
static bool check_ids(struct reading *reading, json_int_t *largest)
{
    const char *token;
    json_t *id;
    json_object_foreach(reading->vocabulary, token, id)
    {
        if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) >= MOST_IDS)
            return REFUSE(reading, "token \"%s\" has no id from 0 to %d; correct model.vocab",
                          tokenizer_shown(reading, token), MOST_IDS - 1);
        if (json_integer_value(id) > *largest)
            *largest = json_integer_value(id);
    }
    return true;
}

static bool fill_tokens(struct reading *reading)
{
    struct tokenizer *tokenizer = reading->tokenizer;
    const char *key;
    json_t *id;
    json_object_foreach(reading->vocabulary, key, id)
    {
        struct token *token = &tokenizer->tokens[json_integer_value(id)];
        if (token->spelling.bytes)
            return REFUSE(reading, "tokens \"%s\" and \"%s\" have the same id %d; give each its own",
                          tokenizer_shown(reading, token->spelling.bytes), tokenizer_shown(reading, key),
                          (int)json_integer_value(id));
        token->spelling = (struct span){pool_text(&tokenizer->pool, key), strlen(key)};
        token->decoded = token->spelling;
        uint32_t code_point;
        if (token->spelling.length > 0 &&
            utf8_character(key, token->spelling.length, &code_point) == token->spelling.length)
            tokenizer->character_ids[code_point] = (int)json_integer_value(id) + 1;
    }
    for (int byte = 0; byte < 256; byte++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", byte);
        tokenizer->byte_ids[byte] = vocabulary_id(reading, name);
        if (tokenizer->byte_ids[byte] < 0)
            return REFUSE(reading, "the vocabulary has no byte token \"%s\"; byte_fallback needs all 256", name);
    }
    return true;
}

/* A merge is ["a", "b"] or, in older files, "a b". */
static bool split_merge(struct reading *reading, json_t *merge, size_t index, const char **left, const char **right)
{
    if (json_is_string(merge)) {
        char *copy = pool_text(&reading->tokenizer->pool, json_string_value(merge));
        char *space = strchr(copy, ' ');
        if (!space || strchr(space + 1, ' '))
            return REFUSE(reading, "merge %zu, \"%s\", is not two tokens with one space between; correct it", index,
                          tokenizer_shown(reading, copy));
        *space = '\0';
        *left = copy;
        *right = space + 1;
        return true;
    }
    *left = json_string_value(json_array_get(merge, 0));
    *right = json_string_value(json_array_get(merge, 1));
    if (json_array_size(merge) != 2 || !*left || !*right)
        return REFUSE(reading, "merge %zu is not a list of two tokens; correct it", index);
    return true;
}

static bool read_merge(struct reading *reading, json_t *json, size_t index, struct merge *merge)
{
    const char *left = NULL, *right = NULL;
    if (!split_merge(reading, json, index, &left, &right))
        return false;
    assert(left && right);
    struct text both = {0};
    text_add(&both, left, strlen(left));
    text_add(&both, right, strlen(right));
    *merge = (struct merge){.left = vocabulary_id(reading, left),
                            .right = vocabulary_id(reading, right),
                            .rank = (int)index,
                            .merged = vocabulary_id(reading, both.bytes)};
    const char *missing = merge->left < 0 ? left : merge->right < 0 ? right : merge->merged < 0 ? both.bytes : NULL;
    if (missing)
        REFUSE(reading, "merge %zu needs a token \"%s\" that is not in the vocabulary; the file is damaged", index,
               tokenizer_shown(reading, missing));
    text_free(&both);
    return !missing;
}

static int by_pair_then_rank(const void *left, const void *right)
{
    const struct merge *a = left, *b = right;
    if (a->left != b->left)
        return a->left < b->left ? -1 : 1;
    if (a->right != b->right)
        return a->right < b->right ? -1 : 1;
    return (a->rank > b->rank) - (a->rank < b->rank);
}

/* Sorts the merges into rows of the same left token: a pair is then found by binary search in a short row. */
static void index_merges(struct tokenizer *tokenizer)
{
    struct merge *merges = tokenizer->merges;
    if (tokenizer->merge_count > 0)
        qsort(merges, (size_t)tokenizer->merge_count, sizeof *merges, by_pair_then_rank);
    int kept = 0;
    for (int index = 0; index < tokenizer->merge_count; index++) {
        /* Of a pair that is listed twice the last counts, as in Hugging Face's reader. */
        bool again =
            kept > 0 && merges[kept - 1].left == merges[index].left && merges[kept - 1].right == merges[index].right;
        merges[again ? kept - 1 : kept++] = merges[index];
    }
    tokenizer->merge_count = kept;
    tokenizer->merge_rows = pool_take(&tokenizer->pool, (size_t)tokenizer->id_count + 1, sizeof(int));
    for (int index = 0; index < kept; index++)
        tokenizer->merge_rows[merges[index].left + 1]++;
    for (int id = 0; id < tokenizer->id_count; id++)
        tokenizer->merge_rows[id + 1] += tokenizer->merge_rows[id];
}

static bool read_merges(struct reading *reading, json_t *list)
{
    if (!json_is_array(list))
        return REFUSE(reading, "model has no list \"merges\"; add it");
    struct tokenizer *tokenizer = reading->tokenizer;
    tokenizer->merges = pool_take(&tokenizer->pool, json_array_size(list), sizeof *tokenizer->merges);
    size_t index;
    json_t *merge;
    json_array_foreach(list, index, merge)
    {
        /* The first line of an old merges.txt, which some converters kept. */
        if (json_is_string(merge) && strncmp(json_string_value(merge), "#version", strlen("#version")) == 0)
            continue;
        if (!read_merge(reading, merge, index, &tokenizer->merges[tokenizer->merge_count++]))
            return false;
    }
    index_merges(tokenizer);
    return true;
}

/* The switches of a BPE model, which all must stand as the supported dialects have them. */
static bool check_switches(struct reading *reading, json_t *model)
{
    bool byte_fallback, ignored;
    if (!part_flag(reading, "model", model, "byte_fallback", &byte_fallback))
        return false;
    if (!byte_fallback)
        return REFUSE(reading, "model with byte_fallback false is not supported; only byte-fallback BPE is");
    if (json_object_get(model, "fuse_unk") && !part_flag(reading, "model", model, "fuse_unk", &ignored))
        return false;
    json_t *ignore_merges = json_object_get(model, "ignore_merges");
    if (ignore_merges && !json_is_false(ignore_merges))
        return REFUSE(reading, "model with ignore_merges is not supported; it must be false");
    json_t *dropout = json_object_get(model, "dropout");
    if (dropout && !json_is_null(dropout) && !(json_is_number(dropout) && json_number_value(dropout) == 0))
        return REFUSE(reading, "model with dropout is not supported: encoding would be random; set it to null");
    static const char *const affixes[] = {"continuing_subword_prefix", "end_of_word_suffix"};
    for (size_t index = 0; index < 2; index++) {
        json_t *affix = json_object_get(model, affixes[index]);
        if (affix && !json_is_null(affix) && !(json_is_string(affix) && json_string_length(affix) == 0))
            return REFUSE(reading, "model with %s is not supported; it must be null", affixes[index]);
    }
    json_t *unknown = json_object_get(model, "unk_token");
    if (unknown && !json_is_null(unknown) &&
        !(json_is_string(unknown) && json_object_get(reading->vocabulary, json_string_value(unknown))))
        return REFUSE(reading, "unk_token is not a token of the vocabulary; correct it or set it to null");
    return true;
}

static bool read_bpe(struct reading *reading, json_t *model)
{
    reading->vocabulary = json_object_get(model, "vocab");
    return json_is_object(reading->vocabulary) ||
           REFUSE(reading, "model has no object \"vocab\"; is this a tokenizer.json?");
}

bool tokenizer_read_vocabulary(struct reading *reading, json_t *model, size_t added_count)
{
    static const char *const keys[] = {"type",
                                       "dropout",
                                       "unk_token",
                                       "continuing_subword_prefix",
                                       "end_of_word_suffix",
                                       "fuse_unk",
                                       "byte_fallback",
                                       "ignore_merges",
                                       "vocab",
                                       "merges",
                                       NULL};
    static const struct part_kind models[] = {{"BPE", keys, read_bpe}, {0}};
    json_int_t largest = -1;
    if (!part_read(reading, "model", models, model) || !check_ids(reading, &largest))
        return false;
    /* Added tokens that are not in the vocabulary are numbered from its size on. */
    json_int_t size = (json_int_t)json_object_size(reading->vocabulary) + (json_int_t)added_count;
    size = size > largest + 1 ? size : largest + 1;
    if (size > MOST_IDS)
        return REFUSE(reading, "has more than %d tokens; no model needs so many", MOST_IDS);
    struct tokenizer *tokenizer = reading->tokenizer;
    tokenizer->id_count = (int)size;
    tokenizer->tokens = pool_take(&tokenizer->pool, (size_t)size, sizeof *tokenizer->tokens);
    tokenizer->character_ids = pool_take(&tokenizer->pool, CODE_POINTS, sizeof(int));
    return check_switches(reading, model) && fill_tokens(reading) &&
           read_merges(reading, json_object_get(model, "merges"));
}
