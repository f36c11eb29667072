/* A run, step by step and op by op: measured by `rankc run --trace`, or simulated. Both have the same op ids, so that
 * they can be laid over each other. Times are kept to the nanosecond. */
#pragma once

#include "plan.h"

/* What one micro-batch of a lane holds in a step. */
struct micro_rows {
    int rows, wanted;  /* wanted: rows whose logits are asked for */
    int64_t positions; /* that the rows attend to, themselves included, all added up */
};

/* Where the routers of a step send its rows. A lane is the ranks of one (dp, ep): lane = dp * ep_n + ep. */
struct step_routes {
    int32_t *slot_rows; /* [lanes][model layers][active][expert slots] rows that each expert there gets */
    int32_t *sent_rows; /* [lanes][model layers][active][ep] rows of the lane that go to each ep coordinate */
};

struct step {
    enum phase phase;
    int active;              /* micro-batches in use; the others are skipped */
    struct micro_rows *rows; /* [lanes][active] */
    struct step_routes routes;
};

/* One op of one rank. All three times are equal in an op that the step skips, and in one that a rank does not have.
 * An op may wait in several places (combine_finish waits for one peer after the other, and adds what came in between):
 * start is begin plus all of its waiting, so that end - start is what it computed and copied. */
struct span {
    double begin_s, start_s, end_s; /* entered; had what it waited for; done. Since the run began */
    uint64_t bytes;                 /* put into mailboxes, as runtime/transport/channel.h counts them */
};

struct trace_step {
    struct step step;
    double begin_s, end_s; /* handed to the ranks; reported by the last of those that sample */
    struct span *spans;    /* [world][most ops of a schedule of the phase]: op id - 1 */
    int ops;               /* that many a rank */
};

struct trace {
    struct pool pool;
    const char *kind; /* "measured" or "simulated" */
    char hash[65];    /* of the plan */
    struct trace_step *steps;
    int count;
    uint64_t *counters; /* [world][MAILBOX_KINDS] bytes put into mailboxes in all; NULL: simulated */
};

/* Lanes of a plan, and how many numbers the arrays of a step hold. */
int plan_lanes(const struct plan *plan);
size_t step_rows_count(const struct plan *plan, const struct step *step);
size_t slot_rows_count(const struct plan *plan, const struct step *step);
size_t sent_rows_count(const struct plan *plan, const struct step *step);

/* Takes these arrays from the pool, zeroed, for step->active micro-batches. */
void step_take_rows(const struct plan *plan, struct pool *pool, struct step *step);
void step_take_routes(const struct plan *plan, struct pool *pool, struct step *step);

static inline const struct schedule *schedule_of(const struct plan *plan, int rank, enum phase phase)
{
    return &plan->classes[plan->ranks[rank].class_index].schedules[phase];
}

static inline const struct span *span_of(const struct trace_step *step, int rank, int op_id)
{
    return &step->spans[(size_t)rank * (size_t)step->ops + (size_t)op_id - 1];
}

/* The most ops that any class has in a phase. */
int plan_most_ops(const struct plan *plan, enum phase phase);

/* Chrome's trace format (Perfetto, chrome://tracing): a process a rank, a thread a stream; beside the events, under
 * "rankc", the steps' rows and routes, so that a simulation can take the very same steps. */
void trace_json(const struct plan *plan, const struct trace *trace, struct text *out);

/* Reads what trace_json wrote; refuses a trace of another plan. Free it, whether this succeeds or not. */
bool trace_read(const char *path, const struct plan *plan, struct trace *trace, struct error *error);

/* The same where no strategy is at hand: `plan` becomes what a trace holds of its own plan, which is its hash, grid,
 * ranks, classes and ops, and the sizes of steps. All else in it is zero. pool_free(&plan->pool) in any case. */
bool trace_read_alone(const char *path, struct plan *plan, struct trace *trace, struct error *error);
void trace_free(struct trace *trace);
