#include "commands/compilation.h"

bool command_audit(const struct command_line *line, struct error *error)
{
    return fail(error, line->input, 0, "rankc audit is not there yet; see the README");
}
