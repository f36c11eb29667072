/* Ops on a schedule's list: what the lists of all devices share. */
#pragma once

#include "plan.h"

struct listing {
    const struct rank_class *class;
    const struct shapes *shape; /* of the class */
    struct schedule *schedule;  /* with room for what comes */
    bool counts;                /* GPUs: counts are exchanged before rows */
};

/* Appends an op; layer -1: of none. */
void list_op(struct listing *listing, enum op_kind kind, int micro, int layer);

/* How a micro-batch gets into a stage and out of it. */
void list_entry(struct listing *listing, int micro);
void list_exit(struct listing *listing, int micro);

/* Lets micro-batches go through the stage, `together` at a time: `pass` lists those begin <= m < end. */
void list_in_groups(struct listing *listing, int together, void (*pass)(struct listing *, int begin, int end));
