/* An accelerator by its name, for documents that name none. */
#pragma once

#include "base/error.h"
#include "base/pool.h"
#include "hardware.h"

/* Finds the published figures of `name`. Refuses an unknown name at `path`:`line`. `*out` is in the pool. */
bool accelerator_read(const char *name, const char *path, int line, struct pool *pool, const struct hardware **out,
                      struct error *error);
