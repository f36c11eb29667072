/* Ranks of a node that share fewer processors than they are. One that has something to do takes the processor that is
 * free first, in the order in which they became ready; it keeps it until it has to wait. */
#pragma once

#include "hardware.h"
#include "plan.h"

struct processors {
    const struct calibration *calibration;
    int each;       /* of a node; 0: every rank has one of its own */
    int node_ranks; /* ranks of a node */
    double *free_s; /* [nodes][each] since when, or from when on, a processor is free */
};

struct processors processors_make(const struct plan *plan, const struct hardware *hardware, struct pool *pool);

/* When a rank that is ready at `ready_s` runs, and on which processor (for processors_leave). */
double processors_take(const struct processors *processors, int rank, double ready_s, int *processor);
void processors_leave(struct processors *processors, int processor, double now_s);
