/* What calibration measures, each part in a file of its own. */
#pragma once

#include "base/error.h"
#include "hardware.h"

/* Matrix products with the best kernels: line_s by dtype, company, footprint and rows, and tile_s. */
bool measure_products(struct calibration *calibration, int processors, struct error *error);

/* One of `lines` of a product, of which `apart_s` is no line's. Both were measured at different moments, maybe beside a
 * neighbour who had the processor: at least half of the product is taken to be its lines', so that none is negative. */
double line_seconds(double product_s, double apart_s, int lines);

/* Kernels that are no products, in the ops that call them: attention over cached positions, SwiGLU. Into op_s. */
bool measure_kernels(struct calibration *calibration, struct error *error);

/* Flags between processes: signal_s, wake_s, wake_call_s, switch_s, spin_s. */
bool measure_signals(struct calibration *calibration, int processors, struct error *error);

/* Runs `measure` in `count` processes at once, each on a processor of its own, all starting together. Each fills
 * `values` doubles, given zeroed; out[i] is the median of what they found. */
typedef void measurement(int process, double *values, void *context);
bool measure_in_processes(int count, measurement *measure, void *context, int values, double *out, struct error *error);

/* Sorts the values. */
double median_of(double *values, int count);
