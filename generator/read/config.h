/* config.json of a checkpoint, in the dialects of transformers 4 and 5, as a struct model.
 *
 * A key that could change what the model computes is understood or refused, never skipped: a wrong answer from a rank
 * is worse than none. */
#pragma once

#include "plan.h"

#include <jansson.h>

/* Reads folder/config.json, and the further stop tokens of folder/generation_config.json where there is one. */
bool config_read(const char *folder, struct pool *pool, struct model *out, struct error *error);

/* The same from a parsed config. `source` says what its errors point to; line_of takes "rope_parameters.rope_theta". */
struct config_source {
    const char *file;
    int (*line_of)(const void *context, const char *key);
    const void *context;
};
bool config_from_json(const json_t *config, const struct config_source *source, struct model *out, struct error *error);
