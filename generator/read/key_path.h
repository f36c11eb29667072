/* Paths of keys: "grid.tp", "target.hardware.links[2].ranks". */
#pragma once

#include <stddef.h>

struct key_part {
    const char *name; /* not NUL-terminated */
    size_t length;
    int index; /* of an item of a list, from 1; 0: the part is a name */
};

/* Takes the first part off a path that is not empty. */
struct key_part key_path_next(const char **path);
