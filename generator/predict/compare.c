#include "predict/compare.h"
#include "base/heap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the same steps? */

static int64_t rows_in(const struct plan *plan, const struct step *step)
{
    int64_t rows = 0;
    for (size_t i = 0; i < step_rows_count(plan, step); i++)
        rows += step->rows[i].rows;
    return rows;
}

static bool same_shape(const struct plan *plan, const struct step *left, const struct step *right)
{
    if (left->phase != right->phase || left->active != right->active)
        return false;
    for (size_t i = 0; i < step_rows_count(plan, left); i++)
        if (left->rows[i].rows != right->rows[i].rows || left->rows[i].wanted != right->rows[i].wanted ||
            left->rows[i].positions != right->rows[i].positions)
            return false;
    return true;
}

static bool same_steps(const struct comparison *out, const char *path, struct error *error)
{
    static const char hint[] = "simulate the measured steps with rankc sim --like";
    const struct trace *measured = out->measured, *simulated = out->simulated;
    if (measured->count != simulated->count)
        return fail(error, path, 0, "has %s, where the measured timeline has %d; %s",
                    counted(simulated->count, "step").text, measured->count, hint);
    for (int i = 0; i < measured->count; i++) {
        const struct step *left = &measured->steps[i].step, *right = &simulated->steps[i].step;
        if (!same_shape(out->plan, left, right))
            return fail(error, path, 0,
                        "step %d is a %s of %lld rows in %s; the measured one is a %s of %lld in %d, or has them "
                        "elsewhere; %s",
                        i + 1, phase_names[right->phase], (long long)rows_in(out->plan, right),
                        counted(right->active, "micro-batch").text, phase_names[left->phase],
                        (long long)rows_in(out->plan, left), left->active, hint);
    }
    return true;
}

static bool same_routes(const struct plan *plan, const struct step *left, const struct step *right)
{
    return memcmp(left->routes.slot_rows, right->routes.slot_rows,
                  slot_rows_count(plan, left) * sizeof *left->routes.slot_rows) == 0 &&
           memcmp(left->routes.sent_rows, right->routes.sent_rows,
                  sent_rows_count(plan, left) * sizeof *left->routes.sent_rows) == 0;
}

/* ---- adding up */

static double work_of_span(const struct span *span)
{
    return span->end_s - span->start_s;
}

static double wait_of_span(const struct span *span)
{
    return span->start_s - span->begin_s;
}

static void add_both(struct both *sum, double measured, double simulated)
{
    sum->measured += measured;
    sum->simulated += simulated;
}

static void add_bytes(struct comparison *out, int step, int rank, int op_id, enum mailbox_kind mailbox,
                      uint64_t measured, uint64_t simulated)
{
    if (mailbox != MAILBOX_NONE) {
        out->bytes[mailbox].measured += measured;
        out->bytes[mailbox].simulated += simulated;
    }
    if (measured == simulated || out->other_bytes++ > 0)
        return;
    out->first_other_bytes.step = step + 1;
    out->first_other_bytes.rank = rank;
    out->first_other_bytes.op_id = op_id;
}

/* `places`: of the rank, by op. */
static void add_rank(struct comparison *out, int index, int rank, struct compared_place *places)
{
    const struct trace_step *measured = &out->measured->steps[index], *simulated = &out->simulated->steps[index];
    enum phase phase = measured->step.phase;
    const struct schedule *schedule = schedule_of(out->plan, rank, phase);
    struct compared_phase *sums = &out->phases[phase];
    for (int i = 0; i < schedule->count; i++) {
        const struct op *op = &schedule->ops[i];
        const struct span *left = span_of(measured, rank, i + 1), *right = span_of(simulated, rank, i + 1);
        if (op->micro >= measured->step.active)
            continue;
        struct compared_op *of_kind = &sums->ops[op->kind];
        of_kind->count++;
        add_both(&of_kind->work_s, work_of_span(left), work_of_span(right));
        add_both(&of_kind->wait_s, wait_of_span(left), wait_of_span(right));
        add_both(&sums->work_s, work_of_span(left), work_of_span(right));
        add_both(&sums->wait_s, wait_of_span(left), wait_of_span(right));
        add_both(&places[i].work_s, work_of_span(left), work_of_span(right));
        places[i] = (struct compared_place){phase, rank, i + 1, places[i].count + 1, places[i].work_s};
        add_bytes(out, index, rank, i + 1, op_table[op->kind].mailbox, left->bytes, right->bytes);
    }
}

static void add_step(struct comparison *out, int index)
{
    const struct trace_step *measured = &out->measured->steps[index], *simulated = &out->simulated->steps[index];
    struct compared_phase *sums = &out->phases[measured->step.phase];
    double real = measured->end_s - measured->begin_s, predicted = simulated->end_s - simulated->begin_s;
    double error = real > 0 ? predicted / real - 1 : 0;
    sums->steps++;
    add_both(&sums->step_s, real, predicted);
    sums->error += fabs(error); /* a sum until all steps are in */
    if (fabs(error) > fabs(sums->worst_error) || sums->worst_step == 0) {
        sums->worst_error = error;
        sums->worst_step = index + 1;
    }
    out->same_routes = out->same_routes && same_routes(out->plan, &measured->step, &simulated->step);
}

/* ---- what is furthest apart */

static double distance(const struct compared_place *place)
{
    return fabs(place->work_s.measured - place->work_s.simulated);
}

static void keep_if_far(struct comparison *out, const struct compared_place *place)
{
    int at = out->apart_count;
    while (at > 0 && distance(&out->apart[at - 1]) < distance(place))
        at--;
    if (distance(place) <= 0 || at == MOST_APART)
        return;
    int kept = out->apart_count < MOST_APART ? out->apart_count++ : MOST_APART - 1;
    memmove(&out->apart[at + 1], &out->apart[at], (size_t)(kept - at) * sizeof *out->apart);
    out->apart[at] = *place;
}

static void add_ops(struct comparison *out, enum phase phase)
{
    int most = plan_most_ops(out->plan, phase);
    struct compared_place *places = heap_take((size_t)most, sizeof *places);
    for (int rank = 0; rank < out->plan->world; rank++) {
        memset(places, 0, (size_t)most * sizeof *places);
        for (int i = 0; i < out->measured->count; i++)
            if (out->measured->steps[i].step.phase == phase)
                add_rank(out, i, rank, places);
        for (int op = 0; op < most; op++)
            keep_if_far(out, &places[op]);
    }
    free(places);
}

bool compare_traces(const struct plan *plan, const struct trace *measured, const struct trace *simulated,
                    const char *path, struct comparison *out, struct error *error)
{
    *out = (struct comparison){.plan = plan, .measured = measured, .simulated = simulated, .same_routes = true};
    if (!same_steps(out, path, error))
        return false;
    for (int i = 0; i < measured->count; i++)
        add_step(out, i);
    for (enum phase phase = 0; phase < PHASES; phase++) {
        add_ops(out, phase);
        if (out->phases[phase].steps > 0)
            out->phases[phase].error /= out->phases[phase].steps;
    }
    for (int i = 0; measured->counters && i < plan->world * MAILBOX_KINDS; i++)
        out->bytes[i % MAILBOX_KINDS].counted += measured->counters[i];
    return true;
}
