/* rankc report: a page about one strategy; with two timelines, their comparison. */
#include "base/file.h"
#include "commands/compilation.h"
#include "emit/page.h"
#include "predict/routing.h"

#include <stdio.h>

static bool write_page(const struct command_line *line, struct error *error)
{
    struct compilation compilation;
    struct text page = {0};
    if (!needs("-o HTML", line->output, error))
        return false;
    const char *routed = line->routing ? line->routing : "uniform";
    struct routing routing = {.kind = ROUTING_UNIFORM};
    bool done = compile(&compilation, line->input, line->model, error) &&
                routing_read(routed, &compilation.plan, &compilation.pool, &routing, error);
    const struct page_input input = {.plan = &compilation.plan,
                                     .strategy = &compilation.strategy,
                                     .hardware = compilation.strategy.hardware,
                                     .routing = &routing,
                                     .routing_name = routing.kind == ROUTING_MEASURED ? "as measured" : routed};
    done = done && emit_page(&input, &page, error) && file_write(line->output, page.bytes, page.length, 0644, error);
    if (done)
        printf("%s: %zu bytes about %s, plan %.12s\n", line->output, page.length,
               counted(compilation.plan.world, "rank").text, compilation.plan.hash);
    text_free(&page);
    compilation_free(&compilation);
    return done;
}

bool command_report(const struct command_line *line, struct error *error)
{
    return line->second ? compare_timelines(line, error) : write_page(line, error);
}
