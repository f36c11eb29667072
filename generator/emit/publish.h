/* Brings a set of files into a folder so that a failure leaves the folder as it was: what is new or changed is first
 * written to a hidden folder beside its destination, then all of it is moved, then what is stale is removed. */
#pragma once

#include "base/error.h"
#include "emit/manifest.h"

/* Files are moved in the order given; those that already hold these bytes are left alone, with their times. `stale` are
 * paths to remove, where they exist; folders that this empties go too. */
bool publish(const char *folder, const struct output_file *files, int count, const char *const *stale, int stale_count,
             struct error *error);
