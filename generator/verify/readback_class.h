/* One class of a plan that is being read back. */
#pragma once

#include "plan.h"
#include "verify/source_files.h"

/* Fills plan->classes[index], whose name is known. */
bool read_back_class(const struct source_files *files, struct plan *plan, int index, struct error *error);

/* Compares whom plan->classes[index] sends to with where they receive, once all classes are read. */
bool read_back_links(const struct source_files *files, struct plan *plan, int index, struct error *error);
