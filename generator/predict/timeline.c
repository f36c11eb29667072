#include "predict/timeline.h"

#include <string.h>

static void begin_trace(const struct plan *plan, int most_steps, struct trace *out)
{
    *out = (struct trace){.kind = "simulated"};
    memcpy(out->hash, plan->hash, sizeof out->hash);
    out->steps = pool_take(&out->pool, (size_t)most_steps, sizeof *out->steps);
}

/* Simulates a step, which the trace takes as it is, right after the one before. */
static void add_step(const struct plan *plan, const struct hardware *hardware, const struct step *step,
                     struct trace *out)
{
    struct pool pool = {0};
    struct step_result result;
    struct trace_step *added = &out->steps[out->count];
    double begin_s = out->count > 0 ? out->steps[out->count - 1].end_s : 0;
    if (out->count > 0)
        begin_s += between_steps_s(hardware);
    out->count++;
    *added = (struct trace_step){.step = *step, .begin_s = begin_s, .ops = plan_most_ops(plan, step->phase)};
    size_t spans = (size_t)plan->world * (size_t)added->ops;
    added->spans = pool_take(&out->pool, spans, sizeof *added->spans);
    simulate_step(plan, hardware, step, &pool, &result, added->spans);
    added->end_s = begin_s + result.seconds;
    for (size_t i = 0; i < spans; i++) {
        added->spans[i].begin_s += begin_s;
        added->spans[i].start_s += begin_s;
        added->spans[i].end_s += begin_s;
    }
    pool_free(&pool);
}

void simulate_workload(const struct plan *plan, const struct hardware *hardware, const struct workload *workload,
                       int each, struct trace *out)
{
    struct workload_steps steps = workload_begin(plan, workload);
    int taken[PHASES] = {0};
    begin_trace(plan, PHASES * each, out);
    for (uint64_t seed = 1; taken[DECODE] < each; seed++) {
        struct pool aside = {0};
        struct step step;
        bool more = workload_next(&steps, &aside, &step);
        enum phase into = steps.without_token == 0 ? DECODE : PREFILL;
        if (more && taken[into] < each) {
            struct step kept = step;
            step_take_rows(plan, &out->pool, &kept);
            memcpy(kept.rows, step.rows, step_rows_count(plan, &step) * sizeof *kept.rows);
            routes_draw(plan, &workload->routing, seed, &out->pool, &kept);
            add_step(plan, hardware, &kept, out);
            taken[into]++;
        }
        pool_free(&aside);
        if (!more)
            break;
    }
    workload_end(&steps);
}

void simulate_like(const struct plan *plan, const struct hardware *hardware, const struct trace *measured,
                   struct trace *out)
{
    begin_trace(plan, measured->count, out);
    for (int i = 0; i < measured->count; i++) {
        const struct step *step = &measured->steps[i].step;
        struct step copy = *step;
        step_take_rows(plan, &out->pool, &copy);
        step_take_routes(plan, &out->pool, &copy);
        memcpy(copy.rows, step->rows, step_rows_count(plan, step) * sizeof *copy.rows);
        memcpy(copy.routes.slot_rows, step->routes.slot_rows,
               slot_rows_count(plan, step) * sizeof *copy.routes.slot_rows);
        memcpy(copy.routes.sent_rows, step->routes.sent_rows,
               sent_rows_count(plan, step) * sizeof *copy.routes.sent_rows);
        add_step(plan, hardware, &copy, out);
    }
}
