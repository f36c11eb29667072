/* Text to token ids and back, as a checkpoint's tokenizer.json describes it.
 *
 * Supported are the byte-fallback BPE dialects of Mixtral, Mistral, Llama 1 and 2, TinyLlama and their kin. Whatever a
 * file asks for beyond them is refused by name when it is read: afterwards nothing is left to guess, and the ids are
 * those of Hugging Face's tokenizers. Only the head of a run has a tokenizer: ranks know tokens, not text. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

struct tokenizer;
struct tokenizer_stream;

/* A growing list of token ids: start with {0}, end with token_ids_free. */
struct token_ids {
    int *ids;
    size_t count, room;
};
void token_ids_add(struct token_ids *list, int id);
void token_ids_free(struct token_ids *list);

/* NULL, and `error` filled, when the file is damaged or asks for what is not supported. */
struct tokenizer *tokenizer_read(const char *path, struct error *error);
void tokenizer_free(struct tokenizer *tokenizer);

/* One more than the largest id, added tokens included. An id below it may have no token. */
int tokenizer_vocabulary_size(const struct tokenizer *tokenizer);

/* The id of `token` as tokenizer.json spells it ("<s>", "▁the"), or -1. */
int tokenizer_id_of(const struct tokenizer *tokenizer, const char *token);

/* Appends the ids of `text`, with the special tokens the post-processor puts around it. Special tokens that are spelled
 * out in the text become their ids. The text may hold NULs. Each byte that is not part of valid UTF-8 becomes its byte
 * token. Refuses only a text that is too long (64 MiB, before or after normalization). */
bool tokenizer_encode(const struct tokenizer *tokenizer, const char *text, size_t length, struct token_ids *list,
                      struct error *error);

/* Appends the text of `ids`: valid UTF-8. An id without a token adds nothing: a model's vocabulary can be padded. */
void tokenizer_decode(const struct tokenizer *tokenizer, const int *ids, size_t count, bool skip_special,
                      struct text *out);

/* The same one id at a time: each call appends what no later id can change, and the end what was held back (a run of
 * byte tokens). All that was appended, put together, is what tokenizer_decode gives. The tokenizer must outlive the
 * stream. tokenizer_stream_end also frees it; `out` may be NULL there when the rest is not wanted. */
struct tokenizer_stream *tokenizer_stream_start(const struct tokenizer *tokenizer, bool skip_special);
void tokenizer_stream_add(struct tokenizer_stream *stream, int id, struct text *out);
void tokenizer_stream_end(struct tokenizer_stream *stream, struct text *out);
