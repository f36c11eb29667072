#include "small_job.h"
#include "checksum.h"
#include "cuda/life.h"
#include "shard_format.h"
#include "transport/futex.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

enum { NAP_MILLISECONDS = 20, STEP_PAGES = 8192 };

/* Of the arena; LOGITS as (micro-batches, tp, logit rows, slice). */
enum {
    PARTIAL_OFFSET = 0,
    RESIDUAL_OFFSET = 4096,
    LOGITS_OFFSET = 8192,
    TOKENS_OFFSET = 12288,
    LOAD_OFFSET = 16384,
    STEP_OFFSET = 20480,
    ARENA_BYTES = STEP_OFFSET + STEP_PAGES,
    VALUES_BYTES = SMALL_COUNT * 4,
    DENSE_BYTES = (40 << 20) + 12, /* more than what is copied at once, and no whole number of chunks */
    EXPERTS_BYTES = 4096,
    LOGITS_MAILBOX = 0,
    TOKENS_MAILBOX = 2048,
    LOAD_MAILBOX = 3072
};

/* ---- the schedule */

static struct mishap mishap;
static uint32_t steps_begun;

static void suffer(const struct gpu *r)
{
    if (mishap.kind == MISHAP_NONE || mishap.rank != r->number || (int)steps_begun != mishap.step)
        return;
    if (mishap.kind == MISHAP_DIES)
        raise(SIGKILL);
    for (;;)
        pause();
}

static void copy(struct gpu *r, uint64_t to, const unsigned char *from, uint64_t bytes)
{
    GPU_CHECK(r, cudaMemcpyAsync(r->arena + to, from, bytes, cudaMemcpyDeviceToDevice, r->compute));
}

/* The first half of the values is at the beginning of the weights, the other at their end: all chunks of the shard must
 * have arrived, none on top of another. */
static void begin(struct gpu *r, int m)
{
    uint64_t to = PARTIAL_OFFSET + (uint64_t)m * VALUES_BYTES, half = VALUES_BYTES / 2;
    if (!gpu_op_begins(r, m, -1, "beginning") || r->pp == 1)
        return;
    copy(r, to, r->dense, half);
    copy(r, to + half, r->dense + DENSE_BYTES - half, half);
}

static void sum(struct gpu *r, int m)
{
    float *values = (float *)(void *)(r->arena + PARTIAL_OFFSET + (uint64_t)m * VALUES_BYTES);
    if (gpu_op_begins(r, m, 0, "sum"))
        NCCL_CHECK(r, r->nccl->ncclAllReduce(values, values, SMALL_COUNT, ncclFloat32, ncclSum, r->tp_comm, r->comm));
}

static void pass(struct gpu *r, int m)
{
    unsigned char *partial = r->arena + PARTIAL_OFFSET + (uint64_t)m * VALUES_BYTES;
    unsigned char *residual = r->arena + RESIDUAL_OFFSET + (uint64_t)m * VALUES_BYTES;
    if (!gpu_op_begins(r, m, -1, "stage"))
        return;
    if (r->pp == 0)
        NCCL_CHECK(r, r->nccl->ncclSend(partial, SMALL_COUNT, ncclFloat32, 1, r->pp_comm, r->comm));
    else
        NCCL_CHECK(r, r->nccl->ncclRecv(residual, SMALL_COUNT, ncclFloat32, 0, r->pp_comm, r->comm));
}

static void end(struct gpu *r, int m)
{
    uint64_t values = (uint64_t)m * VALUES_BYTES, header = sizeof(struct step_header);
    if (!gpu_op_begins(r, m, -1, "end"))
        return;
    copy(r, LOGITS_OFFSET + (uint64_t)SMALL_TP * values + (uint64_t)r->tp * VALUES_BYTES,
         r->arena + RESIDUAL_OFFSET + values, VALUES_BYTES);
    copy(r, TOKENS_OFFSET + (uint64_t)m * SMALL_LOGIT_ROWS * 4,
         r->arena + STEP_OFFSET + header + (uint64_t)m * sizeof(struct step_row), 4);
    copy(r, LOAD_OFFSET, r->arena + STEP_OFFSET, header);
    copy(r, LOAD_OFFSET + offsetof(struct small_load, table),
         r->arena + STEP_OFFSET + step_tables_offset(SMALL_ROWS, SMALL_SEQUENCES), 4);
}

