#include "commands/compilation.h"

bool command_calibrate(const struct command_line *line, struct error *error)
{
    return fail(error, line->input, 0, "rankc calibrate is not there yet; see the README");
}
