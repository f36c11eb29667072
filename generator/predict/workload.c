#include "predict/workload.h"
#include "base/heap.h"

#include <stdlib.h>

enum { NO_TOKEN = -1 }; /* no stop token is that, so every sequence runs to its end */

struct workload usual_workload(const struct plan *plan)
{
    const struct shapes *shape = &plan->classes[0].shape;
    int prompt = shape->context > 1 ? shape->context / 2 : 1, rest = shape->context - prompt;
    return (struct workload){.sequences = shape->sequences, .prompt_tokens = prompt, .new_tokens = rest > 0 ? rest : 1};
}

bool workload_fits(const struct workload *workload, const struct plan *plan, struct error *error)
{
    const struct shapes *shape = &plan->classes[0].shape;
    if (workload->sequences > shape->sequences)
        return fail(error, NULL, 0, "--sequences %d is more than batch.sequences, %d; choose fewer",
                    workload->sequences, shape->sequences);
    if (workload->prompt_tokens + workload->new_tokens - 1 > shape->context)
        return fail(error, NULL, 0, "%d prompt tokens and %d new ones do not fit the context of %d; choose fewer",
                    workload->prompt_tokens, workload->new_tokens, shape->context);
    return true;
}

struct workload_steps workload_begin(const struct plan *plan, const struct workload *workload)
{
    struct workload_steps steps = {.plan = plan, .lanes = lanes_make(plan)};
    steps.count = steps.lanes.count * workload->sequences;
    steps.without_token = steps.count;
    steps.requests = heap_take((size_t)steps.count, sizeof *steps.requests);
    steps.prompt = heap_take((size_t)workload->prompt_tokens, sizeof *steps.prompt);
    steps.generated = heap_take((size_t)workload->new_tokens, sizeof *steps.generated);
    for (int i = 0; i < steps.count; i++)
        steps.requests[i] = (struct request){.prompt = steps.prompt,
                                             .prompt_count = workload->prompt_tokens,
                                             .most_new = workload->new_tokens,
                                             .generated = steps.generated};
    return steps;
}

void workload_end(struct workload_steps *steps)
{
    lanes_free(&steps->lanes);
    free(steps->requests);
    free(steps->prompt);
    free(steps->generated);
    *steps = (struct workload_steps){0};
}

/* Hands the sequences of a lane the tokens that the newest step brought, as the head does. */
static void accept_tokens(struct workload_steps *steps, struct lane *lane)
{
    for (int row = 0; row < lane->row_count; row++) {
        const struct step_row *at = &lane->rows[row];
        const struct request *request = lane->sequences[at->sequence].request;
        if (!at->wants || at->position < request->prompt_count - 1)
            continue;
        steps->without_token -= request->generated_count == 0;
        lane_accept_token(lane, at->sequence, NO_TOKEN, steps->plan, 0);
    }
    lane_end_step(lane);
}

bool workload_next(struct workload_steps *steps, struct pool *pool, struct step *step)
{
    struct lanes *lanes = &steps->lanes;
    struct step_header header;
    for (int i = 0; i < lanes->count; i++)
        accept_tokens(steps, &lanes->all[i]);
    steps->next = lanes_admit(lanes, steps->requests, steps->next, steps->count);
    if (!lanes_make_step(lanes, &header))
        return false;
    lanes_describe_step(lanes, &header, pool, step);
    steps->new_tokens = 0;
    for (int i = 0; i < lanes->count * step->active; i++)
        steps->new_tokens += step->rows[i].wanted;
    return true;
}
