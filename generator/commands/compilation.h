/* What most commands begin with: a strategy, read, and its plan, made and proven. */
#pragma once

#include "commands/commands.h"
#include "plan.h"
#include "predict/workload.h"

struct compilation {
    struct pool pool;
    struct strategy strategy;
    struct plan plan;
};

/* Free it, whether this succeeds or not. `model`, when not NULL, takes the place of the strategy's. */
bool compile(struct compilation *compilation, const char *path, const char *model, struct error *error);
void compilation_free(struct compilation *compilation);

/* The plan that the sources in a folder state, proven; and no line of them that it does not account for. */
bool prove_sources(const char *folder, struct plan *plan, struct error *error);

/* Sources, binaries and shards of a proven plan, in the folders of the cache; what is there already is kept. */
struct cache;
bool prepare_ranks(const struct plan *plan, const char *model_folder, const struct cache *cache, struct error *error);

/* What predictions are about: --hardware, else the strategy's, else this machine where it is calibrated; and
 * --sequences,
 * --prompt-tokens, --new-tokens and --routing, else the usual. Refuses what does not suit the plan. */
bool choose_hardware(const struct command_line *line, struct compilation *compilation, const struct hardware **hardware,
                     struct error *error);
bool choose_workload(const struct command_line *line, struct compilation *compilation, struct workload *workload,
                     struct error *error);

/* Judges the strategy's claims, with what is predicted on its own hardware where it names any. */
struct audit;
bool audit_strategy(struct compilation *compilation, struct audit *audit, struct error *error);

/* False, with a usage error, when an option that the command needs is not there. */
bool needs(const char *option, const char *value, struct error *error);

/* rankc report MEASURED SIMULATED. */
bool compare_timelines(const struct command_line *line, struct error *error);

bool is_folder(const char *path);
