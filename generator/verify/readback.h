/* Reading a plan back from the sources it was emitted as: what a reviewer reads is what is proven. */
#pragma once

#include "plan.h"

/* Fills `plan` from a folder that `gen` wrote: ranks.h, placement.c, and of each class class.h, memory.h and both
 * schedules. Refuses a folder whose files are not those of its MANIFEST, sources that lack a fact of a plan, and
 * sources whose plan has another hash than they state. The ledger stays empty. Release with plan_free, whether it
 * succeeds or not. */
bool read_back(const char *folder, struct plan *plan, struct error *error);

/* Reads the sources back and compares their plan with the one that they were emitted from. */
bool verify_sources(const struct plan *plan, const char *folder, struct error *error);
