/* Reading single keys: types, ranges and words, with errors that say what would be right. */
#pragma once

#include "read/reader.h"
#include "read/units.h"

/* Pushes the value of a key, nil where it or its table is absent; returns its Lua type. */
int key_push(struct reader *reader, const char *key);

/* Requires that a key, when present, is a table, and that its keys are among the known ones. `key` "" stands for the
 * whole strategy. `example` goes into the message for another type. */
bool key_table(struct reader *reader, const char *key, const char *const *known, size_t count, const char *example);

/* A whole number in a range. *value keeps its default where the key is absent. */
bool key_integer(struct reader *reader, const char *key, int least, int most, int *value);

/* A text. *value keeps its default where the key is absent; a new one is in the pool. */
bool key_text(struct reader *reader, const char *key, const char *example, const char **value);

/* A text such as "80 GB": more than zero of one of the units. *value, in the unit whose factor is 1, keeps its default
 * where the key is absent. */
struct quantity_key {
    const char *key;
    const struct unit *units;
    const char *example;
};
bool key_quantity(struct reader *reader, const struct quantity_key *quantity, double *value);

/* The same of memory: whole bytes, 1 B to 1024 TiB. */
bool key_bytes(struct reader *reader, const struct quantity_key *quantity, uint64_t *bytes);

/* One of some words. Lists end with NULL. `planned` are words of the language that nothing implements yet. */
struct word_key {
    const char *key;
    const char *const *words, *const *planned;
};
bool key_word(struct reader *reader, const struct word_key *word, const char **value);

/* Whether the table at `index` is what a word of templates/dsl.lua made. */
bool made_by_word(lua_State *lua, int index, const char *word);

/* Whether the value at `index` is a whole number (4 or 4.0, not "4"). */
bool whole_number(lua_State *lua, int index, lua_Integer *value);

/* The value at `index` for a message: 3, "three", a table. Returns `out`. */
enum { VALUE_TEXT = 64 };
const char *value_text(lua_State *lua, int index, char out[VALUE_TEXT]);
