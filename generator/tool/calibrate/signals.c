/* What it takes until a rank knows that another has raised a flag. */
#include "tool/calibrate/measure.h"
#include "transport/futex.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 301, POLLS = 2000 /* as many as a rank with a processor of its own: SPIN_POLLS */ };

/* A ball that two processes throw to each other. */
struct court {
    _Alignas(64) _Atomic uint32_t ball; /* whose turn: even the first's, odd the second's */
    _Alignas(64) _Atomic uint64_t thrown_ns;
};

static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void catch_ball(struct court *court, uint32_t turn, bool sleeps)
{
    uint32_t seen;
    while ((seen = atomic_load(&court->ball)) != turn) {
        if (sleeps)
            futex_sleep(&court->ball, seen, 1000);
        else
            pause_briefly();
    }
}

/* Half a round trip of two processes that poll. */
static void play_polling(int process, double *values, void *context)
{
    struct court *court = context;
    uint64_t begin = now_ns();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        catch_ball(court, 2 * round + (uint32_t)process, false);
        atomic_store(&court->ball, 2 * round + (uint32_t)process + 1);
    }
    values[0] = (double)(now_ns() - begin) * 1e-9 / (2 * ROUNDS);
}

/* Half a round trip of two processes on one processor, each of which sleeps while the other has the ball. */
static void play_on_one_processor(int process, double *values, void *context)
{
    struct court *court = context;
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    sched_setaffinity(0, sizeof first, &first);
    uint64_t begin = now_ns();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        catch_ball(court, 2 * round + (uint32_t)process, true);
        atomic_store(&court->ball, 2 * round + (uint32_t)process + 1);
        futex_wake_all(&court->ball);
    }
    values[0] = (double)(now_ns() - begin) * 1e-9 / (2 * ROUNDS);
}

/* The first process wakes the second, which sleeps on a processor of its own: until that runs, and what the call takes.
 */
static void wake_sleeper(int process, double *values, void *context)
{
    struct court *court = context;
    double until[ROUNDS], call[ROUNDS];
    for (uint32_t round = 0; round < ROUNDS; round++) {
        if (process == 1) {
            catch_ball(court, 2 * round + 1, true);
            until[round] = (double)(now_ns() - atomic_load(&court->thrown_ns)) * 1e-9;
            atomic_store(&court->ball, 2 * round + 2);
            continue;
        }
        catch_ball(court, 2 * round, false);
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL); /* by now the other sleeps */
        uint64_t begin = now_ns();
        atomic_store(&court->thrown_ns, begin);
        atomic_store(&court->ball, 2 * round + 1);
        futex_wake_all(&court->ball);
        call[round] = (double)(now_ns() - begin) * 1e-9;
    }
    values[process] = median_of(process == 1 ? until : call, ROUNDS);
}

/* Each value is found by one of the two processes, so their median is half of it. */
static bool play(measurement *game, int players, double values[2], struct error *error)
{
    struct court *court = mmap(NULL, sizeof *court, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (court == MAP_FAILED)
        return fail_errno(error, NULL, "a page cannot be shared");
    bool done = measure_in_processes(players, game, court, 2, values, error);
    munmap(court, sizeof *court);
    return done;
}

bool measure_signals(struct calibration *calibration, int processors, struct error *error)
{
    double polling[2] = {0}, sleeping[2] = {0}, sharing[2] = {0};
    if (processors > 1 && (!play(play_polling, 2, polling, error) || !play(wake_sleeper, 2, sleeping, error)))
        return false;
    if (!play(play_on_one_processor, 2, sharing, error))
        return false;
    uint64_t begin = now_ns();
    for (int i = 0; i < POLLS; i++)
        pause_briefly();
    calibration->spin_s = (double)(now_ns() - begin) * 1e-9;
    calibration->signal_s = polling[0];
    calibration->wake_call_s = 2 * sleeping[0];
    calibration->wake_s = processors > 1 ? 2 * sleeping[1] : sharing[0];
    calibration->switch_s = sharing[0] > calibration->wake_call_s ? sharing[0] - calibration->wake_call_s : sharing[0];
    return true;
}
