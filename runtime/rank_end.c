/* How a rank ends before its job is done: it says why in its control, wakes the head and leaves. */
#include "rank.h"
#include "transport/futex.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { BEAT_MICROSECONDS = 200 * 1000 };

/* What a signal handler can reach: handlers take no argument of ours. */
static struct rank *signalled;

/* `peers`: whether there is time to let go of what peers wait for; a signal handler has none. */
static _Noreturn void end_failed(struct rank *r, bool peers)
{
    void (*abandon)(struct rank *) = r->abandon;
    atomic_store(&r->control->state, RANK_FAILED);
    atomic_fetch_add(&r->job->arrivals, 1);
    futex_wake_all(&r->job->arrivals);
    r->abandon = NULL; /* it may fail itself */
    if (peers && abandon)
        abandon(r);
    _exit(EXIT_RANK_FAILED);
}

void rank_fail(struct rank *r, const char *format, ...)
{
    char text[sizeof r->control->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!r->control) { /* not in the segment yet: nobody but stderr can hear it */
        fprintf(stderr, "error: rank %d: %s\n", r->number, text);
        _exit(EXIT_RANK_FAILED);
    }
    memcpy(r->control->message, text, sizeof text);
    uint32_t nobody = 0;
    atomic_compare_exchange_strong(&r->job->culprit, &nobody, (uint32_t)r->number + 1);
    end_failed(r, true);
}

void rank_leave(struct rank *r)
{
    char layer[24] = "", whom[24] = "", op[24] = "";
    int peer = (int)atomic_load(&r->control->waits_for) - 1;
    if (r->op_layer >= 0)
        snprintf(layer, sizeof layer, "layer %d ", r->op_layer);
    if (peer >= 0)
        snprintf(whom, sizeof whom, "for rank %d ", peer);
    if (r->op != OP_WHOLE_STEP)
        snprintf(op, sizeof op, "op %u ", r->op);
    snprintf(r->control->message, sizeof r->control->message, "waited %sin %s\"%s%s\"", whom, op, layer,
             r->op_text ? r->op_text : "");
    end_failed(r, true);
}

static void on_beat(int signal)
{
    (void)signal;
    atomic_fetch_add_explicit(&signalled->control->heartbeat, 1, memory_order_relaxed);
}

/* A mapped shard that lost its end, or a broken disk under it. */
static void on_bus_error(int signal)
{
    (void)signal;
    static const char message[] = "a mapped file cannot be read any more: it was truncated, or its disk fails";
    memcpy(signalled->control->message, message, sizeof message);
    uint32_t nobody = 0;
    atomic_compare_exchange_strong(&signalled->job->culprit, &nobody, (uint32_t)signalled->number + 1);
    end_failed(signalled, false);
}

void catch_signals(struct rank *r)
{
    signalled = r;
    struct sigaction beat = {.sa_handler = on_beat, .sa_flags = SA_RESTART};
    struct sigaction bus = {.sa_handler = on_bus_error};
    sigaction(SIGALRM, &beat, NULL);
    sigaction(SIGBUS, &bus, NULL);
    signal(SIGINT, SIG_IGN); /* Ctrl-C reaches the whole process group: the head decides how the job ends */
    struct itimerval interval = {{0, BEAT_MICROSECONDS}, {0, BEAT_MICROSECONDS}};
    setitimer(ITIMER_REAL, &interval, NULL);
}
