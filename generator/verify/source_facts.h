/* Facts of emitted sources: constants, defines, numbers and texts in the order they stand. Comments are no facts. */
#pragma once

#include "verify/source_files.h"

/* No offset or size of a plan is over this, so that a few of them can be added up. */
static const uint64_t MOST_PLAN_BYTES = UINT64_MAX / 4;

struct fact_file {
    const char *path; /* for errors */
    const char *text; /* as it is; of the source files */
    char *code;       /* with blanks for comments, so that places are the same; of the pool */
    struct error *error;
};

/* The code of a file of the folder. False when it is not there. */
bool facts_open(struct fact_file *facts, const struct source_files *files, const char *name, struct pool *pool,
                struct error *error);

/* The constant `NAME = value,`; an error when it is missing or more than `most`. */
bool fact_number(const struct fact_file *facts, const char *name, uint64_t most, uint64_t *value);
bool fact_int(const struct fact_file *facts, const char *name, int most, int *value);
bool fact_is_there(const struct fact_file *facts, const char *name);

/* What follows `#define NAME`, to the end of the line, without the quotes around it. */
char *fact_define(const struct fact_file *facts, const char *name, struct pool *pool);

/* Whether the file states this PLAN_HASH; a refusal when it does not. */
bool facts_are_of_plan(const struct fact_file *facts, const char *plan_hash, struct pool *pool);

/* A place to read on from: behind the first `mark`; NULL and an error when it is not there. */
const char *fact_place(const struct fact_file *facts, const char *mark);

/* The next integer or "text" behind *at, before the next `};`. Moves *at behind it. */
bool next_int(const struct fact_file *facts, const char **at, int least, int most, int *value);
const char *next_text(const struct fact_file *facts, const char **at, struct pool *pool);

/* The comment that ends the line of a place, "" where there is none; of the pool. */
const char *fact_comment(const struct fact_file *facts, const char *at, struct pool *pool);

/* The comment behind the constant `NAME = value,`. */
const char *fact_constant_comment(const struct fact_file *facts, const char *name, struct pool *pool);

/* The line of a place, and a refusal there. */
bool facts_fail(const struct fact_file *facts, const char *at, const char *what);
