/* Small real jobs that calibration runs: models of four sizes, each whole and split each way, so that every op shows
 * what it takes. */
#pragma once

#include "tool/calibrate/synthetic.h"
#include "trace.h"

struct probe {
    const char *name;
    struct synthetic_model model;
    int dp, pp, ep, tp, micro_batches, prefill_rows;
};

enum { PROBES = 15 };
extern const struct probe probes[PROBES];

/* Writes folder/NAME.lua, the probe's strategy, for the checkpoint in folder/NAME-model, which is made too. */
bool probe_write(const struct probe *probe, const char *folder, struct error *error);

/* Runs prompts of several lengths with the ranks in `binaries` and `shards`. Free the trace, whether this succeeds.
 * Steps before probe_first_step come while caches, pages and the processor's clock are still cold. */
bool probe_run(const struct plan *plan, const char *binaries, const char *shards, struct trace *trace,
               struct error *error);

static inline int probe_first_step(const struct trace *trace)
{
    return trace->count / 3;
}
