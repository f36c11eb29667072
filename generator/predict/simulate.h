/* Discrete events over the op lists of all ranks: compute, messages, waits, and processors or links that are shared. */
#pragma once

#include "hardware.h"
#include "trace.h"

/* What became of a rank's time in a step, in seconds; together they are the step's length. */
struct rank_time {
    double compute;       /* in ops that compute */
    double communication; /* in ops that exchange, while they are not waiting */
    double exposed;       /* waiting for a message of its own stage, or for its processor */
    double bubble;        /* waiting for another stage, or for the step to end */
};

struct step_result {
    double seconds;
    struct rank_time *ranks;               /* [world], owned by the pool that simulate_step was given */
    double flops;                          /* of the model: no padding, nothing counted twice */
    uint64_t mailbox_bytes[MAILBOX_KINDS]; /* put into mailboxes, over all ranks */
    uint64_t level_bytes[MAX_LINK_LEVELS]; /* over each level of links */
};

/* From the end of a step to the beginning of the next. */
static inline double between_steps_s(const struct hardware *hardware)
{
    return hardware->calibrated ? hardware->calibrated->step_s : 0;
}

/* Runs one step whose routes are filled. `spans`: NULL, or [world][plan_most_ops(phase)] for every op of every rank.
 * Times in spans begin at 0. */
void simulate_step(const struct plan *plan, const struct hardware *hardware, const struct step *step, struct pool *pool,
                   struct step_result *result, struct span *spans);
