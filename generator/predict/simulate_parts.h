/* What the event loop (simulate.c) and the ranks of GPUs (gpu_rank.c) share. */
#pragma once

#include "predict/agenda.h"
#include "predict/processors.h"
#include "predict/simulate.h"
#include "predict/work.h"

/* What a rank has posted of one kind and micro-batch: how often, and when the last two had left over each level; of a
 * GPU when it entered the last two, and how long each takes on the link of each level. */
struct posted {
    int count;
    double left_s[2][MAX_LINK_LEVELS];
    double entered_s[2];
};

/* Kinds of messages, and that a stage has come to receive. */
enum { RECEIVES = MAILBOX_KINDS, BOX_KINDS };

struct actor {
    struct work_site site;
    const struct schedule *schedule;
    int next;                            /* the op that comes next, an index */
    bool entered;                        /* it has begun, and waits */
    double clock_s;                      /* where the rank is in time */
    double begin_s;                      /* of the op that it is in */
    uint64_t bytes;                      /* that the op has posted */
    int processor;                       /* that it holds */
    struct posted *posted;               /* [BOX_KINDS][micro-batches] */
    int *awaited;                        /* likewise: messages that it has had of each peer */
    double port_free_s[MAX_LINK_LEVELS]; /* when its link has sent all that was posted */
    int first_waiter, next_waiter;       /* ranks that wait for this one, a list; -1 ends it */
    double
        *layer_free_s; /* [OP_KINDS][active] seconds of an op that takes the same in every layer; < 0: not known yet */

    /* Of a GPU. */
    struct span *spans;       /* [ops of the schedule] */
    double stream_s[STREAMS]; /* where each stream is in time */
    double host_s;            /* until when the host has waited for counts: it enqueues nothing before */
    double all_there_s;       /* when the last peer had come to the op that the rank is in */
};

struct simulation {
    const struct plan *plan;
    const struct hardware *hardware;
    const struct step *step;
    struct step_result *result;
    struct span *spans;
    int most_ops;
    struct actor *actors;
    struct agenda agenda;
    struct processors processors;
};

/* Seconds of an op beside its messages. */
double op_seconds(const struct simulation *sim, struct actor *actor, const struct op *op);

/* Bytes of the op's messages to its peers over each level, also counted in the result; returns their sum. */
uint64_t count_messages(struct simulation *sim, const struct actor *actor, const struct op *op,
                        double bytes[MAX_LINK_LEVELS]);

/* The actor waits for `peer` to post, or to enter. */
void block(struct simulation *sim, struct actor *actor, int peer);

/* Lets those who waited for this one look again. */
void wake_waiters(struct simulation *sim, struct actor *actor);

/* ---- gpu_rank.c */

/* Runs a GPU's rank until it lacks a peer or is through: ops in the order of the schedule, which is an order that all
 * awaits agree with; when each runs is up to the streams. */
void run_gpu_rank(struct simulation *sim, struct actor *actor);

/* When the messages of the op that the actor has entered will have crossed the links; or the first peer that has not
 * come to it yet, in `lacking`. */
double meeting(const struct simulation *sim, struct actor *actor, const struct op *op, int *lacking);
