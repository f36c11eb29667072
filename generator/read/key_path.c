#include "read/key_path.h"

#include <stdlib.h>
#include <string.h>

struct key_part key_path_next(const char **path)
{
    struct key_part part = {.name = *path};
    if (**path == '[') {
        part.index = atoi(*path + 1);
        part.length = strcspn(*path, "]") + 1;
    } else {
        part.length = strcspn(*path, ".[");
    }
    *path += part.length;
    *path += **path == '.';
    return part;
}
