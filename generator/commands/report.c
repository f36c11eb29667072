/* rankc report: a page about one strategy; of two timelines, their comparison (compare.c). */
#include "base/file.h"
#include "commands/compilation.h"
#include "emit/page/page.h"
#include "predict/audit/audit.h"

#include <stdio.h>

/* Unlike rankc sim, a page never is about this machine unless that is asked for: the same strategy gives the same page
 * everywhere. */
static bool choose_page_hardware(const struct command_line *line, struct compilation *compilation,
                                 const struct hardware **hardware, struct error *error)
{
    *hardware = NULL;
    return (!line->hardware && !compilation->strategy.hardware) || choose_hardware(line, compilation, hardware, error);
}

static bool write_page(const struct command_line *line, struct error *error)
{
    struct compilation compilation;
    struct text page = {0};
    struct audit audit;
    struct workload workload;
    struct page_input input = {.plan = &compilation.plan,
                               .strategy = &compilation.strategy,
                               .workload = &workload,
                               .routing_name = line->routing ? line->routing : "uniform",
                               .audit = &audit};
    bool done = compile(&compilation, line->input, line->model, error) &&
                choose_page_hardware(line, &compilation, &input.hardware, error) &&
                choose_workload(line, &compilation, &workload, error) && audit_strategy(&compilation, &audit, error) &&
                emit_page(&input, &page, error) && file_write(line->output, page.bytes, page.length, 0644, error);
    if (done)
        printf("%s: %zu bytes about %s, plan %.12s\n", line->output, page.length,
               counted(compilation.plan.world, "rank").text, compilation.plan.hash);
    text_free(&page);
    compilation_free(&compilation);
    return done;
}

bool command_report(const struct command_line *line, struct error *error)
{
    if (line->second)
        return compare_timelines(line, error);
    return needs("-o HTML", line->output, error) && write_page(line, error);
}
