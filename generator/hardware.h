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

enum { MAX_LINK_LEVELS = 4, MAX_FOOTPRINTS = 12, HARDWARE_DTYPES = 2 /* by enum dtype */ };

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

/* rows x weight on the measured processor: the weight is `lines` of 16 outputs x 1 input, rows pass over it in tiles of
 * at most tile_rows. Seconds = max(lines * (tiles * load_s + rows * fma_s) + groups * tiles * tile_s,
 *                                  weight bytes / the rate at which a footprint like the rank's is read). */
struct matmul_cost {
    int tile_rows;
    double load_s, fma_s, tile_s, call_s;
};

/* Attention of one row and one key/value head: fixed_s + positions * (position_s + group * head_dim * fma_s). */
struct attend_cost {
    double fixed_s, position_s, fma_s;
};

/* What an op takes beside its matrix products and its attention: fixed + rows + elements (rows x width). */
struct op_cost {
    double fixed_s, row_s, element_s;
};

/* Only of measured hardware. */
struct calibration {
    struct matmul_cost matmul[HARDWARE_DTYPES]; /* by dtype of the weights */
    struct attend_cost attend;
    struct op_cost ops[OP_KINDS];
    /* Reading weights, by the bytes that are passed over again and again; one processor reads, or all do. */
    int footprints;
    double footprint_bytes[MAX_FOOTPRINTS], read_alone[MAX_FOOTPRINTS], read_together[MAX_FOOTPRINTS];
    double signal_s;            /* a flag raised, until a spinning peer has seen it */
    double wake_s;              /* until a sleeping peer runs */
    double switch_s;            /* from one rank to the next on one processor */
    double spin_s;              /* how long a rank with a processor of its own polls before it sleeps */
    double step_s, step_rank_s; /* between two steps: the head's work, and its part for each rank */
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
