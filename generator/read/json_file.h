/* A JSON file, and the lines of its keys. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

/* Parses a file whose value is an object; duplicate keys are refused. The caller releases it with json_decref, and
 * frees `text`, which holds what was read. NULL on failure. */
json_t *json_file_read(const char *path, struct text *text, struct error *error);

/* The line of a key such as "rope_parameters.rope_theta"; 0 when it is not there. `text` is a struct text. */
int json_line(const void *text, const char *key);
