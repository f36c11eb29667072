/* What predictions are about: so many prompts at once, and the steps that the head makes of them. */
#pragma once

#include "predict/routing.h"
#include "serve/lanes.h"

/* Every sequence of every lane at once: a prompt each, then as many new tokens each. */
struct workload {
    int sequences, prompt_tokens, new_tokens; /* sequences of a lane */
    struct routing routing;
};

/* A prompt of half the context in every sequence, and as many new tokens as the other half holds. */
struct workload usual_workload(const struct plan *plan);

/* Refuses more sequences than a lane has, and prompts with new tokens that the context does not hold. */
bool workload_fits(const struct workload *workload, const struct plan *plan, struct error *error);

/* The steps of a workload, one after another. */
struct workload_steps {
    const struct plan *plan;
    struct lanes lanes;
    struct request *requests;
    int count, next;         /* requests; the first that waits for a sequence */
    int without_token;       /* requests that have not had their first token before the newest step */
    int new_tokens;          /* that the newest step brings, over all lanes */
    int *prompt, *generated; /* shared by all requests: nobody looks at them */
};

struct workload_steps workload_begin(const struct plan *plan, const struct workload *workload);
void workload_end(struct workload_steps *steps);

/* The next step, its rows in the pool, its routes left out. False when all requests are done. */
bool workload_next(struct workload_steps *steps, struct pool *pool, struct step *step);
