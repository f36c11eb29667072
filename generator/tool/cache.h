/* Where `run` keeps what it makes from a strategy: sources, rank binaries, shards. */
#pragma once

#include "base/error.h"

struct cache {
    char sources[4096], binaries[4096], shards[4096];
    int lock; /* held until cache_close: two runs of one strategy do not build over each other; -1: none */
};

/* $RANKC_CACHE, or $XDG_CACHE_HOME/rankc, or ~/.cache/rankc: a folder a strategy, named after it and its path. */
bool cache_open(struct cache *cache, const char *name, const char *strategy_path, struct error *error);

/* The same folders of a `rankc build` output. */
bool cache_of_build(struct cache *cache, const char *build, struct error *error);

void cache_close(struct cache *cache);