static void schedule(struct gpu *r)
{
    steps_begun++;
    ck_assert(r->tp_comm && r->pp_comm && !r->ep_comm);
    for (int m = 0; m < SMALL_MICRO_BATCHES; m++) {
        begin(r, m);
        record_compute(r, 4 * m + 1);
        suffer(r);
        comm_awaits(r, 4 * m + 1);
        sum(r, m);
        record_comm(r, 4 * m + 2);
        pass(r, m);
        record_comm(r, 4 * m + 3);
        if (!r->captured && m < r->active)
            host_awaits(r, 4 * m + 3);
        compute_awaits(r, 4 * m + 3);
        end(r, m);
    }
}

/* ---- the rank */

static _Noreturn void run_rank(const struct small_job *job, int rank, const char *const *more)
{
    const struct gpu_class gpu = {
        .dp = 1,
        .pp = SMALL_PP,
        .ep = 1,
        .tp = SMALL_TP,
        .ranks_per_node = SMALL_WORLD,
        .micro_batches = SMALL_MICRO_BATCHES,
        .ops = SMALL_OPS,
        .ledger_bytes = job->ledger_bytes,
        .step_offset = STEP_OFFSET,
        .counts_bytes = 64,
        .load_offset = LOAD_OFFSET,
        .load_bytes = sizeof(struct small_load),
        .load_mailbox = LOAD_MAILBOX,
        .results = {{LOGITS_OFFSET, SMALL_TP * VALUES_BYTES, VALUES_BYTES, SMALL_SLICE * 4, {LOGITS_MAILBOX, 1024}},
                    {TOKENS_OFFSET, SMALL_LOGIT_ROWS * 4, 0, 4, {TOKENS_MAILBOX, TOKENS_MAILBOX + 256}}},
        .part_offset = job->part_offset,
        .part_bytes = SMALL_PART_BYTES,
        .prefill = schedule,
        .decode = schedule};
    struct gpu_class first = gpu;
    memset(first.results, 0, sizeof first.results);
    char dense[16];
    snprintf(dense, sizeof dense, "dense-%d", rank % SMALL_TP);
    const struct class_info class = {.strategy = "small",
                                     .name = "test",
                                     .plan_hash = HASH,
                                     .world = SMALL_WORLD,
                                     .arena_bytes = ARENA_BYTES,
                                     .shard_bytes = {DENSE_BYTES, EXPERTS_BYTES},
                                     .segment_bytes = job->segment_bytes,
                                     .step_offset = job->step_offset,
                                     .step_bytes = job->step_bytes,
                                     .row_capacity = SMALL_ROWS,
                                     .sequences = SMALL_SEQUENCES,
                                     .sequence_blocks = 1,
                                     .ep = 1,
                                     .shard_names = {dense, "experts"},
                                     .start = gpu_start,
                                     .step = gpu_step,
                                     .end = gpu_end,
                                     .gpu = rank / SMALL_TP == 0 ? &first : &gpu};
    struct rank r = {.number = rank, .pp = rank / SMALL_TP, .tp = rank % SMALL_TP};
    char number[16], segment[16];
    snprintf(number, sizeof number, "%d", rank);
    snprintf(segment, sizeof segment, "%d", job->segment_file);
    char *arguments[16] = {"rank", "--rank", number, "--segment", segment, "--shards", (char *)job->folder};
    int count = 7;
    for (; more && *more; more++)
        arguments[count++] = (char *)*more;
    mishap = job->mishap;
    _exit(rank_main(count, arguments, &class, &r));
}

