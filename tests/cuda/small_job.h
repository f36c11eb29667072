/* A job of four ranks on emulated GPUs, two stages of two, whose schedule is a copy, a sum, a message and another copy:
 * for tests of how CUDA ranks start, step and end. The test is the job's head. */
#pragma once

#include "cuda/gpu.h"
#include "rank.h"

#include <sys/types.h>

enum {
    SMALL_TP = 2,
    SMALL_PP = 2,
    SMALL_WORLD = SMALL_PP * SMALL_TP,
    SMALL_MICRO_BATCHES = 2,
    SMALL_LOGIT_ROWS = 4,
    SMALL_SLICE = 8, /* logits of a row on one rank */
    SMALL_ROWS = 16,
    SMALL_SEQUENCES = 2,
    SMALL_PART_BYTES = 4096,
    SMALL_OPS = 8,
    SMALL_COUNT = SMALL_LOGIT_ROWS * SMALL_SLICE /* values that travel */
};

/* What may go wrong in a rank's schedule. */
struct mishap {
    int rank, step; /* step 0: never */
    enum { MISHAP_NONE, MISHAP_DIES, MISHAP_STOPS } kind;
};

struct small_job {
    char folder[64]; /* of the shards */
    int segment_file;
    struct job *job;
    uint64_t segment_bytes, step_offset, step_bytes, part_offset, ledger_bytes;
    pid_t ranks[SMALL_WORLD];
    int statuses[SMALL_WORLD]; /* -1: runs */
    struct mishap mishap;
};

/* A segment and shards; no rank runs yet. */
void small_job_open(struct small_job *job);
/* Kills what still runs. */
void small_job_close(struct small_job *job);

/* Starts one rank, or all; `more`: further arguments of its command line, up to a NULL, or NULL. */
void small_job_start(struct small_job *job, int rank, const char *const *more);
void small_job_start_all(struct small_job *job);
/* Waits until all ranks are ready, or one has ended: false. */
bool small_job_ready(struct small_job *job);

/* Hands out a step whose row i has token first_token + i and wants logits where bit i of `wants` is set. small_job_step
 * waits for it too; false: a rank ended. */
void small_job_begin_step(struct small_job *job, bool decode, int active, int rows, int first_token, unsigned wants);
bool small_job_step(struct small_job *job, bool decode, int active, int rows, int first_token, unsigned wants);

/* Ends the job in that way; waits for all ranks. */
void small_job_end(struct small_job *job, enum job_end end);
/* Waits for one rank; its exit status, or -signal. */
int small_job_wait(struct small_job *job, int rank);

const struct rank_control *small_job_control(const struct small_job *job, int rank);

/* What the schedule leaves in LOAD. */
struct small_load {
    struct step_header header; /* a copy of the device's */
    uint32_t table;            /* the first word of the block tables: first_token + 5 */
    uint32_t never_written;
};

/* The mailboxes of a rank of the last stage, and LOAD. */
const float *small_job_logits(const struct small_job *job, int rank, int micro);   /* (LOGIT_ROWS, SLICE) */
const int32_t *small_job_tokens(const struct small_job *job, int rank, int micro); /* LOGIT_ROWS */
const struct small_load *small_job_load(const struct small_job *job, int rank);

/* Value i that arrives at a rank of the last stage: the sum of what the first stage's ranks have. */
float small_job_value(int i);
