/* The shared segment of a job, as the head and every rank see it.
 *
 *   struct job | struct rank_control a rank | step headers, two a lane | mailboxes
 *
 * The head writes step headers and raises `step`; ranks write only their own control, their own mailboxes and the slots
 * that the plan gives them in peers' mailboxes. All words that are waited for are futexes. */
#pragma once

#include "step.h"
#include "transport/channel.h"

#include <stdatomic.h>
#include <stdint.h>

enum {
    JOB_BYTES = 4096,
    RANK_CONTROL_BYTES = 512,
    PROGRAM_BYTES = 1 << 20, /* a rank's binary with its data (0.9 MiB as static linking makes it), its heap of two
                                pages and its stack; of the code only what runs is resident, which is 0.2 MiB less */
    CALL_BYTES = 16,         /* code of one op in a schedule */
    JOB_MAGIC = 0x6b6e6172,  /* "rank" */
    STEP_ALIGNMENT = 64,
    PLAN_HASH_BYTES = 32,
    IDENTITY_BYTES = 32,
    OP_WHOLE_STEP = 1 << 24 /* the op of a rank that runs the step as one graph: nobody knows which op that is in */
};

/* What the head asks of the ranks. */
enum job_end { JOB_RUNNING, JOB_DONE, JOB_ABORTED };

struct job {
    uint32_t magic, world;
    unsigned char plan_hash[PLAN_HASH_BYTES];
    uint64_t segment_bytes;
    uint32_t spin;                          /* polls before a wait sleeps: few when ranks outnumber processors */
    uint32_t roomy;                         /* 1: there are as many processors as ranks, so each rank keeps one */
    _Alignas(64) _Atomic uint32_t step;     /* futex: number of the newest step, from 1 */
    _Atomic uint32_t end;                   /* enum job_end; checked whenever a wait wakes */
    _Atomic uint32_t culprit;               /* 1 + the rank that ended the job; 0: none */
    _Atomic uint32_t rendezvous_port;       /* futex: where rank 0 listens on this machine; 0: not yet, or nowhere */
    _Alignas(64) _Atomic uint32_t arrivals; /* futex: raised by every rank that is ready, and at the end of each step by
                                               every rank the head waits for */
};

enum rank_state { RANK_STARTING, RANK_READY, RANK_DONE, RANK_FAILED };

struct rank_control {
    _Atomic uint32_t state;                       /* enum rank_state */
    _Atomic uint32_t heartbeat;                   /* raised by a timer: stands still in a stopped rank */
    _Atomic uint32_t step_done;                   /* number of the last step that ended */
    _Atomic uint32_t op, phase;                   /* id of the op that runs, 0 between steps */
    _Atomic uint32_t waits_for;                   /* 1 + the rank whose message it waits for, 0: none */
    _Atomic uint64_t resident_bytes;              /* measured at the rank's end; 0: not yet, or not to be had */
    _Atomic uint64_t posted_bytes[CHANNEL_KINDS]; /* put into mailboxes since the start: see transport/channel.h */
    unsigned char plan_hash[PLAN_HASH_BYTES];
    unsigned char checkpoint[IDENTITY_BYTES]; /* of the checkpoint the shards were cut from */
    uint32_t world;
    uint64_t shard_checksum[2]; /* dense, experts */
    char shard_name[2][48];
    char message[192]; /* why it failed */
};

_Static_assert(sizeof(struct job) <= JOB_BYTES, "the job must fit its page");
_Static_assert(sizeof(struct rank_control) <= RANK_CONTROL_BYTES, "a rank's control must fit its slot");

static inline struct rank_control *control_of(const struct job *job, int rank)
{
    return (struct rank_control *)((unsigned char *)job + JOB_BYTES + (uint64_t)rank * RANK_CONTROL_BYTES);
}
