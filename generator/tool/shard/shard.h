/* Cuts a checkpoint into the shard files of a plan. */
#pragma once

#include "plan.h"

/* Writes every shard file of the plan into `folder`, each whole or not at all. A file that is already there, of this
 * plan and this checkpoint, is left alone. `wrote` counts the files written, may be NULL. */
bool shard_checkpoint(const struct plan *plan, const char *checkpoint_folder, const char *folder, int *wrote,
                      struct error *error);
