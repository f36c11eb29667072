#include "tool/job/output.h"
#include "base/file.h"
#include "base/heap.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- text */

static bool streams(const struct job_run *run)
{
    return run->count == 1 && !run->options->json;
}

bool output_token(void *context, struct request *request, struct error *error)
{
    struct job_run *run = context;
    if (!streams(run))
        return true;
    int token = request->generated[request->generated_count - 1];
    if (!run->tokenizer) {
        printf("%s%d", request->generated_count > 1 ? "," : "", token);
        return output_flush(error);
    }
    struct text text = {0};
    if (!run->stream) { /* the text begins with the prompt, so that its last token and the first new one join rightly */
        run->stream = tokenizer_stream_start(run->tokenizer, true);
        for (int i = 0; i < request->prompt_count; i++)
            tokenizer_stream_add(run->stream, request->prompt[i], &text);
    }
    tokenizer_stream_add(run->stream, token, &text);
    if (text.length)
        fwrite(text.bytes, 1, text.length, stdout);
    text_free(&text);
    return output_flush(error);
}

/* The text of the prompt and the first `generated` tokens. */
static struct text text_of(const struct job_run *run, const struct request *request, int generated)
{
    struct tokenizer_stream *stream = tokenizer_stream_start(run->tokenizer, true);
    struct text text = {0};
    for (int i = 0; i < request->prompt_count; i++)
        tokenizer_stream_add(stream, request->prompt[i], &text);
    for (int i = 0; i < generated; i++)
        tokenizer_stream_add(stream, request->generated[i], &text);
    tokenizer_stream_end(stream, &text);
    return text;
}

/* Where the generated text begins in that of both: after what it shares with the prompt's, whole characters. A prompt
 * that ends inside a character leaves that character to the generated text. */
static size_t generated_from(struct text prompt, struct text both)
{
    size_t at = 0;
    while (at < prompt.length && at < both.length && prompt.bytes[at] == both.bytes[at])
        at++;
    while (at > 0 && at < both.length && ((unsigned char)both.bytes[at] & 0xc0) == 0x80)
        at--;
    return at;
}

static void print_ids(const struct request *request)
{
    for (int i = 0; i < request->generated_count; i++)
        printf("%s%d", i ? "," : "", request->generated[i]);
}

static void print_all(struct job_run *run)
{
    for (int i = 0; i < run->count; i++) {
        const struct request *request = &run->requests[i];
        printf("%s[%d] ", i ? "\n" : "", i + 1);
        if (run->tokenizer) {
            struct text text = text_of(run, request, request->generated_count);
            fwrite(text.bytes ? text.bytes : "", 1, text.length, stdout);
            text_free(&text);
        } else {
            print_ids(request);
        }
        putchar('\n');
    }
}

static void print_text(struct job_run *run)
{
    if (!streams(run)) {
        print_all(run);
        return;
    }
    struct text text = {0};
    if (run->stream) {
        tokenizer_stream_end(run->stream, &text);
        run->stream = NULL;
        fwrite(text.bytes ? text.bytes : "", 1, text.length, stdout);
        text_free(&text);
    }
    putchar('\n');
}

/* ---- JSON */

static json_t *ids_json(const int *ids, int count)
{
    json_t *array = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(array, json_integer(ids[i]));
    return array;
}

/* Tokens after the first, over the time they took; null for fewer than two. */
static json_t *rate_json(const struct request *request)
{
    double took = request->last_token_s - request->first_token_s;
    if (request->generated_count < 2 || took <= 0)
        return json_null();
    return json_real((request->generated_count - 1) / took);
}

static json_t *request_json(const struct job_run *run, const struct request *request)
{
    json_t *text_json = json_null();
    if (run->tokenizer) {
        struct text prompt = text_of(run, request, 0), both = text_of(run, request, request->generated_count);
        size_t from = generated_from(prompt, both);
        text_json = json_stringn(both.bytes ? both.bytes + from : "", both.length - from);
        text_free(&prompt);
        text_free(&both);
    }
    return json_pack("{s:o, s:o, s:o, s:f, s:o}", "prompt_ids", ids_json(request->prompt, request->prompt_count), "ids",
                     ids_json(request->generated, request->generated_count), "text", text_json, "ttft_s",
                     request->first_token_s, "tokens_per_s", rate_json(request));
}

