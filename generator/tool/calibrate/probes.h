/* Small real jobs that calibration runs: models of three sizes, each whole and split each way, so that every op shows
 * what it takes. */
#pragma once

#include "tool/calibrate/synthetic.h"
#include "trace.h"

struct probe {
    const char *name;
    struct synthetic_model model;
    int dp, pp, ep, tp, micro_batches, prefill_rows;
};

enum { PROBES = 12 };
extern const struct probe probes[PROBES];

/* Writes folder/NAME.lua, the probe's strategy, for the checkpoint in folder/NAME-model, which is made too. */
bool probe_write(const struct probe *probe, const char *folder, struct error *error);

/* Runs prompts of several lengths with the ranks in `binaries` and `shards`. Free the trace, whether this succeeds. */
bool probe_run(const struct plan *plan, const char *binaries, const char *shards, struct trace *trace,
               struct error *error);
