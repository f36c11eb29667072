#include "base/home.h"
#include "base/file.h"

#include <stdio.h>
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

bool cache_root(char *out, size_t room, struct error *error)
{
    static const struct {
        const char *variable, *below;
    } places[] = {{"RANKC_CACHE", ""}, {"XDG_CACHE_HOME", "/rankc"}, {"HOME", "/.cache/rankc"}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *value = getenv(places[i].variable);
        if (!value || !*value)
            continue;
        if (snprintf(out, room, "%s%s", value, places[i].below) >= (int)room)
            return fail(error, value, 0, "the path is too long");
        return true;
    }
    return fail(error, NULL, 0, "there is no place for what run makes; set RANKC_CACHE to a folder");
}
