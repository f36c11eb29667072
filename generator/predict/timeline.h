/* Simulated timelines: the same thing as the trace of a real run. */
#pragma once

#include "predict/simulate.h"
#include "predict/workload.h"

/* The first steps of a workload: `each` of prefill, then `each` of those that come once every sequence has its first
 * token. Free the trace. */
void simulate_workload(const struct plan *plan, const struct hardware *hardware, const struct workload *workload,
                       int each, struct trace *out);

/* The very steps of a measured trace of this plan: its rows, and the experts that its routers chose. Free the trace. */
void simulate_like(const struct plan *plan, const struct hardware *hardware, const struct trace *measured,
                   struct trace *out);
