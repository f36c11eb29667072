/* Folders that the environment names: where rankc's own files are, and where it keeps what it makes. */
#pragma once

#include "base/error.h"

#include <stddef.h>

/* "<home>/relative" into `out`; refuses when there is no such file or folder. Home is RANKC_HOME of the environment, or
 * the source tree that this binary was built from; it holds templates/, runtime/ and strategies/. */
bool home_path(const char *relative, char *out, size_t room, struct error *error);

/* The root of the cache into `out`: $RANKC_CACHE, or $XDG_CACHE_HOME/rankc, or ~/.cache/rankc; it need not exist. */
bool cache_root(char *out, size_t room, struct error *error);
