/* What the files that read a config share; everyone else includes read/config.h. */
#pragma once

#include "read/config.h"

#include <stddef.h>

/* One config that is being read. */
struct config {
    const json_t *json;
    const struct config_source *source;
    struct model *out;
    struct error *error;
};

/* A required whole number, and the field of struct model that it goes to. */
struct integer_key {
    const char *key;
    size_t offset;
    int least, most;
};
enum { INTEGER_KEYS = 9 };
extern const struct integer_key integer_keys[INTEGER_KEYS];

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* config_keys.c: refuses keys that could change the formulas: unknown ones, and known ones whose value is not the
 * supported one. */
bool config_check_keys(const struct config *config);

/* Fills the error with the line of `key`; returns false. */
bool config_fail(const struct config *config, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, saying what the value is and what it must be. */
bool config_fail_value(const struct config *config, const char *key, const json_t *value, const char *wanted);

/* A value for a message. Returns `out`. */
enum { JSON_TEXT = 64 };
const char *json_text(const json_t *value, char out[JSON_TEXT]);
