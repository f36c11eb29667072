/* What most commands begin with: a strategy, read, and its plan, made and proven. */
#pragma once

#include "commands/commands.h"
#include "plan.h"

struct compilation {
    struct pool pool;
    struct strategy strategy;
    struct plan plan;
};

/* Free it, whether this succeeds or not. `model`, when not NULL, takes the place of the strategy's. */
bool compile(struct compilation *compilation, const char *path, const char *model, struct error *error);
void compilation_free(struct compilation *compilation);

/* Sources, binaries and shards of a proven plan, in the folders of the cache; what is there already is kept. */
struct cache;
bool prepare_ranks(const struct plan *plan, const char *model_folder, const struct cache *cache, struct error *error);

/* False, with a usage error, when an option that the command needs is not there. */
bool needs(const char *option, const char *value, struct error *error);

bool is_folder(const char *path);
