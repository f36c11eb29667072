/* Processes of tests of NCCL: see ranks.h. */
#include "ranks.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST = 30 }; /* seconds that a rank may take: far beyond what any takes */

void end_rank(const char *file, int line, const char *text)
{
    fprintf(stderr, "%s:%d: not so: %s (NCCL: %s)\n", file, line, text, ncclGetLastError(NULL));
    _exit(1);
}

static void set_number(const char *variable, unsigned number)
{
    char text[16];
    snprintf(text, sizeof text, "%u", number);
    setenv(variable, text, 1);
}

static void run_rank(struct side side, int output, void (*body)(struct side *))
{
    dup2(output, STDERR_FILENO);
    alarm(LONGEST);
    set_number("CUDA_ON_CPU_SEED", side.seed);
    MUST(cudaStreamCreateWithFlags(&side.stream, cudaStreamNonBlocking) == cudaSuccess);
    body(&side);
    _exit(0);
}

struct outcome run_ranks(int ranks, unsigned seed, void (*body)(struct side *), void *context)
{
    struct outcome outcome = {0};
    pid_t ids[RANKS];
    FILE *output = tmpfile();
    ck_assert_ptr_nonnull(output);
    fflush(NULL);
    for (int i = 0; i < ranks; i++) {
        ids[i] = fork();
        ck_assert_int_ge(ids[i], 0);
        if (ids[i] == 0)
            run_rank((struct side){i, ranks, seed * RANKS + (unsigned)i, NULL, context}, fileno(output), body);
    }
    for (int i = 0; i < ranks; i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(ids[i], &status, 0), ids[i]);
        outcome.status[i] = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    rewind(output);
    outcome.output[fread(outcome.output, 1, sizeof outcome.output - 1, output)] = '\0';
    fclose(output);
    return outcome;
}

void must_succeed(const struct outcome *outcome)
{
    for (int i = 0; i < RANKS; i++)
        ck_assert_msg(outcome->status[i] == 0, "rank %d: status %d\n%s", i, outcome->status[i], outcome->output);
}

void must_report(const struct outcome *outcome, int rank, int status, const char *text)
{
    ck_assert_msg(outcome->status[rank] == status, "rank %d: status %d, not %d\n%s", rank, outcome->status[rank],
                  status, outcome->output);
    ck_assert_msg(strstr(outcome->output, text) != NULL, "no '%s' in\n%s", text, outcome->output);
}

void await_state(ncclComm_t comm, ncclResult_t state)
{
    const struct timespec pause = {0, 200000};
    for (;;) {
        ncclResult_t now = ncclSuccess;
        MUST(ncclCommGetAsyncError(comm, &now) == ncclSuccess);
        if (now == state)
            return;
        MUST(now == ncclSuccess || now == ncclInProgress);
        nanosleep(&pause, NULL);
    }
}

void settle(ncclComm_t comm, ncclResult_t answer)
{
    MUST(answer == ncclSuccess || answer == ncclInProgress);
    if (answer == ncclInProgress)
        await_state(comm, ncclSuccess);
}

ncclComm_t join(const struct side *side, ncclUniqueId id, int rank, int members)
{
    ncclComm_t comm = NULL;
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = side->seed / RANKS % 2;
    ncclResult_t answer = ncclCommInitRankConfig(&comm, members, id, rank, &config);
    MUST(answer == (config.blocking ? ncclSuccess : ncclInProgress));
    settle(comm, answer);
    return comm;
}

static size_t bytes_of(ncclDataType_t type, size_t count)
{
    return count * (type == ncclBfloat16 ? 2 : 4);
}

void *device_values(const struct side *side, ncclDataType_t type, size_t count)
{
    void *device = NULL;
    MUST(cudaMalloc(&device, bytes_of(type, count ? count : 1)) == cudaSuccess);
    MUST(cudaMemsetAsync(device, 0xff, bytes_of(type, count), side->stream) == cudaSuccess);
    return device;
}

void put_values(const struct side *side, void *device, ncclDataType_t type, const float *values, size_t count)
{
    void *pinned = NULL;
    size_t bytes = bytes_of(type, count);
    MUST(cudaMallocHost(&pinned, bytes) == cudaSuccess);
    if (type == ncclFloat32)
        memcpy(pinned, values, bytes);
    else
        for (size_t i = 0; i < count; i++) /* the upper half: tests put values that bf16 holds */
            memcpy((unsigned char *)pinned + 2 * i, (const unsigned char *)&values[i] + 2, 2);
    MUST(cudaMemcpyAsync(device, pinned, bytes, cudaMemcpyHostToDevice, side->stream) == cudaSuccess);
    MUST(cudaStreamSynchronize(side->stream) == cudaSuccess);
    MUST(cudaFreeHost(pinned) == cudaSuccess);
}

void get_values(const struct side *side, float *values, const void *device, ncclDataType_t type, size_t count)
{
    void *pinned = NULL;
    size_t bytes = bytes_of(type, count);
    MUST(cudaMallocHost(&pinned, bytes) == cudaSuccess);
    MUST(cudaMemcpyAsync(pinned, device, bytes, cudaMemcpyDeviceToHost, side->stream) == cudaSuccess);
    MUST(cudaStreamSynchronize(side->stream) == cudaSuccess);
    memset(values, 0, count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        if (type == ncclFloat32)
            memcpy(&values[i], (const unsigned char *)pinned + 4 * i, 4);
        else
            memcpy((unsigned char *)&values[i] + 2, (const unsigned char *)pinned + 2 * i, 2);
    MUST(cudaFreeHost(pinned) == cudaSuccess);
}
