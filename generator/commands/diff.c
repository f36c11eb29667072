#include "commands/compilation.h"

bool command_diff(const struct command_line *line, struct error *error)
{
    return fail(error, line->input, 0, "rankc diff is not there yet; see the README");
}
