#include "tool/job/process.h"
#include "base/heap.h"
#include "base/machine.h"
#include "base/stop.h"
#include "tool/job/failure.h"
#include "transport/futex.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    NAP_MILLISECONDS = 50,
    NAPS_UNTIL_STOPPED_IS_DEAD = 60, /* 3 s */
    NAPS_UNTIL_ABSENT_IS_DEAD = 600, /* 30 s: of hundreds of ranks on a busy machine the last one joins late */
    MILLISECONDS_TO_LEAVE = 700,     /* survivors look up from their waits every 100 ms */
    SPIN_POLLS = 2000,               /* about 20 us */
    SPIN_POLLS_CROWDED = 20
};

/* ---- the segment */

static bool make_segment(struct processes *processes, struct error *error)
{
    const struct plan *plan = processes->plan;
    processes->segment_file = memfd_create("rankc", MFD_CLOEXEC);
    if (processes->segment_file < 0 || ftruncate(processes->segment_file, (off_t)plan->segment_bytes) != 0)
        return fail_errno(error, NULL, "the shared segment of %llu bytes cannot be made",
                          (unsigned long long)plan->segment_bytes);
    void *segment = mmap(NULL, plan->segment_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, processes->segment_file, 0);
    if (segment == MAP_FAILED)
        return fail_errno(error, NULL, "the shared segment of %llu bytes cannot be mapped",
                          (unsigned long long)plan->segment_bytes);
    processes->job = segment;
    processes->job->magic = JOB_MAGIC;
    processes->job->world = (uint32_t)plan->world;
    processes->job->segment_bytes = plan->segment_bytes;
    processes->job->roomy = plan->world <= processors_allowed();
    processes->job->spin = processes->job->roomy ? SPIN_POLLS : SPIN_POLLS_CROWDED;
    size_t length;
    sodium_hex2bin(processes->job->plan_hash, PLAN_HASH_BYTES, plan->hash, 64, NULL, &length, NULL);
    return true;
}

/* ---- starting */

static bool start_rank(struct processes *processes, int rank, const struct launch_options *options,
                       posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes, struct error *error)
{
    char path[4096], number[16], segment[16], timeline[16];
    snprintf(path, sizeof path, "%s/rank-%04d", options->binaries, rank);
    snprintf(number, sizeof number, "%d", rank);
    snprintf(segment, sizeof segment, "%d", processes->segment_file);
    snprintf(timeline, sizeof timeline, "%d", options->timeline_file);
    char *arguments[16] = {path, "--rank", number, "--segment", segment, "--shards", (char *)options->shards};
    size_t count = 7;
    if (options->kernels) {
        arguments[count++] = "--kernels";
        arguments[count++] = (char *)options->kernels;
    }
    if (options->timeline_file >= 0) {
        arguments[count++] = "--trace";
        arguments[count++] = timeline;
    }
    int reason = posix_spawn(&processes->ranks[rank].id, path, files, attributes, arguments, environ);
    if (reason == 0)
        return true;
    processes->ranks[rank].id = 0;
    errno = reason;
    return fail_errno(error, path, "cannot be started");
}

static bool start_all(struct processes *processes, const struct launch_options *options, struct error *error)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    /* To itself: ranks inherit it under the number that it has here. */
    posix_spawn_file_actions_adddup2(&files, processes->segment_file, processes->segment_file);
    if (options->timeline_file >= 0)
        posix_spawn_file_actions_adddup2(&files, options->timeline_file, options->timeline_file);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none);
    bool done = true;
    for (int rank = 0; rank < processes->plan->world && done; rank++)
        done = start_rank(processes, rank, options, &files, &attributes, error);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return done;
}

/* ---- watching */

static int rank_of_process(const struct processes *processes, pid_t id)
{
    for (int rank = 0; rank < processes->plan->world; rank++)
        if (processes->ranks[rank].id == id)
            return rank;
    return -1;
}

