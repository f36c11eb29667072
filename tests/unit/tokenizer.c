/* The tokenizer against what Hugging Face's tokenizers give for the same files (tests/golden, tests/cases/tokenizer),
 * and against files and texts that are damaged, hostile or of another dialect. */
#include "tool/tokenizer/tokenizer.h"
#include "base/file.h"

#include "run_case.h"

#include <check.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef TEST_SOURCE_DIR
#define TEST_SOURCE_DIR "."
#endif
#define SHIPPED TEST_SOURCE_DIR "/models/shakespeare-moe/tokenizer.json"
#define GOLDEN  TEST_SOURCE_DIR "/tests/golden/shakespeare-moe/"
#define CASES   TEST_SOURCE_DIR "/tests/cases/tokenizer/"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- Making files ---- */

static json_t *load_json(const char *path)
{
    json_error_t error;
    json_t *json = json_load_file(path, JSON_ALLOW_NUL, &error);
    ck_assert_msg(json != NULL, "%s:%d: %s", path, error.line, error.text);
    return json;
}

/* Reads a tokenizer from these bytes, by way of a file that is gone afterwards. */
static struct tokenizer *read_bytes(const char *bytes, size_t length, struct error *error)
{
    char path[] = "/tmp/rankc-tokenizer-XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, bytes, length), (ssize_t)length);
    close(file);
    struct tokenizer *tokenizer = tokenizer_read(path, error);
    if (!tokenizer)
        ck_assert_str_eq(error->file, path);
    unlink(path);
    return tokenizer;
}

/* Sets what `path` names, its keys separated by '|'. In a list "+" appends and "^" puts in front. NULL removes. */
static void change(json_t *root, const char *path, json_t *value)
{
    char keys[128];
    ck_assert_int_lt(snprintf(keys, sizeof keys, "%s", path), (int)sizeof keys);
    json_t *parent = root;
    char *key = keys;
    for (char *bar; (bar = strchr(key, '|')) != NULL; key = bar + 1) {
        *bar = '\0';
        parent = json_is_array(parent) ? json_array_get(parent, strtoul(key, NULL, 10)) : json_object_get(parent, key);
        ck_assert_msg(parent != NULL, "no %s in %s", key, path);
    }
    int failed;
    if (!value)
        failed =
            json_is_array(parent) ? json_array_remove(parent, strtoul(key, NULL, 10)) : json_object_del(parent, key);
    else if (!json_is_array(parent))
        failed = json_object_set(parent, key, value);
    else if (*key == '+')
        failed = json_array_append(parent, value);
    else if (*key == '^')
        failed = json_array_insert(parent, 0, value);
    else
        failed = json_array_set(parent, strtoul(key, NULL, 10), value);
    ck_assert_msg(failed == 0, "cannot change %s", path);
}

/* A change of the shipped tokenizer.json. The value is JSON; NULL removes. */
struct edit {
    const char *path, *value;
};

/* The shipped tokenizer.json with one change, or two when the second has a path. */
static struct tokenizer *read_changed(struct edit first, struct edit second, struct error *error)
{
    const struct edit edits[] = {first, second};
    json_t *root = load_json(SHIPPED);
    for (int index = 0; index < 2 && edits[index].path; index++) {
        const char *value = edits[index].value;
        json_t *json = value ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;
        ck_assert_msg(!value || json, "the test has bad JSON: %s", value);
        change(root, edits[index].path, json);
        json_decref(json);
    }
    char *bytes = json_dumps(root, JSON_COMPACT);
    struct tokenizer *tokenizer = read_bytes(bytes, strlen(bytes), error);
    free(bytes);
    json_decref(root);
    return tokenizer;
}

static struct tokenizer *read_shipped(void)
{
    struct error error;
    struct tokenizer *tokenizer = tokenizer_read(SHIPPED, &error);
    ck_assert_msg(tokenizer != NULL, "%s", error.text);
    return tokenizer;
}

/* ---- Comparing ---- */

