/* What ops take beside their products, fitted to traces of real runs: for each op the non-negative seconds for each of
 * its features (predict/work.h) that come closest, in relative terms, to what was measured. */
#pragma once

#include "hardware.h"
#include "trace.h"

struct fit_sample {
    double features[OP_FEATURES];
    double product_s, measured_s;
    double waiting_bytes, footprint_bytes; /* see struct calibration */
};

struct fit {
    const struct hardware *hardware; /* calibrated, as far as products go */
    struct {
        struct fit_sample *all;
        int count, room;
    } samples[OP_KINDS];
    struct fit_gaps {
        double *gap_s;
        int count, room;
    } gaps; /* between steps */
};

/* Adds the ops of a measured trace, from a step on (the second at the earliest). */
void fit_add(struct fit *fit, const struct plan *plan, const struct trace *trace, int first_step);

/* Solves for op_s, byte_s and step_s. Returns the mean relative error over the samples. */
double fit_solve(struct fit *fit, struct calibration *calibration);

void fit_free(struct fit *fit);

/* Least squares with non-negative results: minimises the sum of weight * (row . x - value)^2. */
enum { MOST_UNKNOWNS = OP_FEATURES };
void solve_non_negative(const double *rows, const double *values, const double *weights, int count, int unknowns,
                        double x[MOST_UNKNOWNS]);
