/* Where rankc's own files are: templates/, runtime/. The RANKC_HOME environment variable, or the source tree that this
 * binary was built from. */
#pragma once

#include "base/error.h"

#include <stddef.h>

/* "<home>/relative" into `out`; refuses when there is no such file or folder. */
bool home_path(const char *relative, char *out, size_t room, struct error *error);
