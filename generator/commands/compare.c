/* rankc report of two timelines: what was measured beside what was simulated. */
#include "commands/compilation.h"
#include "emit/timeline/comparison.h"

#include <stdio.h>
#include <string.h>

static bool is_kind(const struct trace *trace, const char *kind, const char *path, struct error *error)
{
    return strcmp(trace->kind, kind) == 0 ||
           fail(error, path, 0, "is a %s timeline, not a %s one; write rankc report MEASURED SIMULATED", trace->kind,
                kind);
}

bool compare_timelines(const struct command_line *line, struct error *error)
{
    struct plan plan;
    struct trace measured = {0}, simulated = {0};
    struct comparison comparison;
    struct text text = {0};
    bool done =
        trace_read_alone(line->input, &plan, &measured, error) && is_kind(&measured, "measured", line->input, error) &&
        trace_read(line->second, &plan, &simulated, error) && is_kind(&simulated, "simulated", line->second, error) &&
        compare_traces(&plan, &measured, &simulated, line->second, &comparison, error);
    if (done && line->json)
        comparison_json(&comparison, &text);
    else if (done)
        comparison_text(&comparison, &text);
    if (done)
        fwrite(text.bytes, 1, text.length, stdout);
    text_free(&text);
    trace_free(&measured);
    trace_free(&simulated);
    pool_free(&plan.pool);
    return done;
}
