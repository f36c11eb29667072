/* Ids to text. Each spelling is passed from decoder step to decoder step; what a step cannot pass on yet, it holds. The
 * whole decode is the stream, fed to its end: the two cannot differ. */
#include "base/heap.h"
#include "tool/tokenizer/parts.h"

#include <stdlib.h>
#include <string.h>

struct tokenizer_stream {
    const struct tokenizer *tokenizer;
    bool skip_special;
    struct text run;         /* of the byte step: the bytes of the byte tokens so far */
    size_t seen[MOST_STEPS]; /* of a metaspace step: tokens; of a fused strip step: characters taken, or its most when
                                done */
};

static void pass(struct tokenizer_stream *stream, int index, struct span spelling, struct text *out);

/* The byte that a token "<0xNN>" stands for, else -1. Hugging Face's reader takes a '+' for the first digit. */
static int byte_of(struct span spelling)
{
    static const char digits[] = "0123456789abcdef";
    if (spelling.length != 6 || memcmp(spelling.bytes, "<0x", 3) != 0 || spelling.bytes[5] != '>')
        return -1;
    int value = 0;
    for (int index = 3; index < 5; index++) {
        char byte = spelling.bytes[index];
        if (index == 3 && byte == '+')
            continue;
        const char *digit = byte ? strchr(digits, byte >= 'A' && byte <= 'F' ? byte - 'A' + 'a' : byte) : NULL;
        if (!digit)
            return -1;
        value = value * 16 + (int)(digit - digits);
    }
    return value;
}

/* A run of byte tokens has ended. It is text when all of it is; else every byte becomes U+FFFD, as in Hugging Face. */
static void pass_run(struct tokenizer_stream *stream, int index, struct text *out)
{
    static const struct span replacement = {"\xEF\xBF\xBD", 3};
    struct text run = stream->run;
    stream->run = (struct text){0};
    size_t valid = 0, bytes;
    uint32_t code_point;
    while ((bytes = utf8_character(run.bytes + valid, run.length - valid, &code_point)) > 0)
        valid += bytes;
    if (valid == run.length)
        pass(stream, index + 1, (struct span){run.bytes, run.length}, out);
    for (size_t byte = 0; valid < run.length && byte < run.length; byte++)
        pass(stream, index + 1, replacement, out);
    text_free(&run);
}

static void pass_bytes(struct tokenizer_stream *stream, int index, struct span spelling, struct text *out)
{
    int byte = byte_of(spelling);
    if (byte >= 0) {
        text_add(&stream->run, &(char){(char)byte}, 1);
        return;
    }
    if (stream->run.length > 0)
        pass_run(stream, index, out);
    pass(stream, index + 1, spelling, out);
}

static void pass_replaced(struct tokenizer_stream *stream, int index, struct span spelling, struct text *out)
{
    const struct decoder_step *step = &stream->tokenizer->decoder[index];
    struct text replaced = {0};
    text_add(&replaced, "", 0);
    span_replace(spelling, step->pattern, step->content, SIZE_MAX, &replaced);
    pass(stream, index + 1, (struct span){replaced.bytes, replaced.length}, out);
    text_free(&replaced);
}

static void pass_stripped(struct tokenizer_stream *stream, int index, struct span spelling, struct text *out)
{
    const struct decoder_step *step = &stream->tokenizer->decoder[index];
    size_t taken = step->fused ? stream->seen[index] : 0;
    while (taken < step->most && span_begins(spelling.bytes, spelling.length, step->content)) {
        spelling.bytes += step->content.length;
        spelling.length -= step->content.length;
        taken++;
    }
    stream->seen[index] = spelling.length > 0 ? step->most : taken;
    pass(stream, index + 1, spelling, out);
}

static void pass_metaspace(struct tokenizer_stream *stream, int index, struct span spelling, struct text *out)
{
    static const struct span nothing = {"", 0};
    const struct decoder_step *step = &stream->tokenizer->decoder[index];
    bool first = step->fused || stream->seen[index]++ == 0;
    struct text spaced = {0};
    text_add(&spaced, "", 0);
    span_replace(spelling, step->pattern, first && step->drops_first ? nothing : step->content, SIZE_MAX, &spaced);
    pass(stream, index + 1, (struct span){spaced.bytes, spaced.length}, out);
    text_free(&spaced);
}

/* Hands a spelling to a step, or, after the last one, to the output. */
static void pass(struct tokenizer_stream *stream, int index, struct span spelling, struct text *out)
{
    static void (*const steps[])(struct tokenizer_stream *, int, struct span,
                                 struct text *) = {[DECODE_REPLACE] = pass_replaced,
                                                   [DECODE_BYTES] = pass_bytes,
                                                   [DECODE_STRIP] = pass_stripped,
                                                   [DECODE_METASPACE] = pass_metaspace};
    if (index < stream->tokenizer->decoder_count)
        steps[stream->tokenizer->decoder[index].kind](stream, index, spelling, out);
    else
        text_add(out, spelling.bytes, spelling.length);
}

/* Special tokens are skipped in whatever form they are decoded. (Hugging Face's 0.23 prints those that its normalizer
 * changes; the versions before it did not.) */
static void pass_id(struct tokenizer_stream *stream, int id, struct text *out)
{
    const struct tokenizer *tokenizer = stream->tokenizer;
    if (id < 0 || id >= tokenizer->id_count || !tokenizer->tokens[id].spelling.bytes)
        return;
    if (!stream->skip_special || !tokenizer->tokens[id].special)
        pass(stream, 0, tokenizer->tokens[id].decoded, out);
}

/* Only the byte step holds anything back. */
static void pass_rest(struct tokenizer_stream *stream, struct text *out)
{
    for (int index = 0; index < stream->tokenizer->decoder_count; index++)
        if (stream->tokenizer->decoder[index].kind == DECODE_BYTES && stream->run.length > 0)
            pass_run(stream, index, out);
}

void tokenizer_decode(const struct tokenizer *tokenizer, const int *ids, size_t count, bool skip_special,
                      struct text *out)
{
    struct tokenizer_stream stream = {.tokenizer = tokenizer, .skip_special = skip_special};
    for (size_t index = 0; index < count; index++)
        pass_id(&stream, ids[index], out);
    pass_rest(&stream, out);
}

struct tokenizer_stream *tokenizer_stream_start(const struct tokenizer *tokenizer, bool skip_special)
{
    struct tokenizer_stream *stream = heap_take(1, sizeof *stream);
    stream->tokenizer = tokenizer;
    stream->skip_special = skip_special;
    return stream;
}

void tokenizer_stream_add(struct tokenizer_stream *stream, int id, struct text *out)
{
    pass_id(stream, id, out);
}

void tokenizer_stream_end(struct tokenizer_stream *stream, struct text *out)
{
    if (out)
        pass_rest(stream, out);
    text_free(&stream->run);
    free(stream);
}
