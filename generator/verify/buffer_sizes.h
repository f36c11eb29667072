/* How much memory each buffer takes at least, from the shapes alone: a second opinion of what the planner gave. */
#pragma once

#include "plan.h"

/* Bytes of one buffer of this kind in the arena of the class. Of what only the runtime knows the layout of, at least
 * some. */
uint64_t least_buffer_bytes(const struct plan *plan, const struct rank_class *class, enum buffer_kind kind);
