/* What the files that read a strategy share; everyone else includes read/strategy.h. Descriptions of hardware are
 * scripts too, and are read by the same means.
 *
 * A key is named by its path, "grid" or "grid.tp", in messages, for its value and for its line. While keys are read,
 * the table that the script gave is at the bottom of the Lua stack, and every function leaves the stack as it found
 * it. */
#pragma once

#include "base/error.h"
#include "base/pool.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "plan.h"

#include <lua.h>

enum { KEYS_INDEX = 1 };

/* What a script returns. */
struct script_kind {
    const char *word;     /* of templates/dsl.lua: "strategy" */
    const char *whole;    /* for messages, after "a" or "the" */
    const char *some_key; /* for messages */
};

struct reader {
    const struct script_kind *kind;
    const char *path;
    const struct sandbox_limits *limits;
    lua_State *lua;
    struct text source;
    int call_line;        /* of `strategy {` */
    struct pool *pool;    /* owns what is read */
    struct strategy *out; /* NULL when no strategy is read */
    struct error *error;
};

/* The line of a key in the source, or of the nearest thing around it whose line is known. */
int reader_line(const struct reader *reader, const char *key);

/* Fills the error with the line of `key`; returns false. */
bool reader_fail(const struct reader *reader, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* script.c: runs the file at reader->path, with the words of templates/dsl.lua as globals, and leaves the table that
 * the kind's word was given as the only thing on the stack. Close it, whether this succeeds or not. */
bool script_run(struct reader *reader);
void script_close(struct reader *reader);

/* rank_formula.c: fills out->rank_of from the grid and the function `rank`. */
bool read_rank_formula(struct reader *reader);

/* placement.c: fills out->stage_layers and out->holders from the grid, the model, and `stages` and `experts`. */
bool read_stages(struct reader *reader);
bool read_experts(struct reader *reader);

/* model.c: fills out->model from `model`, or from the checkpoint folder that takes its place. */
bool read_model(struct reader *reader, const char *model_folder_override);

/* goals.c: fills out->require from `require`. */
bool read_goals(struct reader *reader);

/* hardware_file.c: fills out->hardware from `target.hardware`, and checks that it suits the strategy, all of which is
 * read by then. */
bool read_hardware(struct reader *reader);

/* claims.c: fills out->claims from `claims`; all else must have been read. assume.c: its part `claims.assume`. */
bool read_claims(struct reader *reader);
bool read_assumptions(struct reader *reader, struct claims *claims);
