/* A strategy file, read and checked: every value of struct strategy is set and in range when this succeeds. */
#pragma once

#include "base/sandbox.h"
#include "plan.h"

/* Reads the file at `path`. `model_folder_override`, when not NULL, is a checkpoint folder that takes the place of the
 * strategy's model. What `out` points to is in `pool`. */
bool strategy_read(const char *path, const char *model_folder_override, struct pool *pool, struct strategy *out,
                   struct error *error);

/* The same under limits other than the usual ones. */
bool strategy_read_within(const struct sandbox_limits *limits, const char *path, const char *model_folder_override,
                          struct pool *pool, struct strategy *out, struct error *error);
