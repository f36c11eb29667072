#include "tool/calibrate/fit.h"
#include "base/heap.h"
#include "predict/work.h"
#include "tool/calibrate/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_STEPS = 1 /* caches are cold, pages are new */, REWEIGHTINGS = 6 };

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
    double measured_s[MAX_LAYERS], product_s[MAX_LAYERS], features[OP_FEATURES];
    int count;
};

static void add_op(struct layers *layers, const struct op_work *work, double measured_s)
{
    layers->measured_s[layers->count] = measured_s;
    layers->product_s[layers->count++] = work->product_s;
    for (int i = 0; i < OP_FEATURES; i++)
        layers->features[i] += work->features[i];
}

static void take_layers(struct fit *fit, enum op_kind kind, struct layers *layers)
{
    if (layers->count > 0) {
        struct fit_sample sample = {.product_s = median_of(layers->product_s, layers->count),
                                    .measured_s = median_of(layers->measured_s, layers->count)};
        for (int i = 0; i < OP_FEATURES; i++)
            sample.features[i] = layers->features[i] / layers->count;
        add_sample(fit, kind, &sample);
    }
    layers->count = 0;
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
            take_layers(fit, (enum op_kind)kind, &layers[kind]);
    }
}

void fit_add(struct fit *fit, const struct plan *plan, const struct trace *trace)
{
    struct layers *layers = heap_take(OP_KINDS, sizeof *layers);
    for (int i = FIRST_STEPS; i < trace->count; i++) {
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

/* Weights that make errors relative, and count what lies far off (another process had the processor) for little. */
static double weight_of(const struct fit_sample *sample, const double x[OP_FEATURES], bool first)
{
    enum { TYPICAL_PERCENT = 10 };
    double predicted = sample->product_s, scale = 1 / (sample->measured_s + 2e-7);
    for (int i = 0; i < OP_FEATURES; i++)
        predicted += sample->features[i] * x[i];
    double off = fabs(predicted - sample->measured_s) * scale * 100 / TYPICAL_PERCENT;
    return scale * scale * (first || off < 1 ? 1 : 1 / off);
}

/* Features whose seconds are known already are not fitted, but taken off. */
static double solve_kind(const struct fit_sample *samples, int count, double x[OP_FEATURES])
{
    double known[OP_FEATURES];
    memcpy(known, x, sizeof known);
    double *rows = heap_take((size_t)count * OP_FEATURES, sizeof *rows),
           *values = heap_take((size_t)count, sizeof *values), *weights = heap_take((size_t)count, sizeof *weights),
           error = 0;
    for (int round = 0; round <= REWEIGHTINGS; round++) {
        for (int i = 0; i < count; i++) {
            values[i] = samples[i].measured_s - samples[i].product_s;
            weights[i] = weight_of(&samples[i], x, round == 0);
            for (int j = 0; j < OP_FEATURES; j++) {
                rows[i * OP_FEATURES + j] = known[j] > 0 ? 0 : samples[i].features[j];
                values[i] -= known[j] * samples[i].features[j];
            }
        }
        solve_non_negative(rows, values, weights, count, OP_FEATURES, x);
        for (int j = 0; j < OP_FEATURES; j++)
            x[j] = known[j] > 0 ? known[j] : x[j];
    }
    for (int i = 0; i < count; i++) {
        double predicted = samples[i].product_s;
        for (int j = 0; j < OP_FEATURES; j++)
            predicted += samples[i].features[j] * x[j];
        error += fabs(predicted - samples[i].measured_s) / (samples[i].measured_s + 2e-7) / count;
    }
    free(rows);
    free(values);
    free(weights);
    return error;
}

double fit_solve(struct fit *fit, struct calibration *calibration)
{
    double error = 0;
    int kinds = 0;
    for (int kind = 0; kind < OP_KINDS; kind++) {
        if (fit->samples[kind].count == 0)
            continue;
        error += solve_kind(fit->samples[kind].all, fit->samples[kind].count, calibration->op_s[kind]);
        kinds++;
    }
    if (fit->gaps.count > 0)
        calibration->step_s = median_of(fit->gaps.gap_s, fit->gaps.count);
    return kinds > 0 ? error / kinds : 0;
}

void fit_free(struct fit *fit)
{
    for (int kind = 0; kind < OP_KINDS; kind++)
        free(fit->samples[kind].all);
    free(fit->gaps.gap_s);
    *fit = (struct fit){0};
}
