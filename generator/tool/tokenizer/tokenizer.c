/* A tokenizer.json as a whole, and the questions about a tokenizer that need no text. */
#include "base/file.h"
#include "tool/tokenizer/parts.h"

#include <stdlib.h>
#include <string.h>

/* What would change the ids and is no part of the pipeline. */
static bool check_header(struct reading *reading, json_t *root)
{
    static const char *const keys[] = {"version",       "truncation",     "padding", "added_tokens", "normalizer",
                                       "pre_tokenizer", "post_processor", "decoder", "model",        NULL};
    if (!part_keys_known(reading, "the document", root, keys))
        return false;
    json_t *version = json_object_get(root, "version");
    if (version && !(json_is_string(version) && strcmp(json_string_value(version), "1.0") == 0))
        return REFUSE(reading, "has a version that is not \"1.0\"; only that one is supported");
    static const char *const nulls[] = {"truncation", "padding"};
    for (size_t index = 0; index < 2; index++) {
        json_t *value = json_object_get(root, nulls[index]);
        if (value && !json_is_null(value))
            return REFUSE(reading, "%s is not supported; set it to null", nulls[index]);
    }
    json_t *added = json_object_get(root, "added_tokens");
    return !added || json_is_array(added) || REFUSE(reading, "added_tokens is not a list; correct it");
}

/* Ids that no token took at the end of the table are none. */
static void trim_tokens(struct tokenizer *tokenizer)
{
    while (tokenizer->id_count > 0 && !tokenizer->tokens[tokenizer->id_count - 1].spelling.bytes)
        tokenizer->id_count--;
}

static bool read_document(struct reading *reading, json_t *root)
{
    json_t *added = json_object_get(root, "added_tokens");
    if (!check_header(reading, root) ||
        !tokenizer_read_vocabulary(reading, json_object_get(root, "model"), json_array_size(added)) ||
        !tokenizer_read_normalizer(reading, json_object_get(root, "normalizer")) || /* added tokens are normalized */
        !tokenizer_read_added(reading, added))
        return false;
    trim_tokens(reading->tokenizer);
    return tokenizer_read_pre_tokenizer(reading, json_object_get(root, "pre_tokenizer")) &&
           tokenizer_read_post_processor(reading, json_object_get(root, "post_processor")) &&
           tokenizer_read_decoder(reading, json_object_get(root, "decoder"));
}

struct tokenizer *tokenizer_read(const char *path, struct error *error)
{
    struct text file = {0};
    json_error_t json_error;
    json_t *root = NULL;
    struct tokenizer *tokenizer = NULL;
    if (!file_read(path, MOST_TOKENIZER_BYTES, &file, error))
        goto end;
    root = json_loadb(file.bytes, file.length, JSON_REJECT_DUPLICATES, &json_error);
    if (!root) {
        tokenizer_printable(json_error.text);
        fail(error, path, json_error.line, "is not JSON: %s; copy the file again", json_error.text);
        goto end;
    }
    struct pool pool = {0};
    tokenizer = pool_take(&pool, 1, sizeof *tokenizer);
    tokenizer->pool = pool;
    struct reading reading = {.path = path, .error = error, .tokenizer = tokenizer, .growth = 1};
    if (!read_document(&reading, root)) {
        tokenizer_free(tokenizer);
        tokenizer = NULL;
    }
end:
    json_decref(root);
    text_free(&file);
    return tokenizer;
}

void tokenizer_free(struct tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    token_ids_free(&tokenizer->before);
    token_ids_free(&tokenizer->after);
    struct pool pool = tokenizer->pool; /* it holds the tokenizer itself */
    pool_free(&pool);
}

int tokenizer_vocabulary_size(const struct tokenizer *tokenizer)
{
    return tokenizer->id_count;
}

/* A walk over all tokens: this is asked once or twice a run. */
int tokenizer_id_of(const struct tokenizer *tokenizer, const char *token)
{
    struct span wanted = {token, strlen(token)};
    for (int id = 0; id < tokenizer->id_count; id++)
        if (tokenizer->tokens[id].spelling.bytes && span_equal(tokenizer->tokens[id].spelling, wanted))
            return id;
    return -1;
}
