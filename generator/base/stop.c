#include "base/stop.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t stop_signal; /* a handler can reach nothing else */

static void on_stop_request(int signal)
{
    stop_signal = signal;
}

void catch_stop_requests(void)
{
    struct sigaction action = {.sa_handler = on_stop_request};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a closed output is an error of the write, not a sudden death with ranks left */
}

int stop_requested(void)
{
    return stop_signal;
}

bool fail_stopped(struct error *error, const char *outcome)
{
    fail(error, NULL, 0, "stopped by %s; %s", strsignal(stop_signal), outcome);
    error->status = (enum exit_status)(128 + stop_signal);
    return false;
}
