/* The head of a job: which rows go into each step, and what becomes of the tokens that come back.
 *
 * Requests wait for a sequence of a lane (one dp, ep coordinate), prefill in chunks beside the decoding of others, and
 * leave when they are done. Ranks know nothing of this: a step is rows, each with its sequence and position. */
#pragma once

#include "tool/job/process.h"

struct request {
    const int *prompt; /* token ids, checked by head_admits; owned by the caller */
    int prompt_count;
    int most_new; /* tokens to generate at most */
    struct sampling sampling;

    /* Results. */
    int *generated; /* [generated_count]; room for most_new, owned by the caller */
    int generated_count;
    bool done;
    double first_token_s, last_token_s; /* since the head started */
    float *logits;                      /* [prompt_count + most_new - 1][vocabulary], or NULL when not asked for */
};

/* Called after every step in which a request got a token. False ends the run (the error is set). */
typedef bool token_handler(void *context, struct request *request, struct error *error);

/* Refuses a prompt that the plan has no room for, or that has tokens outside the vocabulary. */
bool head_admits(const struct plan *plan, const struct request *request, struct error *error);

/* Serves all requests. */
bool head_serve(struct processes *processes, struct request *requests, int count, token_handler *on_token,
                void *context, struct error *error);

double seconds_now(void);
