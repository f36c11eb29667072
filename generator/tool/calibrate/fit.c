#include "tool/calibrate/fit.h"
#include "base/heap.h"
#include "predict/work.h"
#include "tool/calibrate/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REWEIGHTINGS = 6 };

/* ---- samples */

static void add_sample(struct fit *fit, enum op_kind kind, const struct fit_sample *sample)
{
    if (fit->samples[kind].count == fit->samples[kind].room) {
        fit->samples[kind].room = 2 * fit->samples[kind].room + 64;
        fit->samples[kind].all =
            heap_grow(fit->samples[kind].all, (size_t)fit->samples[kind].room, sizeof *fit->samples[kind].all);
    }
    fit->samples[kind].all[fit->samples[kind].count++] = *sample;
}

static void add_gap(struct fit_gaps *gaps, double gap_s)
{
    if (gaps->count == gaps->room) {
        gaps->room = 2 * gaps->room + 64;
        gaps->gap_s = heap_grow(gaps->gap_s, (size_t)gaps->room, sizeof *gaps->gap_s);
    }
    gaps->gap_s[gaps->count++] = gap_s;
}

/* The layers of one op kind and micro-batch in a step: one sample, of medians, so that an interrupt in one layer does
 * not count. */
struct layers {
    double measured_s[MAX_LAYERS], product_s[MAX_LAYERS], waiting_bytes, features[OP_FEATURES];
    int count;
};

static void add_op(struct layers *layers, const struct op_work *work, double measured_s)
{
    layers->measured_s[layers->count] = measured_s;
    layers->product_s[layers->count++] = work->product_s;
    layers->waiting_bytes += work->waiting_bytes;
    for (int i = 0; i < OP_FEATURES; i++)
        layers->features[i] += work->features[i];
}

static void take_layers(struct fit *fit, enum op_kind kind, double footprint_bytes, struct layers *layers)
{
    if (layers->count > 0) {
        struct fit_sample sample = {.product_s = median_of(layers->product_s, layers->count),
                                    .waiting_bytes = layers->waiting_bytes / layers->count,
                                    .footprint_bytes = footprint_bytes,
                                    .measured_s = median_of(layers->measured_s, layers->count)};
        for (int i = 0; i < OP_FEATURES; i++)
            sample.features[i] = layers->features[i] / layers->count;
        add_sample(fit, kind, &sample);
    }
    layers->count = 0;
    layers->waiting_bytes = 0;
    memset(layers->features, 0, sizeof layers->features);
}

static void add_rank(struct fit *fit, const struct work_site *site, const struct trace_step *step,
                     struct layers layers[OP_KINDS])
{
    const struct schedule *schedule = &site->class->schedules[step->step.phase];
    for (int micro = 0; micro < step->step.active; micro++) {
        for (int i = 0; i < schedule->count; i++) {
            const struct op *op = &schedule->ops[i];
            if (op->micro != micro)
                continue;
            const struct span *span = span_of(step, site->row->rank, i + 1);
            struct op_work work = work_of(site, op);
            add_op(&layers[op->kind], &work, span->end_s - span->start_s);
        }
        for (int kind = 0; kind < OP_KINDS; kind++)
            take_layers(fit, (enum op_kind)kind, site->footprint_bytes, &layers[kind]);
    }
}

void fit_add(struct fit *fit, const struct plan *plan, const struct trace *trace, int first_step)
{
    struct layers *layers = heap_take(OP_KINDS, sizeof *layers);
    for (int i = first_step; i < trace->count; i++) {
        const struct trace_step *step = &trace->steps[i];
        struct pool pool = {0};
        const struct work_site *sites = work_sites(plan, fit->hardware, &step->step, &pool);
        add_gap(&fit->gaps, step->begin_s - trace->steps[i - 1].end_s);
        for (int rank = 0; rank < plan->world; rank++)
            add_rank(fit, &sites[rank], step, layers);
        pool_free(&pool);
    }
    free(layers);
}

/* ---- solving */

/* What the sample should take by this calibration, without what the features of its op take. */
static double products_of(const struct fit_sample *sample, const struct calibration *calibration)
{
    return sample->product_s + waiting_seconds(calibration, sample->footprint_bytes, sample->waiting_bytes);
}

static double features_of(const struct fit_sample *sample, const double x[OP_FEATURES])
{
    double seconds = 0;
    for (int i = 0; i < OP_FEATURES; i++)
        seconds += sample->features[i] * x[i];
    return seconds;
}

/* Makes errors relative; of the shortest ops the clock itself is a part. */
static double scale_of(const struct fit_sample *sample)
{
    const double clock_s = 2e-7;
    return 1 / (sample->measured_s + clock_s);
}

/* What lies far off (another process had the processor) counts for little. */
static double weight_of(const struct fit_sample *sample, double off_s)
{
    const double typical = 0.1;
    double scale = scale_of(sample), off = fabs(off_s) * scale / typical;
    return scale * scale * (off < 1 ? 1 : 1 / off);
}