/* Decodes both ways, which must agree, and compares with `expected` when there is one. */
static void check_decode(const struct tokenizer *tokenizer, const int *ids, size_t count, bool skip_special,
                         const json_t *expected)
{
    struct text whole = {0}, streamed = {0};
    text_add(&whole, "", 0);
    text_add(&streamed, "", 0);
    tokenizer_decode(tokenizer, ids, count, skip_special, &whole);
    struct tokenizer_stream *stream = tokenizer_stream_start(tokenizer, skip_special);
    for (size_t index = 0; index < count; index++)
        tokenizer_stream_add(stream, ids[index], &streamed);
    tokenizer_stream_end(stream, &streamed);
    ck_assert_uint_eq(streamed.length, whole.length);
    ck_assert_mem_eq(streamed.bytes, whole.bytes, whole.length);
    if (expected) {
        ck_assert_msg(whole.length == json_string_length(expected) &&
                          memcmp(whole.bytes, json_string_value(expected), whole.length) == 0,
                      "\"%s\" instead of \"%s\"", whole.bytes, json_string_value(expected));
    }
    text_free(&whole);
    text_free(&streamed);
}

static void check_encode(const struct tokenizer *tokenizer, const json_t *text, const int *ids, size_t count)
{
    struct token_ids list = {0};
    struct error error;
    ck_assert(tokenizer_encode(tokenizer, json_string_value(text), json_string_length(text), &list, &error));
    ck_assert_msg(list.count == count && (count == 0 || memcmp(list.ids, ids, count * sizeof *ids) == 0),
                  "other ids for \"%s\"", json_string_value(text));
    token_ids_free(&list);
}

/* Each case has ids and, of these, what it knows: their text, decoded without special tokens, and as a whole. */
static void check_cases(const struct tokenizer *tokenizer, const json_t *cases)
{
    ck_assert_uint_gt(json_array_size(cases), 0);
    size_t index;
    json_t *one;
    json_array_foreach(cases, index, one)
    {
        const json_t *list = json_object_get(one, "ids"), *text = json_object_get(one, "text");
        size_t count = json_array_size(list);
        int *ids = malloc((count + 1) * sizeof *ids);
        for (size_t id = 0; id < count; id++)
            ids[id] = (int)json_integer_value(json_array_get(list, id));
        if (text)
            check_encode(tokenizer, text, ids, count);
        check_decode(tokenizer, ids, count, true, json_object_get(one, "decoded"));
        check_decode(tokenizer, ids, count, false, json_object_get(one, "whole"));
        free(ids);
    }
}

static void check_ids(const struct tokenizer *tokenizer, const char *text, size_t length, const int *ids, size_t count)
{
    json_t *json = json_stringn_nocheck(text, length);
    check_encode(tokenizer, json, ids, count);
    json_decref(json);
}

/* ---- What the shipped checkpoint's tokenizer gives ---- */

START_TEST(golden)
{
    static const char *const files[] = {GOLDEN "tokenizer_cases.json", GOLDEN "decode_cases.json"};
    struct tokenizer *tokenizer = read_shipped();
    for (int index = 0; index < COUNT(files); index++) {
        json_t *cases = load_json(files[index]);
        check_cases(tokenizer, cases);
        json_decref(cases);
    }
    tokenizer_free(tokenizer);
}
END_TEST

static const char *const dialects[] = {
    "added-tokens",    "byte-tokens",         "merges-twice",     "metaspace-always-split", "metaspace-first",
    "metaspace-never", "normalized-specials", "normalizer-steps", "replace-only",           "template"};

static struct tokenizer *read_dialect(const char *name, json_t **cases)
{
    char path[512];
    snprintf(path, sizeof path, CASES "%s.json", name);
    json_t *dialect = load_json(path), *root = load_json(SHIPPED), *one;
    size_t index;
    json_array_foreach(json_object_get(dialect, "changes"), index, one)
        change(root, json_string_value(json_array_get(one, 0)), json_array_get(one, 1));
    char *bytes = json_dumps(root, 0);
    struct error error;
    struct tokenizer *tokenizer = read_bytes(bytes, strlen(bytes), &error);
    ck_assert_msg(tokenizer != NULL, "%s: %s", name, error.text);
    *cases = json_incref(json_object_get(dialect, "cases"));
    free(bytes);
    json_decref(root);
    json_decref(dialect);
    return tokenizer;
}

START_TEST(dialect)
{
    json_t *cases;
    struct tokenizer *tokenizer = read_dialect(dialects[_i], &cases);
    check_cases(tokenizer, cases);
    json_decref(cases);
    tokenizer_free(tokenizer);
}
END_TEST

