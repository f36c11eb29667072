/* The processes of a job on this machine: one a rank, around one shared segment. */
#pragma once

#include "job.h"
#include "plan.h"

#include <sys/types.h>

struct process {
    pid_t id;         /* 0: not started, or reaped */
    int stopped_naps; /* naps since it was seen stopped; 0: runs */
};

struct processes {
    const struct plan *plan;
    struct job *job; /* the mapped segment: memory without a name, so nothing of it can be left behind */
    int segment_file;
    struct process *ranks; /* [world] */
};

struct launch_options {
    const char *binaries; /* folder of rank-0000 ... */
    const char *shards;
    const char *kernels; /* NULL: the best */
    int timeline_file;   /* that ranks record into; -1: none */
};

/* Makes the segment, starts every rank, waits until all are ready. On failure everything is ended. */
bool processes_start(struct processes *processes, const struct plan *plan, const struct launch_options *options,
                     struct error *error);

/* Sleeps until something happens (a rank reports, at most a nap), then looks after the ranks. False, with the job ended
 * and the culprit, its op and those who waited for it named, when one died, stands still, or the user asked to stop. */
bool processes_watch(struct processes *processes, uint32_t arrivals_seen, struct error *error);

/* Ends the job in order: every rank leaves by itself and notes its resident memory. Then, and whenever something has
 * failed, processes_free releases what is left; after it no process and no memory of the job remains. */
bool processes_finish(struct processes *processes, struct error *error);
void processes_free(struct processes *processes);

static inline struct rank_control *rank_control(const struct processes *processes, int rank)
{
    return control_of(processes->job, rank);
}
