/* `rankc run`: serve prompts with the ranks of a build. */
#pragma once

#include "plan.h"
#include "tool/job/head.h"

struct run_options {
    const char *binaries, *shards; /* folders */
    const char *model_folder;      /* for the tokenizer */
    const char *kernels;           /* NULL: the best */
    const char **prompts;          /* texts; prompt_ids: "1,2,3". In the order of the command line, one of both NULL */
    const char **prompt_ids;
    int prompt_count;
    int most_new;
    struct sampling sampling;
    const char *logits_file, *load_file, *memory_file, *trace_file; /* NULL: not asked for */
    bool json, summary;
};

/* Serves the prompts and prints text (as it comes, when there is one prompt) or JSON. */
bool run_prompts(const struct plan *plan, const struct run_options *options, struct error *error);
