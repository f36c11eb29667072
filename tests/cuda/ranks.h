/* What tests of NCCL share: a body that runs in several processes at once, each with a stream of the CUDA runtime at
 * hand, and communicators and values on the device. Everything that fails ends the rank's process with status 1 and a
 * line. */
#pragma once

#include <cuda_runtime_api.h>
#include <nccl.h>
#include <stdbool.h>
#include <stddef.h>

enum { RANKS = 8 }; /* at most */

struct side {
    int rank, ranks;
    unsigned seed;
    cudaStream_t stream;
    void *context;
};

struct outcome {
    int status[RANKS]; /* as the processes exited; -signal */
    char output[4096]; /* what they all wrote on stderr */
};

/* Runs body in `ranks` processes and waits for all. The seed is that of the schedules of the emulated runtime. */
struct outcome run_ranks(int ranks, unsigned seed, void (*body)(struct side *), void *context);

/* Fails the test with the ranks' output unless all ended well. */
void must_succeed(const struct outcome *outcome);
/* Fails the test unless rank `rank` ended with `status` and some rank wrote `text`. */
void must_report(const struct outcome *outcome, int rank, int status, const char *text);

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            end_rank(__FILE__, __LINE__, #condition);                                                                  \
    } while (0)
_Noreturn void end_rank(const char *file, int line, const char *text);

/* Joins; blocks or polls, as the seed says. */
ncclComm_t join(const struct side *side, ncclUniqueId id, int rank, int members);
/* The answer of a call on the communicator, where it does not come at once after polling. */
void settle(ncclComm_t comm, ncclResult_t answer);
/* Polls until the communicator is in that state. */
void await_state(ncclComm_t comm, ncclResult_t state);

/* `count` elements of f32 or bf16 on the device, all of them 0xff bytes. */
void *device_values(const struct side *side, ncclDataType_t type, size_t count);
void put_values(const struct side *side, void *device, ncclDataType_t type, const float *values, size_t count);
/* Waits for the stream. */
void get_values(const struct side *side, float *values, const void *device, ncclDataType_t type, size_t count);
