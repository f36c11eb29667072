/* Ranks of several jobs must not pile up on one processor. A rank takes a processor by locking a file that the kernel
 * shows of each: nothing is written, and the lock ends with the process. */
#define _GNU_SOURCE /* affinity */
#include "processor.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

static int take_processor(int cpu)
{
    char path[80];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/core_id", cpu);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) != 0) {
        close(file);
        file = -1;
    }
    return file; /* open, and so locked, until the process ends */
}

void stay_on_processor(int first)
{
    cpu_set_t allowed, own;
    int cpus[CPU_SETSIZE], count = 0;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &allowed))
            cpus[count++] = cpu;
    for (int i = 0; i < count; i++) {
        int cpu = cpus[(first + i) % count];
        if (take_processor(cpu) < 0)
            continue;
        CPU_ZERO(&own);
        CPU_SET(cpu, &own);
        sched_setaffinity(0, sizeof own, &own);
        return;
    }
}
