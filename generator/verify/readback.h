/* Reading a plan back from the sources it was emitted as: what a reviewer reads is what is proven. */
#pragma once

#include "plan.h"

/* Fills `plan` from a folder that `gen` wrote: ranks.h, placement.c, and of each class class.h, memory.h, comm.c and
 * both schedules. Refuses a folder whose files are not those of its MANIFEST, sources that are not what the templates
 * write, and sources whose plan has another hash than they state. Release with plan_free, whether it succeeds or not.
 */
bool read_back(const char *folder, struct plan *plan, struct error *error);
