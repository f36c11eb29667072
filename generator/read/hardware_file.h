/* Descriptions of hardware: presets, files of a user's own, what `rankc calibrate` wrote. docs/hardware.md explains the
 * format. */
#pragma once

#include "base/error.h"
#include "base/pool.h"
#include "hardware.h"
#include "plan.h"

#include <stdbool.h>

/* For a command's --hardware: a preset's name, "this-machine", or a file whose name ends in ".lua", seen from the
 * folder of `relative_to_file` unless that is NULL. What *out points to is in the pool. Refuses "this-machine" where
 * nothing was calibrated. */
bool hardware_read(const char *name_or_path, const char *relative_to_file, struct pool *pool,
                   const struct hardware **out, struct error *error);

/* Whether times can be predicted for the strategy's device and dtype of weights on `world` ranks: their rate is stated,
 * each GPU is one rank's, and there are links where ranks have peers. Ask it after hardware_read; a strategy's own
 * hardware has been asked. */
bool hardware_suits(const struct hardware *hardware, const struct strategy *strategy, int world, struct error *error);
