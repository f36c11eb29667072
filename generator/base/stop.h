/* Requests to stop: SIGINT and SIGTERM. From catch_stop_requests on they no longer end the process; whoever has files
 * half written or ranks running asks, cleans up and fails with fail_stopped. */
#pragma once

#include "base/error.h"

void catch_stop_requests(void);

/* The signal that came, or 0. */
int stop_requested(void);

/* Fills the error with "stopped by Interrupt; <what became of the work>", and the exit status that shells expect: 128
 * and the signal. Returns false. */
bool fail_stopped(struct error *error, const char *outcome);
