#include "base/home.h"
#include "base/file.h"

#include <stdlib.h>
#include <unistd.h>

bool home_path(const char *relative, char *out, size_t room, struct error *error)
{
    const char *home = getenv("RANKC_HOME");
    if (!home || !*home)
        home = RANKC_HOME;
    if (!path_join(out, room, home, relative, error))
        return false;
    if (access(out, R_OK) != 0)
        return fail_errno(error, out, "is part of rankc and cannot be read; set RANKC_HOME to its source folder");
    return true;
}
