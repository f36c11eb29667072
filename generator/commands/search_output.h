/* What a search leaves behind: a strategy file for every member of the Pareto set. */
#pragma once

#include "base/error.h"
#include "predict/search/search.h"

/* Writes the members that meet the goals into a folder and checks each as `rankc check` would. `hardware` is the name
 * that target.hardware is given; NULL: none. *written counts the files. */
bool write_strategies(const struct search_request *request, const struct search_result *result,
                      const struct goals *goals, const char *hardware, const char *folder, int *written,
                      struct error *error);
