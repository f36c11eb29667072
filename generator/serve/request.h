/* What is served: a prompt, and the tokens that follow it. */
#pragma once

#include "job.h"
#include "plan.h"

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

/* Refuses a prompt that the plan has no room for, or that has tokens outside the vocabulary. */
bool plan_admits(const struct plan *plan, const struct request *request, struct error *error);
