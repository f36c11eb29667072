/* The head of a job: hands each step to the ranks and what comes back to the requests. Which rows go into a step is
 * serve/'s to say. */
#pragma once

#include "serve/lanes.h"
#include "tool/job/process.h"
#include "tool/job/timeline.h"

/* Called after every step in which a request got a token. False ends the run (the error is set). */
typedef bool token_handler(void *context, struct request *request, struct error *error);

/* Serves all requests. `timeline` is told of every step; NULL: none is asked for. */
bool head_serve(struct processes *processes, struct request *requests, int count, struct timeline *timeline,
                token_handler *on_token, void *context, struct error *error);
