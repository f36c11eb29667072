/* How a job failed, in one message: the culprit and its op, and who waited for it. */
#pragma once

#include "tool/job/process.h"

struct failure {
    int rank;     /* that ended or stands still; -1: the user asked to stop */
    int status;   /* as waitpid gave it */
    bool stopped; /* stands still */
    /* Noted before the others are told to leave. */
    uint32_t op, phase, waits_for;
};

/* Notes what the culprit was doing. A rank that ended because it gave up on another one leads to that one. */
void failure_note(struct failure *failure, const struct processes *processes);

/* Fills the error, once all ranks have left; returns false. */
bool failure_tell(const struct failure *failure, const struct processes *processes, struct error *error);
