/* What a run prints and writes. */
#pragma once

#include "tool/job/run.h"
#include "tool/tokenizer/tokenizer.h"

/* One run: its prompts and what came of them. */
struct job_run {
    const struct plan *plan;
    const struct run_options *options;
    struct tokenizer *tokenizer; /* NULL: the model has none */
    struct token_ids *ids;       /* [count] prompts */
    struct request *requests;    /* [count] */
    int count;
    struct tokenizer_stream *stream; /* of the only prompt, while its text is printed as it comes */
    double launched_s, ready_s;
    struct timeline timeline; /* where options->trace_file asks for one */
};

/* A token_handler: prints what is certain of the only prompt's text. */
bool output_token(void *run, struct request *request, struct error *error);

/* After the job: the rest of the text or the JSON, the files asked for, the summary. */
bool output_results(struct job_run *run, const struct processes *processes, struct error *error);
