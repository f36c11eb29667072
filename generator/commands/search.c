#include "commands/compilation.h"

bool command_search(const struct command_line *line, struct error *error)
{
    return fail(error, line->input, 0, "rankc search is not there yet; see the README");
}