/* ---- the job */

static void write_shard(const struct small_job *job, const char *name, uint64_t bytes, float first)
{
    unsigned char *payload = calloc(1, bytes);
    float values[SMALL_COUNT];
    for (int i = 0; i < SMALL_COUNT; i++)
        values[i] = first + (float)i;
    memcpy(payload, values, sizeof values / 2);
    memcpy(payload + bytes - sizeof values / 2, values + SMALL_COUNT / 2, sizeof values / 2);
    union {
        struct shard_header header;
        unsigned char bytes[SHARD_HEADER_BYTES];
    } page = {.header = {.magic = SHARD_MAGIC, .payload_bytes = bytes, .checksum = checksum64(0, payload, bytes)}};
    memcpy(page.header.plan_hash, job->job->plan_hash, PLAN_HASH_BYTES);
    snprintf(page.header.name, sizeof page.header.name, "%s", name);
    char path[128];
    snprintf(path, sizeof path, "%s/%s", job->folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(&page, sizeof page, 1, file), 1);
    ck_assert_uint_eq(fwrite(payload, bytes, 1, file), 1);
    ck_assert_int_eq(fclose(file), 0);
    free(payload);
}

float small_job_value(int i)
{
    return 100 + 1000 + 2 * (float)i;
}

void small_job_open(struct small_job *job)
{
    *job =
        (struct small_job){.folder = "/tmp/rankc-small-job-XXXXXX", .step_bytes = STEP_PAGES, .ledger_bytes = 1 << 20};
    ck_assert_ptr_nonnull(mkdtemp(job->folder));
    job->step_offset = JOB_BYTES + 4096;
    ck_assert_uint_le(SMALL_WORLD * RANK_CONTROL_BYTES, 4096);
    job->part_offset = job->step_offset + 2 * job->step_bytes;
    job->segment_bytes = job->part_offset + (uint64_t)SMALL_WORLD * SMALL_PART_BYTES;
    job->segment_file = memfd_create("small job", 0);
    ck_assert_int_eq(ftruncate(job->segment_file, (off_t)job->segment_bytes), 0);
    job->job = mmap(NULL, job->segment_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, job->segment_file, 0);
    ck_assert_ptr_ne(job->job, MAP_FAILED);
    memset((unsigned char *)job->job + job->part_offset, 0x7f, (uint64_t)SMALL_WORLD * SMALL_PART_BYTES);
    for (int i = 0; i < PLAN_HASH_BYTES; i++)
        job->job->plan_hash[i] = (unsigned char)(i % 16 * 0x11);
    write_shard(job, "dense-0", DENSE_BYTES, 100);
    write_shard(job, "dense-1", DENSE_BYTES, 1000);
    write_shard(job, "experts", EXPERTS_BYTES, 0);
}

void small_job_close(struct small_job *job)
{
    static const char *const names[] = {"dense-0", "dense-1", "experts"};
    for (int rank = 0; rank < SMALL_WORLD; rank++)
        if (job->ranks[rank] > 0) {
            kill(job->ranks[rank], SIGKILL);
            small_job_wait(job, rank);
        }
    for (int i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", job->folder, names[i]);
        unlink(path);
    }
    rmdir(job->folder);
    munmap(job->job, job->segment_bytes);
    close(job->segment_file);
}

void small_job_start(struct small_job *job, int rank, const char *const *more)
{
    job->ranks[rank] = fork();
    ck_assert_int_ge(job->ranks[rank], 0);
    if (job->ranks[rank] == 0)
        run_rank(job, rank, more);
    job->statuses[rank] = -1;
}

void small_job_start_all(struct small_job *job)
{
    for (int rank = 0; rank < SMALL_WORLD; rank++)
        small_job_start(job, rank, NULL);
}

