/* What templates show of a plan beyond its own fields: ranks by class, stage and group, equal placements together,
 * where each class begins, and how long each buffer is in use. Worked out once before templates run. */
#pragma once

#include "plan.h"

struct numbers {
    const int *first;
    int count;
};

/* A tensor that the class has. */
struct tensor_fact {
    const char *name, *text, *file, *dtype;
    struct tensor tensor;
};

struct buffer_fact {
    const char *name, *text, *micro, *lifetime; /* micro NULL: of no micro-batch */
    struct buffer buffer;
};

struct mailbox_fact {
    const char *name, *text, *micro;
    struct mailbox mailbox;
};

struct class_facts {
    const struct rank_class *class;
    int index;
    int layer_base;       /* of all its ranks; -1: they differ */
    struct numbers ranks; /* ascending */
    struct tensor_fact *tensors;
    int tensor_count;
    struct buffer_fact *buffers;
    struct mailbox_fact *mailboxes;
    const char *notes[PHASES][OP_KINDS]; /* what each op handles, by op_note */
};

struct stage_fact {
    int number, layer_base, layers;
    const char *class_name;
    struct numbers ranks; /* ascending */
};

/* The ranks of one stage of one replica, ep by tp: every row of the model's layers there. */
struct slice_fact {
    int dp, pp;
    const char *class_name;
    struct numbers ranks;
};

struct group_fact {
    struct numbers ranks;
};

struct axis_fact {
    const char *name;
    int size, count;
    struct group_fact *groups;
};

/* The experts of one ep coordinate in the layers of a layout. */
struct held_fact {
    int ep;
    struct numbers experts;
};

/* Layers whose experts are placed alike. */
struct layout_fact {
    struct numbers layers;
    struct held_fact *held; /* [ep] */
    int ep;
};

/* One row of the placement: homes and slots of all experts, to one sender. */
struct placement_fact {
    int layer, source; /* -1: all */
    struct numbers home, slot;
};

struct facts {
    struct pool pool;
    const struct plan *plan;
    struct class_facts *classes;
    struct stage_fact *stages;
    struct slice_fact *slices;
    int slice_count;
    struct axis_fact axes[AXES];
    struct layout_fact *layouts;
    int layout_count;
    struct placement_fact *placement;
    int placement_count;
    const char *prediction; /* predicted times, lines of text; NULL: none */
};

/* Release with facts_free. */
void facts_make(const struct plan *plan, struct facts *facts);
void facts_free(struct facts *facts);

/* "A" for micro-batch 0; NULL for -1. */
const char *micro_name(int micro);

/* How long a buffer is in use, from the schedules: "route to experts". */
const char *buffer_lifetime(struct pool *pool, const struct rank_class *class, const struct buffer *buffer);

/* What an op handles, with the sizes of its class: "(128, 128) f32 summed over 2 tp ranks". */
const char *op_note(struct pool *pool, const struct rank_class *class, enum phase phase, enum op_kind kind);
