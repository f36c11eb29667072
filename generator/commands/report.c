#include "commands/compilation.h"

bool command_report(const struct command_line *line, struct error *error)
{
    return fail(error, line->input, 0, "rankc report is not there yet; see the README");
}
