/* Measuring in several processes at once, since ranks are processes too. */
#include "base/heap.h"
#include "tool/calibrate/measure.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Shared with the children: a gate that opens when all are there, then what each found. */
struct meeting {
    _Atomic int there;
    double found[];
};

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double median_of(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* The `index`-th of the processors that this process may use. */
static void stay_on_processor(int index)
{
    cpu_set_t all, one;
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        return; /* measured wherever it runs, then */
    int left = index % CPU_COUNT(&all);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &all) || left-- > 0)
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof one, &one);
        return;
    }
}

static _Noreturn void run_child(struct meeting *meeting, int process, int count, measurement *measure, void *context,
                                int values)
{
    stay_on_processor(process);
    atomic_fetch_add(&meeting->there, 1);
    while (atomic_load(&meeting->there) < count)
        sched_yield();
    measure(process, meeting->found + (size_t)process * (size_t)values, context);
    _exit(0);
}

static bool all_end_well(const pid_t *children, int count)
{
    bool well = true;
    for (int i = 0; i < count; i++) {
        int status = 0;
        well &= waitpid(children[i], &status, 0) == children[i] && status == 0;
    }
    return well;
}

static void take_medians(const struct meeting *meeting, int count, int values, double *out)
{
    double *column = heap_take((size_t)count, sizeof *column);
    for (int value = 0; value < values; value++) {
        for (int process = 0; process < count; process++)
            column[process] = meeting->found[(size_t)process * (size_t)values + (size_t)value];
        out[value] = median_of(column, count);
    }
    free(column);
}

bool measure_in_processes(int count, measurement *measure, void *context, int values, double *out, struct error *error)
{
    size_t bytes = sizeof(struct meeting) + (size_t)count * (size_t)values * sizeof(double);
    struct meeting *meeting = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (meeting == MAP_FAILED)
        return fail_errno(error, NULL, "%zu bytes cannot be shared", bytes);
    pid_t *children = heap_take((size_t)count, sizeof *children);
    int started = 0;
    for (; started < count; started++) {
        children[started] = fork();
        if (children[started] < 0)
            break;
        if (children[started] == 0)
            run_child(meeting, started, count, measure, context, values);
    }
    if (started < count)
        atomic_fetch_add(&meeting->there, count); /* nobody shall wait for those that could not be started */
    bool done = all_end_well(children, started) && started == count;
    if (done)
        take_medians(meeting, count, values, out);
    free(children);
    munmap(meeting, bytes);
    return done || fail(error, NULL, 0, "a process that measures could not be started, or died; try again");
}
