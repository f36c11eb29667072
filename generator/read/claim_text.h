/* A claimed figure as text: "12.0 tokens/ms/gpu", "100-150 tokens/ms/gpu", "<= 10 s", "10 B". */
#pragma once

#include "claims.h"
#include "read/units.h"

#include <stddef.h>

/* The units of a dimension; the list ends with a NULL name. A bare number has the unit "". */
const struct unit *dimension_units(enum dimension dimension);

/* Their names for a message: "B, KiB, ...". Returns `out`. */
const char *dimension_unit_list(enum dimension dimension, char *out, size_t room);

enum figure_problem { FIGURE_RIGHT, FIGURE_NO_NUMBER, FIGURE_UNIT, FIGURE_BACKWARDS };

/* Reads a figure. What was written is taken to be rounded: the last digit may be off by half; a bare number of
 * things (IN_NUMBER) is meant exactly. `out->unit` points to a constant. */
enum figure_problem figure_read(const char *text, enum dimension dimension, struct figure *out);
