/* All lanes of a job, and the steps they take together: the policy of serving. Requests wait for a sequence of a lane,
 * prefill in chunks beside the decoding of others, and leave when they are done. Ranks know nothing of this: a step is
 * rows, each with its sequence and position. The head runs these steps, and the predictor simulates the same ones. */
#pragma once

#include "serve/lane.h"
#include "trace.h"

/* Fewer in a micro-batch, and its messages cost more than their overlap gains. */
enum { ROWS_WORTH_SPLITTING = 8 };

struct lanes {
    const struct plan *plan;
    const struct shapes *shape; /* of the last class: the sizes that all classes share, and the logits' */
    struct lane *all;           /* [count], dp-major */
    int count;
};

struct lanes lanes_make(const struct plan *plan);
void lanes_free(struct lanes *lanes);

/* Gives waiting requests, from `next` on, to the lanes with the most free sequences. Returns the first that still
 * waits. */
int lanes_admit(struct lanes *lanes, struct request *requests, int next, int count);

/* Makes the rows of the next step in all lanes. False when there are none: nothing is left to do. `step` is the header
 * that all lanes share (rows left 0): the phase, and the number of micro-batches. */
bool lanes_make_step(struct lanes *lanes, struct step_header *step);

/* What the step asks of the ranks, as predictions and timelines see it: everything but its routes, in the pool. */
void lanes_describe_step(const struct lanes *lanes, const struct step_header *header, struct pool *pool,
                         struct step *step);