START_TEST(stream_is_whole_for_random_ids)
{
    json_t *cases;
    struct tokenizer *tokenizer = read_dialect(dialects[_i], &cases);
    uint32_t state = 12345 + (uint32_t)_i;
    for (int round = 0; round < 2000; round++) {
        int ids[24];
        size_t count = (size_t)round % 25;
        for (size_t index = 0; index < count; index++) {
            state = state * 1664525u + 1013904223u;
            /* Every second one a byte token, a few outside of the vocabulary. */
            ids[index] = state & 0x10000 ? 3 + (int)(state >> 24) : (int)(state >> 20) % 2070 - 5;
        }
        check_decode(tokenizer, ids, count, round % 2, NULL);
    }
    json_decref(cases);
    tokenizer_free(tokenizer);
}
END_TEST

/* What is certain is given at once, and nothing that a later id could still change. */
START_TEST(stream_holds_only_bytes)
{
    struct tokenizer *tokenizer = read_shipped();
    struct tokenizer_stream *stream = tokenizer_stream_start(tokenizer, true);
    const struct {
        const char *token, *text;
    } steps[] = {{"<s>", ""},         {"▁the", "the"},       {"▁the", "the the"},  {"<0xC3>", "the the"},
                 {"</s>", "the the"}, {"<0xA9>", "the the"}, {"he", "the theéhe"}, {"<0xC3>", "the theéhe"}};
    struct text out = {0};
    text_add(&out, "", 0);
    for (int index = 0; index < COUNT(steps); index++) {
        int id = tokenizer_id_of(tokenizer, steps[index].token);
        ck_assert_int_ge(id, 0);
        tokenizer_stream_add(stream, id, &out);
        ck_assert_str_eq(out.bytes, steps[index].text);
    }
    tokenizer_stream_end(stream, &out);
    ck_assert_str_eq(out.bytes, "the theéhe\xEF\xBF\xBD");
    text_free(&out);
    stream = tokenizer_stream_start(tokenizer, true);
    tokenizer_stream_add(stream, tokenizer_id_of(tokenizer, "<0x41>"), &out);
    tokenizer_stream_end(stream, NULL); /* a stream that is given up */
    tokenizer_free(tokenizer);
}
END_TEST

START_TEST(vocabulary)
{
    struct tokenizer *tokenizer = read_shipped();
    ck_assert_int_eq(tokenizer_vocabulary_size(tokenizer), 2048);
    ck_assert_int_eq(tokenizer_id_of(tokenizer, "</s>"), 2);
    ck_assert_int_eq(tokenizer_id_of(tokenizer, "<0xFF>"), 258);
    ck_assert_int_eq(tokenizer_id_of(tokenizer, "no such token"), -1);
    tokenizer_free(tokenizer);
    struct error error;
    tokenizer = read_changed((struct edit){"model|vocab|late", "9000"}, (struct edit){0}, &error);
    ck_assert_int_eq(tokenizer_vocabulary_size(tokenizer), 9001);
    const int ids[] = {9000, 8999, -1, 9001, INT32_MAX, INT32_MIN};
    json_t *late = json_string("late");
    check_decode(tokenizer, ids, 6, true, late); /* the others have no token */
    json_decref(late);
    tokenizer_free(tokenizer);
}
END_TEST

/* ---- Texts at the edges, some of which Hugging Face never sees ---- */

