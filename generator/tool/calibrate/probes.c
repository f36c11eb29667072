#include "tool/calibrate/probes.h"
#include "base/file.h"
#include "base/heap.h"
#include "tool/job/head.h"
#include "tool/job/timeline.h"

#include <stdio.h>
#include <stdlib.h>

/* clang-format off */
#define SMALL  {.hidden = 128,  .layers = 4, .heads = 4,  .kv_heads = 2, .head_dim = 32, .experts = 16, .top_k = 2, \
                .expert_hidden = 64,   .vocabulary = 2048, .max_positions = 512, .dtype = DTYPE_BF16}
#define MEDIUM {.hidden = 320,  .layers = 4, .heads = 5,  .kv_heads = 1, .head_dim = 64, .experts = 8,  .top_k = 2, \
                .expert_hidden = 256,  .vocabulary = 2048, .max_positions = 512, .dtype = DTYPE_BF16}
#define MIDDLE {.hidden = 384,  .layers = 3, .heads = 6,  .kv_heads = 2, .head_dim = 64, .experts = 8,  .top_k = 2, \
                .expert_hidden = 512,  .vocabulary = 4096, .max_positions = 512, .dtype = DTYPE_BF16}
#define LARGE  {.hidden = 1024, .layers = 2, .heads = 16, .kv_heads = 4, .head_dim = 64, .experts = 8,  .top_k = 2, \
                .expert_hidden = 1024, .vocabulary = 4096, .max_positions = 512, .dtype = DTYPE_BF16}

const struct probe probes[PROBES] = {
    /*                         dp pp ep tp micro-batches, prefill rows */
    {"small-single",  SMALL,  1, 1, 1, 1, 1, 256},
    {"small-tp",      SMALL,  1, 1, 1, 2, 1, 256},
    {"small-ep",      SMALL,  1, 1, 2, 1, 2, 256},
    {"small-pp",      SMALL,  1, 2, 1, 1, 2, 256},
    {"medium-single", MEDIUM, 1, 1, 1, 1, 1, 128},
    {"medium-ep",     MEDIUM, 1, 1, 2, 1, 2, 128},
    {"medium-pp",     MEDIUM, 1, 2, 1, 1, 2, 128},
    {"middle-single", MIDDLE, 1, 1, 1, 1, 1, 128},
    {"middle-tp",     MIDDLE, 1, 1, 1, 2, 1, 128},
    {"middle-ep",     MIDDLE, 1, 1, 2, 1, 2, 128},
    {"middle-pp",     MIDDLE, 1, 2, 1, 1, 2, 128},
    {"large-single",  LARGE,  1, 1, 1, 1, 1, 128},
    {"large-tp",      LARGE,  1, 1, 1, 2, 1, 128},
    {"large-ep",      LARGE,  1, 1, 2, 1, 2, 128},
    {"large-pp",      LARGE,  1, 2, 1, 1, 2, 128},
};
/* clang-format on */

bool probe_write(const struct probe *probe, const char *folder, struct error *error)
{
    char path[4096], model[4096], text[1024];
    snprintf(model, sizeof model, "%s/%s-model", folder, probe->name);
    snprintf(path, sizeof path, "%s/%s.lua", folder, probe->name);
    int length = snprintf(text, sizeof text,
                          "return strategy {\n  name = \"%s\",\n  model = hf \"%s-model\",\n"
                          "  grid = { dp = %d, pp = %d, ep = %d, tp = %d },\n%s"
                          "  target = { memory = \"4 GiB\" },\n"
                          "  batch = { sequences = 8, context = 512, prefill_rows = %d, micro_batches = %d },\n}\n",
                          probe->name, probe->name, probe->dp, probe->pp, probe->ep, probe->tp,
                          probe->model.layers % probe->pp ? "  stages = { 2, 1 },\n" : "", probe->prefill_rows,
                          probe->micro_batches);
    return synthetic_checkpoint(&probe->model, model, error) && file_write(path, text, (size_t)length, 0644, error);
}

static bool ignore_token(void *context, struct request *request, struct error *error)
{
    (void)context, (void)request, (void)error;
    return true;
}

bool probe_run(const struct plan *plan, const char *binaries, const char *shards, struct trace *trace,
               struct error *error)
{
    static const int lengths[] = {9, 33, 120, 200, 64, 17, 250, 3};
    enum { LENGTHS = sizeof lengths / sizeof *lengths, WAVES = 3, LONGEST = 250, NEW_TOKENS = 32 };
    int prompt[LONGEST];
    const int count = WAVES * LENGTHS * plan_lanes(plan), context = plan->classes[0].shape.context;
    const int longest = context > 1 ? context / 2 : 1; /* leaves room to decode */
    struct request *requests = heap_take((size_t)count, sizeof *requests);
    int *generated = heap_take((size_t)count * NEW_TOKENS, sizeof *generated);
    for (int i = 0; i < LONGEST; i++)
        prompt[i] = i * 37 % plan->classes[0].shape.vocabulary;
    for (int i = 0; i < count; i++)
        requests[i] = (struct request){.prompt = prompt,
                                       .prompt_count = lengths[i % LENGTHS] < longest ? lengths[i % LENGTHS] : longest,
                                       .most_new = NEW_TOKENS,
                                       .generated = generated + (size_t)i * NEW_TOKENS};

    struct timeline timeline = {.file = -1};
    struct processes processes;
    bool done = timeline_open(&timeline, plan, error);
    const struct launch_options launch = {binaries, shards, NULL, timeline.file};
    done = done && processes_start(&processes, plan, &launch, error);
    if (done) {
        done = head_serve(&processes, requests, count, &timeline, ignore_token, NULL, error) &&
               processes_finish(&processes, error) && timeline_finish(&timeline, &processes, error);
        processes_free(&processes);
    }
    *trace = timeline.trace;
    timeline.trace = (struct trace){0};
    timeline_free(&timeline);
    free(requests);
    free(generated);
    return done;
}
