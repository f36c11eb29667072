/* What the readers of a timeline share: JSON arrays of whole numbers, and errors that name the file. */
#pragma once

#include "trace.h"

#include <jansson.h>

struct timeline_reader {
    const char *path;
    json_t *json; /* the "rankc" of the file */
    struct error *error;
};

/* Refuses the file for holding something that trace_json does not write. Returns false. */
bool timeline_damaged(const struct timeline_reader *reader, const char *what);

/* `array`, called `what` in errors, must have `count` whole numbers from `least` to `most`. */
struct numbers {
    const char *what;
    size_t count;
    int64_t least, most;
};
bool timeline_numbers(const struct timeline_reader *reader, const json_t *array, const struct numbers *wanted,
                      int64_t *out);

/* Fills of the plan what a timeline holds of it. */
bool timeline_read_plan(const struct timeline_reader *reader, struct plan *plan);