START_TEST(texts)
{
    struct tokenizer *tokenizer = read_shipped();
    const int marked = 342; /* "▁" */
    check_ids(tokenizer, "", 0, (const int[]){1}, 1);
    struct token_ids none = {0};
    struct error error;
    ck_assert(tokenizer_encode(tokenizer, NULL, 0, &none, &error));
    token_ids_free(&none);
    check_ids(tokenizer, "lll", 3, (const int[]){1, marked, 359, 325}, 4); /* of equal merges the leftmost goes first */
    check_ids(tokenizer, "\0\0", 2, (const int[]){1, marked, 3, 3}, 4);
    check_ids(tokenizer, "\xFF", 1, (const int[]){1, marked, 3 + 0xFF}, 3);
    check_ids(tokenizer, "\xC3", 1, (const int[]){1, marked, 3 + 0xC3}, 3);               /* cut short */
    check_ids(tokenizer, "\xC0\x80", 2, (const int[]){1, marked, 3 + 0xC0, 3 + 0x80}, 4); /* too long a form */
    check_ids(tokenizer, "\xC1\xA1", 2, (const int[]){1, marked, 3 + 0xC1, 3 + 0xA1}, 4); /* the same, of an 'a' */
    check_ids(tokenizer, "\xED\xA0\x80", 3, (const int[]){1, marked, 3 + 0xED, 3 + 0xA0, 3 + 0x80}, 5); /* surrogate */
    check_ids(tokenizer, "\xF4\x90\x80\x80", 4, (const int[]){1, marked, 3 + 0xF4, 3 + 0x90, 3 + 0x80, 3 + 0x80}, 6);
    check_ids(tokenizer, "\x80</s>\x80", 6, (const int[]){1, marked, 3 + 0x80, 2, marked, 3 + 0x80}, 6);
    tokenizer_free(tokenizer);
}
END_TEST