int small_job_wait(struct small_job *job, int rank)
{
    int status;
    if (job->ranks[rank] == 0)
        return job->statuses[rank];
    ck_assert_int_eq(waitpid(job->ranks[rank], &status, 0), job->ranks[rank]);
    job->ranks[rank] = 0;
    return job->statuses[rank] = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static bool one_has_ended(struct small_job *job)
{
    siginfo_t ended = {0};
    for (int rank = 0; rank < SMALL_WORLD; rank++)
        if (job->ranks[rank] > 0 && waitid(P_PID, (id_t)job->ranks[rank], &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            ended.si_pid != 0)
            return true;
    return false;
}

const struct rank_control *small_job_control(const struct small_job *job, int rank)
{
    return control_of(job->job, rank);
}

/* Sleeps until something arrives. False: a rank has ended. */
static bool watch(struct small_job *job, uint32_t seen)
{
    futex_sleep(&job->job->arrivals, seen, NAP_MILLISECONDS);
    return !one_has_ended(job);
}

bool small_job_ready(struct small_job *job)
{
    for (;;) {
        uint32_t seen = atomic_load(&job->job->arrivals);
        int ready = 0;
        for (int rank = 0; rank < SMALL_WORLD; rank++)
            ready += atomic_load(&small_job_control(job, rank)->state) == RANK_READY;
        if (ready == SMALL_WORLD)
            return true;
        if (!watch(job, seen))
            return false;
    }
}

void small_job_begin_step(struct small_job *job, bool decode, int active, int rows, int first_token, unsigned wants)
{
    uint32_t number = atomic_load(&job->job->step) + 1;
    unsigned char *at = (unsigned char *)job->job + job->step_offset + number % 2 * job->step_bytes;
    *(struct step_header *)(void *)at =
        (struct step_header){.decode = decode, .active = (uint32_t)active, .rows = (uint32_t)rows};
    struct step_row *all = (struct step_row *)(void *)(at + sizeof(struct step_header));
    for (int i = 0; i < rows; i++)
        all[i] = (struct step_row){.token = first_token + i, .wants = wants >> i & 1};
    *(uint32_t *)(void *)(at + step_tables_offset(SMALL_ROWS, SMALL_SEQUENCES)) = (uint32_t)first_token + 5;
    atomic_store(&job->job->step, number);
    futex_wake_all(&job->job->step);
}

bool small_job_step(struct small_job *job, bool decode, int active, int rows, int first_token, unsigned wants)
{
    small_job_begin_step(job, decode, active, rows, first_token, wants);
    uint32_t number = atomic_load(&job->job->step);
    for (;;) {
        uint32_t seen = atomic_load(&job->job->arrivals);
        bool done = true;
        for (int rank = SMALL_WORLD - SMALL_TP; rank < SMALL_WORLD; rank++) /* the head waits for the last stage */
            done = done && atomic_load(&small_job_control(job, rank)->step_done) == number;
        if (done)
            return true;
        if (!watch(job, seen))
            return false;
    }
}

void small_job_end(struct small_job *job, enum job_end how)
{
    atomic_store(&job->job->end, (uint32_t)how);
    futex_wake_all(&job->job->step);
    for (int rank = 0; rank < SMALL_WORLD; rank++)
        small_job_wait(job, rank);
}

/* ---- what came back */

static const unsigned char *part_of(const struct small_job *job, int rank)
{
    return (const unsigned char *)job->job + job->part_offset + (uint64_t)rank * SMALL_PART_BYTES;
}

const float *small_job_logits(const struct small_job *job, int rank, int micro)
{
    return (const float *)(const void *)(part_of(job, rank) + LOGITS_MAILBOX + (uint64_t)micro * 1024);
}

const int32_t *small_job_tokens(const struct small_job *job, int rank, int micro)
{
    return (const int32_t *)(const void *)(part_of(job, rank) + TOKENS_MAILBOX + (uint64_t)micro * 256);
}

const struct small_load *small_job_load(const struct small_job *job, int rank)
{
    return (const struct small_load *)(const void *)(part_of(job, rank) + LOAD_MAILBOX);
}
