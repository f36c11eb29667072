/* Quantities with a unit, as people write them: "2 GiB", "1.5 s", "3.35 TB/s". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct unit {
    const char *name;
    double factor; /* of the unit that values come back in */
};

/* Lists end with a NULL name. */
extern const struct unit memory_units[];    /* in bytes */
extern const struct unit time_units[];      /* in seconds */
extern const struct unit rate_units[];      /* in tokens a second; of one rank, or of all where "/gpu" is left out */
extern const struct unit flop_units[];      /* in FLOP/s */
extern const struct unit bandwidth_units[]; /* in bytes a second; networks are sold in bits */

/* A decimal number of up to 15 digits without sign or exponent, space or none, and one of the units. */
bool quantity_read(const char *text, const struct unit *units, double *value);
