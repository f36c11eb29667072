#include "commands/compilation.h"

bool command_sim(const struct command_line *line, struct error *error)
{
    return fail(error, line->input, 0, "rankc sim is not there yet; see the README");
}
