/* What a strategy's ranks run on, as far as times depend on it: published figures of an accelerator, or what
 * `rankc calibrate` measured on this machine. Nothing of it enters the plan: the same code comes out whatever the
 * hardware is; only predictions differ.
 *
 * read/hardware_file.c fills it from `target.hardware`; predict/cost.c turns work into seconds with it. Units: FLOP/s,
 * bytes/s, seconds. */
#pragma once

#include "ops.h"
#include "packed.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    MAX_LINK_LEVELS = 4,
    HARDWARE_DTYPES = 2, /* by enum dtype */
    MAX_FOOTPRINTS = 8,
    MAX_ROW_POINTS = 24,
    OP_FEATURES = 5 /* predict/work.h says what they count for each op */
};

/* What a data sheet says, and what is reached in practice. */
struct rate {
    double peak, sustained; /* a second; 0: not stated. Where there is a peak, there is a sustained rate */
};

/* One level of the network, innermost first. Ranks r and s meet at the first level where r / ranks == s / ranks. */
struct link_level {
    const char *name; /* "node", "cluster" */
    int ranks;        /* consecutive ranks that a link of this level joins; the last level joins all: INT_MAX */
    double bandwidth; /* of one rank, one way, as reached */
    double latency_s; /* of one message */
    int line;         /* where it is described */
};

/* What `rankc calibrate` measured with the ranks' own kernels and ops, and what predict/work.h multiplies it with.
 *
 * A matrix product passes `lines` of 16 outputs by 1 input through the rows. What a line takes depends on the rows and
 * on where the weights come from: the bytes that a processor passes over again and again, its footprint, and whether
 * the other processors read at the same time. */
#define CALIBRATION_TIMES(X)                                                                                           \
    X(tile_s, "a row of a tile of a product, on top of its lines")                                                     \
    X(signal_s, "a flag raised, until a peer that polls it has seen it")                                               \
    X(wake_s, "the same for a peer that sleeps on a processor of its own")                                             \
    X(wake_call_s, "waking a peer, for the rank that does")                                                            \
    X(switch_s, "from one rank to the next on the same processor")                                                     \
    X(spin_s, "how long a rank with a processor of its own polls before it sleeps")                                    \
    X(step_s, "the head's work between two steps")

enum { ALONE, TOGETHER, COMPANIES };

struct calibration {
    int footprints, row_points;
    double footprint_bytes[MAX_FOOTPRINTS]; /* ascending */
    int rows[MAX_ROW_POINTS];               /* ascending */
    double line_s[HARDWARE_DTYPES][COMPANIES][MAX_FOOTPRINTS][MAX_ROW_POINTS];
    double start_s[HARDWARE_DTYPES][COMPANIES][MAX_FOOTPRINTS]; /* a product whose weights nobody fetched ahead, for
                                                                   each input: few rows wait for the first panels */
    double byte_s[MAX_FOOTPRINTS]; /* a byte that few rows wait for takes so much longer in a rank, which does other
                                      things in between, than in products by themselves; below zero: shorter */
    double op_s[OP_KINDS][OP_FEATURES]; /* an op beside its products: seconds for one of each feature */
#define X(field, text) double field;
    CALIBRATION_TIMES(X)
#undef X
};

struct hardware {
    const char *name;   /* "h100-sxm", "this-machine" */
    const char *path;   /* of the file that describes it */
    int line;           /* where, in `path` */
    const char *source; /* who published the figures, or the processor that was measured */
    bool inline_table;  /* written in the strategy itself: what it describes must be used */
    int processors;     /* that the ranks of a node share; 0: each rank has a device to itself */
    struct rate flops[HARDWARE_DTYPES], memory; /* of one rank's device, or of one processor */
    uint64_t memory_bytes;                      /* 0: not stated */
    struct link_level links[MAX_LINK_LEVELS];
    int link_count;
    double op_overhead_s;                 /* a kernel launch */
    const struct calibration *calibrated; /* NULL: published figures only */
};
