/* Mapping a rank's weights. */
#pragma once

#include "rank.h"

/* Maps shard `file` (0: dense, 1: experts) from `folder`, checks that it is of this plan and intact, and notes its
 * identity in the rank's control. Returns the payload. Ends the rank with a message when anything is wrong. */
const unsigned char *map_shard(struct rank *r, const struct class_info *class, const char *folder, int file);
