/* A running CUDA rank: what every op of a schedule gets. Filled once at start (runtime/cuda/start/); ops change only
 * what they note of themselves. C and C++ alike: the life of the rank is C, the ops are CUDA C++.
 *
 * A rank has two streams. `compute` runs kernels, `comm` every NCCL call, in the order of the schedule: one NCCL
 * operation at a time and the same order on all ranks of a group, which is what the plan's proof is about. An event
 * for each op that the other stream waits for; the schedule says which (record_, _awaits). */
#pragma once

#include "cuda/libraries.h"
#include "step.h"

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rank; /* runtime/rank.h: the C side */

enum { GPU_MICRO_BATCHES = 8 };

/* Rows of one micro-batch of the step that runs, as the host knows them. Decode graphs know capacities only. */
struct gpu_slice {
    int begin, rows; /* of the lane's rows */
    int wanted;      /* rows whose logits are asked for */
};

/* A buffer of the last stage that the head reads in this rank's part of the segment: of each micro-batch the rows whose
 * logits are wanted. */
struct gpu_result {
    uint64_t arena, arena_stride; /* where it is in the arena; from micro-batch to micro-batch */
    uint64_t tp_stride;           /* from the slice of one tp coordinate to the next; this rank's own is read */
    uint64_t row_bytes;
    uint64_t mailbox[GPU_MICRO_BATCHES]; /* where it goes, in the rank's part */
};

enum gpu_result_kind { GPU_LOGITS, GPU_TOKENS, GPU_RESULTS };

struct gpu;

/* What start and steps need of a class, beside its struct class_info (runtime/rank.h); from the generated class.h and
 * memory.h. */
struct gpu_class {
    int dp, pp, ep, tp;     /* sizes of the axes */
    int ranks_per_node;     /* of one machine: rank modulo this is the GPU that a rank takes */
    int micro_batches, ops; /* ops: the larger count of both schedules */
    uint64_t ledger_bytes;  /* of device memory, all that the plan counts */
    uint64_t step_offset;   /* of the device's copy of the step header, in the arena */
    uint64_t counts_bytes;  /* pinned host memory that ops share with the device, see ops/op.h */
    uint64_t load_offset, load_bytes, load_mailbox; /* LOAD in the arena and in the rank's part; no bytes: none */
    struct gpu_result results[GPU_RESULTS];         /* row_bytes 0: the class is not of the last stage */
    uint64_t part_offset, part_bytes;               /* of the segment: rank 0's part, and of each */
    void (*prefill)(struct gpu *r);
    void (*decode)(struct gpu *r);
};

/* What is known of an op of the newest schedule, by op id: for messages. */
struct gpu_op {
    const char *text;
    int layer;     /* of the model, -1: none */
    bool recorded; /* since the step began: its event tells whether it has ended */
};

struct gpu {
    int32_t number, dp, pp, ep, tp, layer_base;
    unsigned char *arena;                 /* device memory; memory.h says what is where */
    const unsigned char *dense, *experts; /* device copies of the shards' payloads, matrices row by row */
    cudaStream_t compute, comm;
    cudaEvent_t *events;   /* by op id, from 1; events[0] is the host's own */
    unsigned char *pinned; /* counts_bytes of host memory that kernels and copies reach */

    const struct nccl_library *nccl;
    ncclComm_t tp_comm, ep_comm, pp_comm; /* a rank's number in each is its coordinate; NULL: alone along that axis */
    const struct cublaslt_library *cublaslt;
    cublasLtHandle_t matmuls;

    /* The step that runs. */
    bool captured; /* the schedule is being recorded as a graph: sizes are capacities, nothing may wait */
    bool decode;   /* of the step: each row is its sequence's only one */
    int active;    /* micro-batches in use */
    struct gpu_slice slices[GPU_MICRO_BATCHES];

    /* The op that is being enqueued: its id, and its name for messages. */
    uint32_t op;
    const char *op_text;
    int op_layer; /* of the model, -1: none */

    struct rank *rank;

    /* Start's and step's own. */
    const struct gpu_class *gpu_class;
    struct rendezvous *rendezvous;                 /* cuda/start/rendezvous.h; NULL: a rank without peers */
    struct gpu_op *ops;                            /* by op id, as `events` */
    unsigned char *pinned_step;                    /* the step header on its way to the device */
    unsigned char *part;                           /* this rank's part of the segment, registered with CUDA */
    cudaGraphExec_t graphs[GPU_MICRO_BATCHES + 1]; /* of decode, by micro-batches in use; NULL: not captured yet */
    uint64_t free_at_start;                        /* bytes of device memory that were free before any was taken */
};

/* Notes which op is enqueued. False: the step does not use this micro-batch. */
bool gpu_op_begins(struct gpu *r, int micro, int layer, const char *text);

/* Ends the process with a message: a call of CUDA, NCCL or cuBLASLt failed. `call` is its text. */
void gpu_check(struct gpu *r, cudaError_t status, const char *call);
void gpu_check_nccl(struct gpu *r, ncclResult_t status, const char *call);
void gpu_check_cublaslt(struct gpu *r, cublasStatus_t status, const char *call);
#define GPU_CHECK(r, call)      gpu_check(r, call, #call)
#define NCCL_CHECK(r, call)     gpu_check_nccl(r, call, #call)
#define CUBLASLT_CHECK(r, call) gpu_check_cublaslt(r, call, #call)

/* ---- handing over between the streams, as the schedule says: by op id */

/* The stream that op `op` was enqueued on has its event here. */
void record_compute(struct gpu *r, int op);
void record_comm(struct gpu *r, int op);
/* What is enqueued on the stream from here on begins after op `op`, which the other stream runs. */
void compute_awaits(struct gpu *r, int op);
void comm_awaits(struct gpu *r, int op);

/* The host goes on when op `op`, recorded before, has ended (0: what the host itself recorded in events[0]): until then
 * it watches the job and the communicators, and leaves when a peer is gone. Not in a captured schedule. */
void host_awaits(struct gpu *r, int op);

#ifdef __cplusplus
}
#endif