/* Features whose seconds are known already (`known` > 0) are not fitted, but taken off. */
static void solve_kind(const struct fit_sample *samples, int count, const struct calibration *calibration,
                       const double known[OP_FEATURES], double x[OP_FEATURES])
{
    double *rows = heap_take((size_t)count * OP_FEATURES, sizeof *rows),
           *values = heap_take((size_t)count, sizeof *values), *weights = heap_take((size_t)count, sizeof *weights);
    for (int round = 0; round <= REWEIGHTINGS; round++) {
        for (int i = 0; i < count; i++) {
            double rest_s = samples[i].measured_s - products_of(&samples[i], calibration);
            weights[i] = weight_of(&samples[i], round == 0 ? 0 : rest_s - features_of(&samples[i], x));
            values[i] = rest_s - features_of(&samples[i], known);
            for (int j = 0; j < OP_FEATURES; j++)
                rows[i * OP_FEATURES + j] = known[j] > 0 ? 0 : samples[i].features[j];
        }
        solve_non_negative(rows, values, weights, count, OP_FEATURES, x);
        for (int j = 0; j < OP_FEATURES; j++)
            x[j] = known[j] > 0 ? known[j] : x[j];
    }
    free(rows);
    free(values);
    free(weights);
}

/* The point of the calibration that is nearest, by factors. */
static int nearest_level(const struct calibration *calibration, double footprint_bytes)
{
    int best = 0;
    for (int i = 1; i < calibration->footprints; i++)
        if (fabs(log(calibration->footprint_bytes[i] / footprint_bytes)) <
            fabs(log(calibration->footprint_bytes[best] / footprint_bytes)))
            best = i;
    return best;
}

/* The median of what each sample of the level that waits for bytes is off by, a byte. False: there are no samples. */
static bool solve_level(const struct fit *fit, const struct calibration *calibration, int level, double *byte_s)
{
    int count = 0, room = 1;
    for (int kind = 0; kind < OP_KINDS; kind++)
        room += fit->samples[kind].count;
    double *off = heap_take((size_t)room, sizeof *off);
    for (int kind = 0; kind < OP_KINDS; kind++)
        for (int i = 0; i < fit->samples[kind].count; i++) {
            const struct fit_sample *sample = &fit->samples[kind].all[i];
            if (sample->waiting_bytes > 0 && nearest_level(calibration, sample->footprint_bytes) == level)
                off[count++] = (sample->measured_s - sample->product_s - features_of(sample, calibration->op_s[kind])) /
                               sample->waiting_bytes;
        }
    if (count > 0)
        *byte_s = median_of(off, count);
    free(off);
    return count > 0;
}

/* Levels that no rank was at take after the nearest that one was at. */
static void solve_levels(const struct fit *fit, struct calibration *calibration)
{
    double found[MAX_FOOTPRINTS];
    bool is_found[MAX_FOOTPRINTS];
    for (int level = 0; level < calibration->footprints; level++)
        is_found[level] = solve_level(fit, calibration, level, &found[level]);
    for (int level = 0; level < calibration->footprints; level++)
        for (int away = 0; away < calibration->footprints; away++) {
            int below = level - away, above = level + away;
            int other = below >= 0 && is_found[below] ? below : above;
            if (other >= calibration->footprints || !is_found[other])
                continue;
            calibration->byte_s[level] = found[other];
            break;
        }
}

static double mean_error(const struct fit *fit, const struct calibration *calibration)
{
    double error = 0;
    int count = 0;
    for (int kind = 0; kind < OP_KINDS; kind++)
        for (int i = 0; i < fit->samples[kind].count; i++, count++) {
            const struct fit_sample *sample = &fit->samples[kind].all[i];
            double predicted = products_of(sample, calibration) + features_of(sample, calibration->op_s[kind]);
            error += fabs(predicted - sample->measured_s) * scale_of(sample);
        }
    return count > 0 ? error / count : 0;
}

double fit_solve(struct fit *fit, struct calibration *calibration)
{
    enum { ROUNDS = 6 }; /* of ops and levels in turn */
    double known[OP_KINDS][OP_FEATURES];
    memcpy(known, calibration->op_s, sizeof known);
    for (int round = 0; round < ROUNDS; round++) {
        for (int kind = 0; kind < OP_KINDS; kind++)
            if (fit->samples[kind].count > 0)
                solve_kind(fit->samples[kind].all, fit->samples[kind].count, calibration, known[kind],
                           calibration->op_s[kind]);
        solve_levels(fit, calibration);
    }
    if (fit->gaps.count > 0)
        calibration->step_s = median_of(fit->gaps.gap_s, fit->gaps.count);
    return mean_error(fit, calibration);
}

void fit_free(struct fit *fit)
{
    for (int kind = 0; kind < OP_KINDS; kind++)
        free(fit->samples[kind].all);
    free(fit->gaps.gap_s);
    *fit = (struct fit){0};
}