/* Takes in what the kernel says of the children. Returns a rank that ended, with how in `ended`, or -1. */
static int look_at_children(struct processes *processes, int *ended)
{
    int status;
    pid_t id;
    while ((id = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
        int rank = rank_of_process(processes, id);
        if (rank < 0)
            continue;
        struct process *process = &processes->ranks[rank];
        if (WIFSTOPPED(status)) {
            process->stopped_naps = 1;
        } else if (WIFCONTINUED(status)) {
            process->stopped_naps = 0;
        } else {
            process->id = 0;
            *ended = status;
            return rank;
        }
    }
    return -1;
}

static int long_stopped(struct processes *processes)
{
    for (int rank = 0; rank < processes->plan->world; rank++) {
        struct process *process = &processes->ranks[rank];
        if (process->stopped_naps > 0 && ++process->stopped_naps > NAPS_UNTIL_STOPPED_IS_DEAD)
            return rank;
    }
    return -1;
}

static void sleep_milliseconds(long milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static int count_left(const struct processes *processes)
{
    int left = 0;
    for (int rank = 0; rank < processes->plan->world; rank++)
        left += processes->ranks[rank].id != 0;
    return left;
}

/* Lets the ranks leave by themselves for a while: they say what they waited for. */
static void let_leave(struct processes *processes, int milliseconds)
{
    int status;
    for (int waited = 0; waited < milliseconds && count_left(processes) > 0; waited += 10) {
        while (look_at_children(processes, &status) >= 0)
            ;
        if (count_left(processes) > 0)
            sleep_milliseconds(10);
    }
}

static void kill_left(struct processes *processes)
{
    for (int rank = 0; rank < processes->plan->world; rank++)
        if (processes->ranks[rank].id != 0)
            kill(processes->ranks[rank].id, SIGKILL);
    for (int rank = 0; rank < processes->plan->world; rank++)
        while (processes->ranks[rank].id != 0) {
            int status;
            if (waitpid(processes->ranks[rank].id, &status, 0) >= 0 || errno != EINTR)
                processes->ranks[rank].id = 0;
        }
}

static void abort_job(struct processes *processes)
{
    atomic_store(&processes->job->end, JOB_ABORTED);
    futex_wake_all(&processes->job->step);
    let_leave(processes, MILLISECONDS_TO_LEAVE);
    kill_left(processes);
}

static bool end_for(struct failure *failure, struct processes *processes, struct error *error)
{
    failure_note(failure, processes);
    abort_job(processes);
    return failure_tell(failure, processes, error);
}

bool processes_watch(struct processes *processes, uint32_t arrivals_seen, struct error *error)
{
    futex_sleep(&processes->job->arrivals, arrivals_seen, NAP_MILLISECONDS);
    struct failure failure = {.rank = -1};
    if (stop_requested() == 0) {
        failure.rank = look_at_children(processes, &failure.status);
        failure.stopped = failure.rank < 0 && (failure.rank = long_stopped(processes)) >= 0;
        if (failure.rank < 0)
            return true;
    }
    return end_for(&failure, processes, error);
}

/* ---- the job as a whole */

static bool all_ready(const struct processes *processes)
{
    for (int rank = 0; rank < processes->plan->world; rank++)
        if (atomic_load(&rank_control(processes, rank)->state) != RANK_READY)
            return false;
    return true;
}

/* A rank that lives but has not shown a heartbeat since its start; -1: all have. */
static int not_joined(const struct processes *processes)
{
    for (int rank = 0; rank < processes->plan->world; rank++)
        if (atomic_load(&rank_control(processes, rank)->heartbeat) == 0)
            return rank;
    return -1;
}

bool processes_start(struct processes *processes, const struct plan *plan, const struct launch_options *options,
                     struct error *error)
{
    catch_stop_requests();
    *processes = (struct processes){.plan = plan, .segment_file = -1};
    processes->ranks = heap_take((size_t)plan->world, sizeof *processes->ranks);
    bool done = make_segment(processes, error) && start_all(processes, options, error);
    for (int naps = 0; done; naps++) {
        uint32_t seen = atomic_load(&processes->job->arrivals);
        if (all_ready(processes))
            return true;
        struct failure absent = {.rank = not_joined(processes), .stopped = true};
        done = naps > NAPS_UNTIL_ABSENT_IS_DEAD + plan->world && absent.rank >= 0
                   ? end_for(&absent, processes, error)
                   : processes_watch(processes, seen, error);
    }
    processes_free(processes);
    return false;
}

/* ---- ending */

bool processes_finish(struct processes *processes, struct error *error)
{
    enum { LONGEST_MILLISECONDS = 5000 };
    atomic_store(&processes->job->end, JOB_DONE);
    futex_wake_all(&processes->job->step);
    int ended = 0;
    for (int waited = 0; waited < LONGEST_MILLISECONDS && count_left(processes) > 0;) {
        int rank = look_at_children(processes, &ended);
        if (rank < 0) {
            sleep_milliseconds(2);
            waited += 2;
        } else if (ended != 0) {
            struct failure failure = {.rank = rank, .status = ended};
            failure_note(&failure, processes);
            abort_job(processes);
            return failure_tell(&failure, processes, error);
        }
    }
    int left = count_left(processes);
    kill_left(processes);
    return left == 0 || fail(error, NULL, 0, "%s did not end; killed", counted(left, "rank").text);
}

void processes_free(struct processes *processes)
{
    if (processes->ranks)
        kill_left(processes);
    if (processes->job)
        munmap(processes->job, processes->plan->segment_bytes);
    if (processes->segment_file >= 0)
        close(processes->segment_file);
    free(processes->ranks);
    *processes = (struct processes){.segment_file = -1};
}
