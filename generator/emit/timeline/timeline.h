/* What the two parts of a timeline's file share. */
#pragma once

#include "trace.h"

#include <math.h>
#include <string.h>

static inline void put(struct text *out, const char *text)
{
    text_add(out, text, strlen(text));
}

/* Times are written as whole nanoseconds. */
static inline int64_t nanoseconds(double seconds)
{
    return llround(seconds * 1e9);
}

/* The elements of "traceEvents" in Chrome's trace format: names, steps, and every op that was not skipped. */
void timeline_events(const struct plan *plan, const struct trace *trace, struct text *out);