static bool write_json(const char *path, json_t *json, struct error *error)
{
    char *text = json_dumps(json, JSON_INDENT(1));
    json_decref(json);
    if (!text)
        return fail(error, path, 0, "its JSON cannot be made");
    size_t length = strlen(text);
    bool done = true;
    if (path) {
        text[length] = '\n'; /* in place of the NUL: a text file ends with a newline */
        done = file_write(path, text, length + 1, 0644, error);
    } else {
        puts(text);
    }
    free(text);
    return done;
}

static bool print_json(const struct job_run *run, struct error *error)
{
    json_t *array = json_array();
    for (int i = 0; i < run->count; i++)
        json_array_append_new(array, request_json(run, &run->requests[i]));
    return write_json(NULL, array, error);
}

/* ---- files */

/* A row for each prompt position, then one for each generated token but the last; prompt after prompt. */
static bool write_logits(const struct job_run *run, struct error *error)
{
    size_t row_bytes = sizeof(float) * (size_t)run->plan->classes[run->plan->class_count - 1].shape.vocabulary;
    struct text bytes = {0};
    for (int i = 0; i < run->count; i++) {
        const struct request *request = &run->requests[i];
        size_t rows = (size_t)(request->prompt_count + request->generated_count - 1);
        text_add(&bytes, (const char *)request->logits, rows * row_bytes);
    }
    bool done = file_write(run->options->logits_file, bytes.bytes, bytes.length, 0644, error);
    text_free(&bytes);
    return done;
}

static const uint64_t *load_of(const struct job_run *run, const struct processes *processes, const struct rank_row *row)
{
    const struct plan *plan = run->plan;
    const struct rank_class *class = &plan->classes[row->class_index];
    for (int i = 0; i < class->mailbox_count; i++)
        if (class->mailboxes[i].kind == MAILBOX_LOAD)
            return (const uint64_t *)(const void *)((const unsigned char *)processes->job + plan->mailbox_offset +
                                                    (uint64_t)row->rank * plan->mailbox_bytes +
                                                    class->mailboxes[i].data);
    return NULL;
}

/* Adds what one rank counted to rows[layer][expert], and to dropped[layer]. */
static void add_load(const struct job_run *run, const struct processes *processes, const struct rank_row *row,
                     uint64_t *rows, uint64_t *dropped)
{
    const struct placement *placement = &run->plan->placement;
    const struct shapes *shape = &run->plan->classes[row->class_index].shape;
    const uint64_t *load = load_of(run, processes, row);
    for (int local = 0; local < shape->layers; local++, load += shape->expert_slots + 1) {
        int layer = row->layer_base + local, placed = placement->rows > 1 ? layer : 0;
        const int *held =
            placement->held + ((size_t)placed * (size_t)shape->ep + row->at[AXIS_EP]) * placement->expert_slots;
        for (int slot = 0; slot < shape->expert_slots; slot++)
            if (held[slot] >= 0)
                rows[(size_t)layer * (size_t)shape->experts + (size_t)held[slot]] += load[slot];
        dropped[layer] += load[shape->expert_slots];
    }
}

/* {"layers": [{"layer": 0, "rows": [by expert], "dropped": 0}, ...]} over all lanes; tp ranks count the same rows. */
static bool write_load(const struct job_run *run, const struct processes *processes, struct error *error)
{
    const struct shapes *shape = &run->plan->classes[0].shape;
    uint64_t *rows = heap_take((size_t)shape->model_layers * (size_t)(shape->experts + 1), sizeof *rows);
    uint64_t *dropped = rows + (size_t)shape->model_layers * (size_t)shape->experts;
    for (int rank = 0; rank < run->plan->world; rank++)
        if (run->plan->ranks[rank].at[AXIS_TP] == 0)
            add_load(run, processes, &run->plan->ranks[rank], rows, dropped);
    json_t *layers = json_array();
    for (int layer = 0; layer < shape->model_layers; layer++) {
        json_t *counts = json_array();
        for (int expert = 0; expert < shape->experts; expert++)
            json_array_append_new(counts, json_integer((json_int_t)rows[layer * shape->experts + expert]));
        json_array_append_new(layers, json_pack("{s:i, s:o, s:I}", "layer", layer, "rows", counts, "dropped",
                                                (json_int_t)dropped[layer]));
    }
    free(rows);
    return write_json(run->options->load_file, json_pack("{s:o}", "layers", layers), error);
}

