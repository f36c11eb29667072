/* The timeline of a real run: the head notes each step's shape, the ranks record their ops (runtime/timeline.h), and
 * after the run the two become a struct trace. */
#pragma once

#include "serve/lanes.h"
#include "tool/job/process.h"
#include "trace.h"

struct timeline {
    const struct plan *plan;
    struct trace trace;
    int room;         /* for steps in trace.steps */
    int steps_run;    /* that the run had; after timeline_finish, trace.count of them are whole */
    uint64_t zero_ns; /* when the run began */
    uint64_t bytes;   /* of the ranks' memory, which is sparse */
    int file;
};

/* Makes the memory that ranks record into. Free it, whether this succeeds or not. */
bool timeline_open(struct timeline *timeline, const struct plan *plan, struct error *error);
void timeline_free(struct timeline *timeline);

/* The head's side: the run begins; a step is handed out, with the rows that its lanes hold; it is done. */
void timeline_begin(struct timeline *timeline);
void timeline_begin_step(struct timeline *timeline, const struct lanes *lanes, const struct step_header *step);
void timeline_end_step(struct timeline *timeline);

/* Once all ranks have left: fills the steps' spans and routes, and the counters. Where a rank ran out of room, the
 * trace ends with the last step that all ranks have recorded. */
bool timeline_finish(struct timeline *timeline, const struct processes *processes, struct error *error);
