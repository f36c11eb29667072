/* What a strategy's author asks: how soon is the first token there, and how many come a second. */
#pragma once

#include "predict/simulate.h"
#include "predict/workload.h"

struct phase_prediction {
    int steps;
    double step_s;       /* one step, the mean */
    double tokens_per_s; /* of all lanes: prompt tokens in prefill, new ones in decode */
    double mfu;          /* model FLOPs over the peak of all ranks; 0 where no peak is stated */
    double compute, communication, exposed, bubble;                    /* shares of the ranks' time; their sum is 1 */
    double mailbox_bytes[MAILBOX_KINDS], level_bytes[MAX_LINK_LEVELS]; /* of one step, the mean */
};

struct prediction {
    double ttft_s; /* until the last sequence has its first token */
    struct phase_prediction phases[PHASES];
};

/* Steps of prefill and decode as the head would make them. Long workloads are not simulated step by step: steps that
 * differ only in how far rows look back are simulated at both ends, and the times between are interpolated. */
void predict_workload(const struct plan *plan, const struct hardware *hardware, const struct workload *workload,
                      struct prediction *out);

/* Refuses, at their lines, what the strategy requires and the prediction does not reach. */
bool requirements_met(const struct strategy *strategy, const struct hardware *hardware,
                      const struct prediction *prediction, struct error *error);
