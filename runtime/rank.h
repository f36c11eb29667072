/* A running rank: what every op gets. Filled once at start; ops change only `op`, the text of the op and the counts of
 * the channels. */
#pragma once

#include "job.h"
#include "kernels/kernels.h"
#include "recorder.h"
#include "transport/channel.h"

#include <stdbool.h>
#include <stddef.h>

enum rank_exit { EXIT_DONE = 0, EXIT_USAGE = 2, EXIT_RANK_FAILED = 3 };

/* The rank's channels and the memory it shares, set by the generated connect(). Arrays go by micro-batch first; those
 * along tp and ep go by coordinate and have an own entry that no op uses. NULL where the class has no such peers. */
struct links {
    struct channel *stage_in, *stage_out;       /* [MICRO_BATCHES] */
    struct channel *partial_in, *partial_out;   /* [MICRO_BATCHES][TP] */
    struct channel *dispatch_in, *dispatch_out; /* [MICRO_BATCHES][EP] */
    struct channel *combine_in, *combine_out;   /* [MICRO_BATCHES][EP] */
    struct channel *logits_in, *logits_out;     /* [MICRO_BATCHES][TP] */
    float **partial;                            /* [MICRO_BATCHES][TP] every member's share, (rows, hidden) */
    float **logits;                             /* [MICRO_BATCHES][TP] every member's slice, (logit rows, slice) */
    int32_t *tokens;                            /* [MICRO_BATCHES][LOGIT_ROWS] */
    uint64_t *load;                             /* [LAYERS][EXPERT_SLOTS + 1] rows by expert; last: rows dropped */
};

struct rank {
    int32_t number, dp, pp, ep, tp, layer_base;
    struct job *job; /* the shared segment */
    struct rank_control *control;
    unsigned char *arena;
    const unsigned char *dense, *experts; /* payloads of the shards */
    const struct kernels *kernels;
    struct links links;

    /* The step that runs, as the head wrote it for this lane. */
    const struct step_header *step;
    const struct step_row *rows;
    const struct sampling *sampling;
    const uint32_t *block_tables; /* [SEQUENCES][SEQUENCE_BLOCKS] */

    /* The op that runs: its id, and its name for messages. */
    uint32_t op;
    const char *op_text;
    int op_layer; /* of the model, -1: none */

    struct recorder *recorder; /* NULL: nobody asked for a timeline */

    struct gpu *gpu; /* cuda/gpu.h; NULL: a rank on a processor */
    /* Lets go of what peers on other machines wait for, before a failed rank leaves; NULL: there is nothing. */
    void (*abandon)(struct rank *r);
};

/* What the command line says. Texts are NULL, numbers -1 where it says nothing. */
struct rank_options {
    int rank, segment_file;
    int trace_file; /* a timeline is asked for */
    int gpu;        /* of those that CUDA shows */
    const char *shards, *kernels;
    const char *rendezvous; /* HOST:PORT where rank 0 listens for the others */
};

/* The generated constants of a class, for the code that is the same in all classes. */
struct class_info {
    const char *strategy, *name, *plan_hash;
    int world;
    uint64_t arena_bytes, shard_bytes[2];
    uint64_t segment_bytes, step_offset, step_bytes; /* step_bytes: of one header; a lane has two */
    uint64_t row_capacity;                           /* of a step header */
    int sequences, sequence_blocks, ep;
    const char *shard_names[2];

    /* What differs between devices: cpu_* below, gpu_* of cuda/life.h. `start` leaves the rank ready for steps; the
     * segment is mapped and the rank has introduced itself. `step` runs the step that r->step describes. `end` lets go
     * of what others can see and notes the rank's memory in its control. */
    void (*start)(struct rank *r, const struct class_info *class, const struct rank_options *options);
    void (*step)(struct rank *r, const struct class_info *class);
    void (*end)(struct rank *r, const struct class_info *class);

    /* A processor's; NULL on a GPU. */
    void (*connect)(struct rank *r);
    void (*prefill)(struct rank *r);
    void (*decode)(struct rank *r);
    const struct gpu_class *gpu; /* cuda/gpu.h; NULL on a processor */
};

void cpu_start(struct rank *r, const struct class_info *class, const struct rank_options *options);
void cpu_step(struct rank *r, const struct class_info *class);
void cpu_end(struct rank *r, const struct class_info *class);

/* What a generated main() calls: starts the rank, runs steps until the head ends the job. Returns the exit status. */
int rank_main(int argc, char **argv, const struct class_info *class, struct rank *r);

/* Ends the process with status 3. The message goes to the head (which prints it with the rank's name). */
_Noreturn void rank_fail(struct rank *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the process because another rank ended the job: says in which op this one was, and for whom it waited where its
 * control tells. */
_Noreturn void rank_leave(struct rank *r);

/* From here on the rank shows a heartbeat, and a mapped file that goes bad is a message. The rank is in the segment. */
void catch_signals(struct rank *r);
