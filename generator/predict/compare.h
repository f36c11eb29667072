/* A measured timeline and a simulated one of the same steps, laid over each other. */
#pragma once

#include "trace.h"

enum { MOST_APART = 12 };

struct both {
    double measured, simulated;
};

/* All ops of a kind, over layers, micro-batches, ranks and steps. Seconds are sums. */
struct compared_op {
    int64_t count; /* without those that a step skips */
    struct both work_s, wait_s;
};

struct compared_phase {
    int steps;
    struct both step_s;         /* sum of the steps' lengths */
    struct both work_s, wait_s; /* of all ops of all ranks */
    double error;       /* of a step's simulated length, against the measured one: the mean of absolute values */
    double worst_error; /* the largest of these, with its sign */
    int worst_step;     /* that it is of, from 1 */
    struct compared_op ops[OP_KINDS];
};

/* One op of one rank, over the steps of its phase. */
struct compared_place {
    enum phase phase;
    int rank, op_id, count;
    struct both work_s; /* sums */
};

struct compared_bytes {
    uint64_t measured, simulated; /* of the steps in the timelines */
    uint64_t counted;             /* by the transports, in the whole run */
};

struct comparison {
    const struct plan *plan;
    const struct trace *measured, *simulated;
    struct compared_phase phases[PHASES];
    struct compared_place apart[MOST_APART]; /* whose sums are furthest apart, the furthest first */
    int apart_count;
    struct compared_bytes bytes[MAILBOX_KINDS];
    int64_t other_bytes; /* ops of all ranks and steps that put different bytes into mailboxes */
    struct {
        int step, rank, op_id; /* from 1; the rank from 0 */
    } first_other_bytes;
    bool same_routes; /* the simulated routers send rows where the real ones did */
};

/* Refuses timelines of different steps; `path` is the simulated one's. What is in `out` points to the arguments. */
bool compare_traces(const struct plan *plan, const struct trace *measured, const struct trace *simulated,
                    const char *path, struct comparison *out, struct error *error);