/* A run of byte tokens that is no UTF-8, though it looks like it. */
START_TEST(bytes_that_are_no_text)
{
    static const int runs[][3] = {
        {3 + 0xED, 3 + 0xA0, 3 + 0x80}, {3 + 0xC1, 3 + 0xA1, 3 + 'a'}, {3 + 'a', 3 + 'b', 3 + 0xE2}};
    struct tokenizer *tokenizer = read_shipped();
    json_t *expected = json_string("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    for (int index = 0; index < COUNT(runs); index++)
        check_decode(tokenizer, runs[index], 3, true, expected);
    json_decref(expected);
    tokenizer_free(tokenizer);
}
END_TEST

START_TEST(long_texts)
{
    enum { LENGTH = 1 << 20, TOO_LONG = (64 << 20) + 1 };
    struct tokenizer *tokenizer = read_shipped();
    char *text = calloc(TOO_LONG, 1);
    static const char words[] = "the quality of mercy is not strained ";
    for (size_t index = 0; index < LENGTH; index++)
        text[index] = words[index % (sizeof words - 1)];
    struct token_ids list = {0};
    struct error error;
    ck_assert(tokenizer_encode(tokenizer, text, LENGTH, &list, &error)); /* one piece: there is no pre-tokenizer */
    json_t *expected = json_stringn(text, LENGTH);
    check_decode(tokenizer, list.ids, list.count, true, expected);
    ck_assert_uint_lt(list.count, LENGTH / 2);
    ck_assert(!tokenizer_encode(tokenizer, text, TOO_LONG, &list, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "64 MiB"));
    memset(text, ' ', TOO_LONG); /* its normal form is three times as long */
    ck_assert(!tokenizer_encode(tokenizer, text, TOO_LONG / 2, &list, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "64 MiB"));
    json_decref(expected);
    token_ids_free(&list);
    free(text);
    tokenizer_free(tokenizer);
}
END_TEST

/* ---- Files that are refused ---- */

#define ADDED(id, content, flags) "{\"id\":" id ",\"content\":\"" content "\"," flags "}"
#define FLAGS                                                                                                          \
    "\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,"                                    \
    "\"special\":true"
#define REPLACE(pattern, content)                                                                                      \
    "{\"type\":\"Replace\",\"pattern\":{\"String\":\"" pattern "\"},\"content\":\"" content "\"}"
#define TEMPLATE(single, ids)                                                                                          \
    "{\"type\":\"TemplateProcessing\",\"single\":[" single "],\"special_tokens\":{\"X\":{\"ids\":" ids "}}}"
#define TEXT_A        "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}"
#define TOKEN_X       "{\"SpecialToken\":{\"id\":\"X\",\"type_id\":0}}"
#define FOUR(text)    text text text text
#define SIXTEEN(text) FOUR(FOUR(text))
#define TIMES_EIGHT   REPLACE("a", "aaaaaaaa")

static const struct {
    const char *path, *value, *message;
} refused[] = {
    /* Other dialects, by name. */
    {"model|type", "\"Unigram\"", "model \"Unigram\" is not supported; what is: BPE"},
    {"model|type", "\"WordPiece\"", "model \"WordPiece\" is not supported"},
    {"model|type", NULL, "model has no \"type\""},
    {"model|byte_fallback", "false", "byte_fallback false is not supported"},
    {"model|byte_fallback", NULL, "model has no \"byte_fallback\""},
    {"model|ignore_merges", "true", "ignore_merges is not supported"},
    {"model|dropout", "0.1", "dropout is not supported"},
    {"model|continuing_subword_prefix", "\"##\"", "continuing_subword_prefix is not supported"},
    {"model|end_of_word_suffix", "\"</w>\"", "end_of_word_suffix is not supported"},
    {"model|new_switch", "true", "model has a key \"new_switch\" that is not supported"},
    {"normalizer", "{\"type\":\"NFC\"}", "normalizer \"NFC\" is not supported; what is: Prepend, Replace, Sequence"},
    {"normalizer|normalizers|0", "{\"type\":\"Lowercase\"}", "normalizer \"Lowercase\" is not supported"},
    {"normalizer", "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"a+\"},\"content\":\"\"}",
     "\"Regex\" pattern is not"},
    {"pre_tokenizer", "{\"type\":\"ByteLevel\"}", "pre-tokenizer \"ByteLevel\" is not supported; what is: Metaspace"},
    {"pre_tokenizer", "{\"type\":\"Split\"}", "pre-tokenizer \"Split\" is not supported"},
    {"pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":[]}", "pre-tokenizer \"Sequence\" is not supported"},
    {"pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"last\"}", "\"last\""},
    {"pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"first\"}",
     "beside a normalizer"},
    {"pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"add_prefix_space\":false}", "contradict"},
    {"pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"▁▁\"}", "not one character"},
    {"pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"split\":1}", "\"split\""},
    {"post_processor", "{\"type\":\"ByteLevel\"}", "post-processor \"ByteLevel\" is not supported; what is: Template"},
    {"post_processor", "{\"type\":\"Sequence\",\"processors\":[{\"type\":\"RobertaProcessing\"}]}",
     "\"RobertaProcessing\""},
    {"post_processor", "{\"type\":\"Sequence\"}", "has no list \"processors\""},
    {"decoder", "{\"type\":\"ByteLevel\"}", "decoder \"ByteLevel\" is not supported; what is: Replace, ByteFallback"},
    {"decoder", "null", "decoder has no \"type\""},
    {"decoder|decoders|+", REPLACE("a", "b"), "decoder \"Replace\" after \"Fuse\""},
    {"decoder|decoders|+", "{\"type\":\"ByteFallback\"}", "\"ByteFallback\" is there twice"},
    {"decoder", "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Fuse\"},{\"type\":\"ByteFallback\"}]}",
     "\"ByteFallback\" after \"Fuse\""},
    {"decoder|decoders|3|stop", "1", "stop of 1 is not supported"},
    {"decoder|decoders|3|content", "\"ab\"", "not one character"},
    {"truncation", "{\"max_length\":512}", "truncation is not supported"},
    {"padding", "{}", "padding is not supported"},
    {"version", "\"2.0\"", "version"},
    {"extra", "1", "key \"extra\" that is not supported"},
    {"added_tokens|+",
     ADDED("2048", "word",
           "\"single_word\":true,\"lstrip\":false,\"rstrip\":false,"
           "\"normalized\":false,\"special\":false"),
     "single_word is not supported"},
    /* Hostile or damaged. */
    {"model|vocab", "[]", "no object \"vocab\""},
    {"model|merges", "{}", "no list \"merges\""},
    {"model|vocab|x", "-1", "token \"x\" has no id from 0"},
    {"model|vocab|x", "1.0", "token \"x\" has no id from 0"},
    {"model|vocab|x", "\"7\"", "token \"x\" has no id from 0"},
    {"model|vocab|x", "4194304", "token \"x\" has no id from 0 to 4194303"},
    {"model|vocab|x", "4294967296", "token \"x\" has no id from 0"},
    {"model|vocab|zzz", "300", "have the same id 300"},
    {"model|vocab|\n\x1b[0mzzz", "-1", "token \"??[0mzzz\" has no id"},
    {"model|vocab|<0x0A>", NULL, "no byte token \"<0x0A>\""},
    {"model|unk_token", "\"<none>\"", "unk_token is not a token"},
    {"model|unk_token", "0", "unk_token is not a token"},
    {"model|fuse_unk", "\"yes\"", "\"fuse_unk\""},
    {"model|merges|0", "[\"he\",\"qq\"]", "merge 0 needs a token \"qq\""},
    {"model|merges|0", "[\"qq\",\"he\"]", "merge 0 needs a token \"qq\""},
    {"model|merges|0", "[\"he\",\"he\"]", "merge 0 needs a token \"hehe\""},
    {"model|merges|0", "[\"he\"]", "merge 0 is not a list of two tokens"},
    {"model|merges|0", "[\"h\",\"e\",\"e\"]", "merge 0 is not a list of two tokens"},
    {"model|merges|0", "[\"h\",1]", "merge 0 is not a list of two tokens"},
    {"model|merges|0", "\"h  e\"", "is not two tokens with one space"},
    {"model|merges|0", "\"he\"", "is not two tokens with one space"},
    {"added_tokens", "{}", "added_tokens is not a list"},
    {"added_tokens|0|id", "-1", "no whole number \"id\""},
    {"added_tokens|0|id", "0.0", "no whole number \"id\""},
    {"added_tokens|0|id", "99999999999", "no whole number \"id\""},
    {"added_tokens|0|id", "5", "Hugging Face gives it 0"},
    {"added_tokens|0|content", "\"\"", "has 0 bytes"},
    {"added_tokens|0|lstrip", NULL, "no \"lstrip\" that is true or false"},
    {"added_tokens|+", ADDED("2047", "new", FLAGS), "Hugging Face gives it 2048"},
    {"added_tokens|+", ADDED("1", "<s>", FLAGS), "two added tokens match the same text \"<s>\""},
    {"added_tokens|+", "7", "added token is not a JSON object"},
    {"normalizer", REPLACE("", "a"), "has a pattern of 0 bytes"},
    {"normalizer", "{\"type\":\"Sequence\",\"normalizers\":[" TIMES_EIGHT "," TIMES_EIGHT "," TIMES_EIGHT "]}",
     "64 times longer"},
    {"normalizer", "{\"type\":\"Prepend\"}", "has no text \"prepend\""},
    {"normalizer", "{\"type\":\"Prepend\",\"prepend\":\"" SIXTEEN(SIXTEEN("a")) "\"}", "more than 64 bytes"},
    {"normalizer", "{\"type\":\"Sequence\",\"normalizers\":[" SIXTEEN(REPLACE("a", "b") ",") REPLACE("a", "b") "]}",
     "the normalizer has more than 16 steps"},
    {"decoder", "{\"type\":\"Sequence\",\"decoders\":[" SIXTEEN(REPLACE("a", "b") ",") REPLACE("a", "b") "]}",
     "the decoder has more than 16 steps"},
    {"pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"add_prefix_space\":1}",
     "neither true nor false"},
    {"normalizer", "[]", "normalizer has no \"type\""},
    {"post_processor", TEMPLATE(TOKEN_X "," TEXT_A, "[2048]"), "an id that is no token's"},
    {"post_processor", TEMPLATE(TOKEN_X "," TEXT_A, "[-1]"), "an id that is no token's"},
    {"post_processor", TEMPLATE(TOKEN_X "," TEXT_A, "[1.5]"), "an id that is no token's"},
    {"post_processor", TEMPLATE(TOKEN_X "," TEXT_A, "1"), "has no ids"},
    {"post_processor", TEMPLATE(TOKEN_X "," TEXT_A, "[" SIXTEEN(SIXTEEN(SIXTEEN("1,"))) "1]"), "more than 4096 tokens"},
    {"post_processor", TEMPLATE(TOKEN_X, "[1]"), "without sequence A"},
    {"post_processor", TEMPLATE(TEXT_A "," TEXT_A, "[1]"), "around one sequence A"},
    {"post_processor",
     "{\"type\":\"Sequence\",\"processors\":[" TEMPLATE(TEXT_A, "[1]") "," TEMPLATE(TEXT_A, "[1]") "]}",
     "is there twice"},
};