/* What the ledger planned and what was resident at the end, a rank; null where its kernel does not tell. */
static bool write_memory(const struct job_run *run, const struct processes *processes, struct error *error)
{
    json_t *array = json_array();
    for (int rank = 0; rank < run->plan->world; rank++) {
        const struct rank_class *class = &run->plan->classes[run->plan->ranks[rank].class_index];
        uint64_t measured = atomic_load(&rank_control(processes, rank)->resident_bytes);
        json_array_append_new(array, json_pack("{s:i, s:s, s:I, s:o}", "rank", rank, "class", class->name,
                                               "planned_bytes", (json_int_t) class->ledger_bytes, "measured_bytes",
                                               measured > 0 ? json_integer((json_int_t)measured) : json_null()));
    }
    return write_json(run->options->memory_file, array, error);
}

/* A timeline that ran out of room ends early; the user is told. */
static bool write_trace(struct job_run *run, const struct processes *processes, struct error *error)
{
    struct timeline *timeline = &run->timeline;
    struct text text = {0};
    if (!timeline_finish(timeline, processes, error))
        return false;
    if (timeline->trace.count < timeline->steps_run)
        fprintf(stderr, "warning: %s holds the first %d of %d steps: ranks had no room to record more\n",
                run->options->trace_file, timeline->trace.count, timeline->steps_run);
    trace_json(run->plan, &timeline->trace, &text);
    bool done = file_write(run->options->trace_file, text.bytes, text.length, 0644, error);
    text_free(&text);
    return done;
}

/* ---- summary */

static double largest_binary_kib(const struct job_run *run)
{
    off_t largest = 0;
    for (int rank = 0; rank < run->plan->world; rank++) {
        char path[4096];
        struct stat status;
        snprintf(path, sizeof path, "%s/rank-%04d", run->options->binaries, rank);
        if (stat(path, &status) == 0 && status.st_size > largest)
            largest = status.st_size;
    }
    return (double)largest / 1024;
}

static void print_summary(const struct job_run *run)
{
    int tokens = 0;
    double first = 0, last = 0;
    for (int i = 0; i < run->count; i++) {
        const struct request *request = &run->requests[i];
        tokens += request->generated_count;
        first = i == 0 || request->first_token_s < first ? request->first_token_s : first;
        last = request->last_token_s > last ? request->last_token_s : last;
    }
    fprintf(stderr, "%s of %s, %.0f KiB a binary; start %.0f ms, time to first token %.0f ms, %s",
            counted(run->plan->world, "rank").text, counted(run->plan->class_count, "class").text,
            largest_binary_kib(run), 1e3 * (run->ready_s - run->launched_s), 1e3 * first,
            counted(tokens, "token").text);
    if (tokens > run->count && last > first)
        fprintf(stderr, ", %.1f tokens/s", (tokens - run->count) / (last - first));
    fputc('\n', stderr);
}

bool output_results(struct job_run *run, const struct processes *processes, struct error *error)
{
    if (run->options->json) {
        if (!print_json(run, error))
            return false;
    } else {
        print_text(run);
    }
    if (!output_flush(error) || (run->options->logits_file && !write_logits(run, error)) ||
        (run->options->load_file && !write_load(run, processes, error)) ||
        (run->options->memory_file && !write_memory(run, processes, error)) ||
        (run->options->trace_file && !write_trace(run, processes, error)))
        return false;
    if (run->options->summary)
        print_summary(run);
    return true;
}
