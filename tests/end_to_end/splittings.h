/* The ways of splitting a model that several suites go through. */
#pragma once

#include "support.h"

/* What goes into a strategy beside its name and model. */
struct splitting {
    const char *name;
    int dp, pp, ep, tp, micro_batches;
    const char *keys;
    bool tiny; /* the sizes of tiny-mixtral divide too; all divide those of shakespeare-moe */
};

extern const struct splitting splittings[];
extern const size_t splitting_count;

/* Writes the strategy of that name for the checkpoint in `model`; on a target, given by the keys of its table. */
void write_splitting_on(char path[PATH_ROOM], const struct splitting *splitting, const char *model, const char *target);
void write_splitting(char path[PATH_ROOM], const struct splitting *splitting, const char *model);