START_TEST(refuses)
{
    struct error error = {0};
    struct tokenizer *tokenizer =
        read_changed((struct edit){refused[_i].path, refused[_i].value}, (struct edit){0}, &error);
    ck_assert_msg(tokenizer == NULL, "%s = %s was accepted", refused[_i].path, refused[_i].value);
    ck_assert_msg(strstr(error.text, refused[_i].message) != NULL, "\"%s\" does not say \"%s\"", error.text,
                  refused[_i].message);
}
END_TEST

/* Each of the two changes would be accepted without the other. */
START_TEST(refuses_together)
{
    static const struct {
        struct edit first, second;
        const char *message;
    } pairs[] = {
        {{"added_tokens|+", ADDED("2049", "new", FLAGS)},
         {"model|vocab|zzz", "2049"},
         "the vocabulary gives to another"},
        {{"normalizer", REPLACE("<unk>", "")}, {"added_tokens|0|normalized", "true"}, "no usable form"},
    };
    for (int index = 0; index < COUNT(pairs); index++) {
        struct error error = {0};
        ck_assert_ptr_null(read_changed(pairs[index].first, pairs[index].second, &error));
        ck_assert_msg(strstr(error.text, pairs[index].message) != NULL, "%s", error.text);
    }
}
END_TEST

