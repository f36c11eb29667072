#include "tool/job/run.h"
#include "base/file.h"
#include "base/heap.h"
#include "base/machine.h"
#include "kernels/kernels.h"
#include "tool/job/output.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- prompts */

static bool parse_ids(const char *text, struct token_ids *ids, struct error *error)
{
    for (const char *at = text;; at++) {
        char *end;
        errno = 0;
        long id = strtol(at, &end, 10);
        if (end == at || errno != 0 || id < 0 || id > INT_MAX || (*end != ',' && *end != '\0'))
            return fail(error, NULL, 0, "--prompt-ids \"%s\" is not a list of token ids; write it as 1,2,3", text);
        token_ids_add(ids, (int)id);
        if (*end == '\0')
            return true;
        at = end;
    }
}

static bool read_prompts(struct job_run *run, struct error *error)
{
    const struct run_options *options = run->options;
    for (int i = 0; i < options->prompt_count; i++) {
        const char *text = options->prompts[i];
        if (text && !run->tokenizer)
            return fail(error, options->model_folder, 0,
                        "has no tokenizer.json, so it cannot read a text; use --prompt-ids");
        if (text ? !tokenizer_encode(run->tokenizer, text, strlen(text), &run->ids[i], error)
                 : !parse_ids(options->prompt_ids[i], &run->ids[i], error))
            return false;
    }
    return true;
}

static bool open_tokenizer(struct job_run *run, struct error *error)
{
    char path[4096];
    if (!path_join(path, sizeof path, run->options->model_folder, "tokenizer.json", error))
        return false;
    if (access(path, F_OK) != 0)
        return true; /* ids in, ids out */
    run->tokenizer = tokenizer_read(path, error);
    return run->tokenizer != NULL;
}

static bool make_requests(struct job_run *run, struct error *error)
{
    const struct run_options *options = run->options;
    size_t vocabulary = (size_t)run->plan->classes[run->plan->class_count - 1].shape.vocabulary;
    for (int i = 0; i < run->count; i++) {
        struct request *request = &run->requests[i];
        *request = (struct request){.prompt = run->ids[i].ids,
                                    .prompt_count = (int)run->ids[i].count,
                                    .most_new = options->most_new,
                                    .sampling = options->sampling};
        if (!plan_admits(run->plan, request, error))
            return false;
        request->generated = heap_take((size_t)options->most_new, sizeof *request->generated);
        if (options->logits_file)
            request->logits =
                heap_take((size_t)(request->prompt_count + options->most_new) * vocabulary, sizeof *request->logits);
    }
    return true;
}

/* ---- the job */

static bool serve(struct job_run *run, struct error *error)
{
    struct processes processes;
    const struct run_options *options = run->options;
    struct timeline *timeline = options->trace_file ? &run->timeline : NULL;
    const struct launch_options launch = {options->binaries, options->shards, options->kernels, run->timeline.file};
    run->launched_s = seconds_now();
    if (!processes_start(&processes, run->plan, &launch, error))
        return false;
    run->ready_s = seconds_now();
    bool done = head_serve(&processes, run->requests, run->count, timeline, output_token, run, error) &&
                processes_finish(&processes, error) && output_results(run, &processes, error);
    processes_free(&processes);
    return done;
}

/* Ranks run where the head does, so it knows what they can. */
static bool kernels_are_there(const char *name, struct error *error)
{
    if (!name || kernels_named(name))
        return true;
    struct text names = {0};
    for (int i = 0; kernels_name(i); i++)
        if (kernels_named(kernels_name(i)))
            text_format(&names, "%s%s", names.length ? ", " : "", kernels_name(i));
    fail(error, NULL, 0, "--kernels %s is not there; this processor can run %s", name, names.bytes);
    text_free(&names);
    return false;
}

bool run_prompts(const struct plan *plan, const struct run_options *options, struct error *error)
{
    struct job_run run = {.plan = plan, .options = options, .count = options->prompt_count, .timeline = {.file = -1}};
    run.ids = heap_take((size_t)run.count, sizeof *run.ids);
    run.requests = heap_take((size_t)run.count, sizeof *run.requests);
    bool done = kernels_are_there(options->kernels, error) && open_tokenizer(&run, error) &&
                read_prompts(&run, error) && make_requests(&run, error) &&
                (!options->trace_file || timeline_open(&run.timeline, plan, error)) && serve(&run, error);
    if (run.stream)
        tokenizer_stream_end(run.stream, NULL);
    for (int i = 0; i < run.count; i++) {
        free(run.requests[i].generated);
        free(run.requests[i].logits);
        token_ids_free(&run.ids[i]);
    }
    free(run.requests);
    free(run.ids);
    tokenizer_free(run.tokenizer);
    timeline_free(&run.timeline);
    return done;
}
