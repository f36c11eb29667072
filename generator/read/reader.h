/* What the files that read a strategy share; everyone else includes read/strategy.h.
 *
 * A key is named by its path, "grid" or "grid.tp", in messages, for its value and for its line. While keys are read,
 * the table that the strategy gave is at the bottom of the Lua stack, and every function leaves the stack as it found
 * it. */
#pragma once

#include "base/error.h"
#include "base/pool.h"
#include "base/text.h"
#include "plan.h"

#include <lua.h>

enum { KEYS_INDEX = 1 };

struct reader {
    lua_State *lua;
    struct text source;
    int call_line;     /* of `strategy {` */
    struct pool *pool; /* owns what `out` points to */
    struct strategy *out;
    struct error *error;
};

/* The line of a key in the source, or of the nearest thing around it whose line is known. */
int reader_line(const struct reader *reader, const char *key);

/* Fills the error with the line of `key`; returns false. */
bool reader_fail(const struct reader *reader, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* script.c: makes the words of templates/dsl.lua globals; runs the source and leaves the table that `strategy` was
 * given as the only thing on the stack. */
enum { MOST_SOURCE_BYTES = 1 << 20 };
bool script_load_words(struct reader *reader);
bool script_run(struct reader *reader);

/* rank_formula.c: fills out->rank_of from the grid and the function `rank`. */
bool read_rank_formula(struct reader *reader);

/* placement.c: fills out->stage_layers and out->holders from the grid, the model, and `stages` and `experts`. */
bool read_stages(struct reader *reader);
bool read_experts(struct reader *reader);

/* model.c: fills out->model from `model`, or from the checkpoint folder that takes its place. */
bool read_model(struct reader *reader, const char *model_folder_override);

/* goals.c: `require`, which is looked at but not stored yet. */
bool read_goals(struct reader *reader);

/* claims.c: fills out->claims from `claims`; all else must have been read. assume.c: its part `claims.assume`. */
bool read_claims(struct reader *reader);
bool read_assumptions(struct reader *reader, struct claims *claims);
