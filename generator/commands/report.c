#include "commands/compilation.h"

bool command_report(const struct command_line *line, struct error *error)
{
    if (line->second)
        return compare_timelines(line, error);
    return fail(error, line->input, 0, "rankc report of a strategy is not there yet; see the README");
}
