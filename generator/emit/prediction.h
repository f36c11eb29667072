/* Predicted times, for people and for programs. */
#pragma once

#include "predict/prediction.h"

/* A table of both phases, below what was predicted on what. */
void prediction_text(const struct plan *plan, const struct hardware *hardware, const struct workload *workload,
                     const struct prediction *prediction, struct text *out);

/* {hardware, workload, ttft_s, prefill: {steps, step_s, tokens_per_s, mfu, shares..., bytes...}, decode: {...}} */
void prediction_json(const struct plan *plan, const struct hardware *hardware, const struct workload *workload,
                     const struct prediction *prediction, struct text *out);

/* "12.3 ms": three digits and the unit that fits. */
struct duration {
    char text[24];
};
struct duration duration_of(double seconds);