START_TEST(refuses_what_is_no_json)
{
    static const char *const files[] = {"",
                                        "null",
                                        "[]",
                                        "\"text\"",
                                        "{",
                                        "{}",
                                        "{\"model\":{}} trailing",
                                        "{\"model\":1,\"model\":2}",
                                        "{\"version\":\"\xFF\"}",
                                        "{\"version\":\"\\u0000\"}",
                                        "{\"version\":\"\\ud800\"}",
                                        "{\"model\":99999999999999999999}",
                                        "\xEF\xBB\xBF{}"};
    struct error error;
    for (int index = 0; index < COUNT(files); index++) {
        error.text[0] = '\0';
        ck_assert_ptr_null(read_bytes(files[index], strlen(files[index]), &error));
        ck_assert_msg(strchr(error.text, ';') != NULL, "\"%s\" does not say what to do", error.text);
    }
    enum { DEPTH = 1 << 20 };
    char *deep = malloc(DEPTH);
    memset(deep, '[', DEPTH);
    ck_assert_ptr_null(read_bytes(deep, DEPTH, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "depth"));
    free(deep);
    ck_assert_ptr_null(tokenizer_read("/tmp", &error));
    ck_assert_ptr_null(tokenizer_read("/nowhere/tokenizer.json", &error));
}
END_TEST

/* A key that is there twice means one thing to one reader and another to the next. */
START_TEST(refuses_a_key_twice)
{
    struct text file = {0};
    struct error error;
    text_format(&file, "{\"version\": \"1.0\",");
    ck_assert(file_read(SHIPPED, 1 << 20, &file, &error));
    *strchr(strchr(file.bytes, ',') + 1, '{') = ' ';
    ck_assert_ptr_null(read_bytes(file.bytes, file.length, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "duplicate"));
    text_free(&file);
}
END_TEST

/* Every prefix of a file is damaged; none may be accepted or crash. */
START_TEST(refuses_a_cut_file)
{
    struct text file = {0};
    struct error error;
    ck_assert(file_read(SHIPPED, 1 << 20, &file, &error));
    for (size_t length = 0; length + 3 < file.length; length += 997)
        ck_assert_ptr_null(read_bytes(file.bytes, length, &error));
    text_free(&file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tokenizer");
    TCase *fits = tcase_create("as Hugging Face"), *refusals = tcase_create("refusals");
    tcase_set_timeout(fits, 120);
    tcase_set_timeout(refusals, 120);
    tcase_add_test(fits, golden);
    tcase_add_loop_test(fits, dialect, 0, COUNT(dialects));
    tcase_add_loop_test(fits, stream_is_whole_for_random_ids, 0, COUNT(dialects));
    tcase_add_test(fits, stream_holds_only_bytes);
    tcase_add_test(fits, vocabulary);
    tcase_add_test(fits, texts);
    tcase_add_test(fits, bytes_that_are_no_text);
    tcase_add_test(fits, long_texts);
    tcase_add_loop_test(refusals, refuses, 0, COUNT(refused));
    tcase_add_test(refusals, refuses_together);
    tcase_add_test(refusals, refuses_what_is_no_json);
    tcase_add_test(refusals, refuses_a_key_twice);
    tcase_add_test(refusals, refuses_a_cut_file);
    suite_add_tcase(suite, fits);
    suite_add_tcase(suite, refusals);
    return run_whole_suite(suite);
}
