/* A workload as the steps that the head would make of it, and what they add up to. */
#include "predict/prediction.h"

#include <string.h>

/* ---- runs of like steps */

/* Steps in a row that differ only in how far their rows look back. Time is as good as linear in that, so only the step
 * that looks back least and the one that looks back most are simulated. */
struct run {
    int count;
    struct pool pool;
    struct step nearest, farthest;
    double near, far, positions; /* attended in those two, and in all steps together */
};

struct phase_sum {
    int steps;
    double seconds, flops, bytes[MAILBOX_KINDS], levels[MAX_LINK_LEVELS], compute, communication, exposed, bubble;
};

struct predicting {
    const struct plan *plan;
    const struct hardware *hardware;
    const struct workload *workload;
    int lanes;
    struct run run;
    struct phase_sum sums[PHASES]; /* until the last sequence has its first token, and after */
    int into;                      /* the sum that steps go into */
    uint64_t seed;
};

static double all_positions(const struct predicting *p, const struct step *step)
{
    double positions = 0;
    for (int i = 0; i < p->lanes * step->active; i++)
        positions += (double)step->rows[i].positions;
    return positions;
}

static bool is_like(const struct predicting *p, const struct step *step)
{
    const struct step *other = &p->run.nearest;
    if (p->run.count == 0 || step->phase != other->phase || step->active != other->active)
        return false;
    for (int i = 0; i < p->lanes * step->active; i++)
        if (step->rows[i].rows != other->rows[i].rows || step->rows[i].wanted != other->rows[i].wanted)
            return false;
    return true;
}

/* `count` steps that are as `step`, on average. */
static void add_steps(struct predicting *p, struct step *step, double count)
{
    struct pool pool = {0};
    struct step_result result;
    struct phase_sum *sum = &p->sums[p->into];
    routes_draw(p->plan, &p->workload->routing, ++p->seed, &pool, step);
    simulate_step(p->plan, p->hardware, step, &pool, &result, NULL);
    double between = between_steps_s(p->hardware);
    sum->seconds += count * (result.seconds + between);
    sum->flops += count * result.flops;
    for (int i = 0; i < MAILBOX_KINDS; i++)
        sum->bytes[i] += count * (double)result.mailbox_bytes[i];
    for (int i = 0; i < MAX_LINK_LEVELS; i++)
        sum->levels[i] += count * (double)result.level_bytes[i];
    for (int rank = 0; rank < p->plan->world; rank++) {
        sum->compute += count * result.ranks[rank].compute;
        sum->communication += count * result.ranks[rank].communication;
        sum->exposed += count * result.ranks[rank].exposed;
        sum->bubble += count * (result.ranks[rank].bubble + between);
    }
    pool_free(&pool);
}

static void close_run(struct predicting *p)
{
    struct run *run = &p->run;
    if (run->count > 0) {
        double far_share =
            run->far > run->near ? (run->positions / run->count - run->near) / (run->far - run->near) : 0;
        if (far_share < 1)
            add_steps(p, &run->nearest, run->count * (1 - far_share));
        if (far_share > 0)
            add_steps(p, &run->farthest, run->count * far_share);
        p->sums[p->into].steps += run->count;
    }
    pool_free(&run->pool);
    *run = (struct run){0};
}

/* Both kept steps of a run have as many rows entries as every other step of it. */
static void keep_step(struct predicting *p, const struct step *step, struct step *kept)
{
    struct micro_rows *rows = kept->rows;
    size_t count = (size_t)p->lanes * (size_t)step->active;
    if (!rows)
        rows = pool_take(&p->run.pool, count, sizeof *rows);
    memcpy(rows, step->rows, count * sizeof *rows);
    *kept = *step;
    kept->rows = rows;
}

static void add_to_run(struct predicting *p, const struct step *step)
{
    struct run *run = &p->run;
    double positions = all_positions(p, step);
    if (!is_like(p, step))
        close_run(p);
    if (run->count == 0 || positions < run->near) {
        keep_step(p, step, &run->nearest);
        run->near = positions;
    }
    if (run->count == 0 || positions > run->far) {
        keep_step(p, step, &run->farthest);
        run->far = positions;
    }
    run->positions += positions;
    run->count++;
}

/* ---- the workload */

static struct phase_prediction conclude(const struct predicting *p, const struct phase_sum *sum, double tokens)
{
    struct phase_prediction out = {.steps = sum->steps};
    if (sum->steps == 0)
        return out;
    double peak = p->hardware->flops[p->plan->classes[0].weights].peak, ranks = p->plan->world;
    out.step_s = sum->seconds / sum->steps;
    out.tokens_per_s = tokens / sum->seconds;
    out.mfu = peak > 0 ? sum->flops / (sum->seconds * peak * ranks) : 0;
    out.compute = sum->compute / (sum->seconds * ranks);
    out.communication = sum->communication / (sum->seconds * ranks);
    out.exposed = sum->exposed / (sum->seconds * ranks);
    out.bubble = sum->bubble / (sum->seconds * ranks);
    for (int i = 0; i < MAILBOX_KINDS; i++)
        out.mailbox_bytes[i] = sum->bytes[i] / sum->steps;
    for (int i = 0; i < MAX_LINK_LEVELS; i++)
        out.level_bytes[i] = sum->levels[i] / sum->steps;
    return out;
}

void predict_workload(const struct plan *plan, const struct hardware *hardware, const struct workload *workload,
                      struct prediction *out)
{
    struct predicting p = {.plan = plan, .hardware = hardware, .workload = workload, .lanes = plan_lanes(plan)};
    struct workload_steps steps = workload_begin(plan, workload);
    double prompt_tokens = (double)steps.count * workload->prompt_tokens, new_tokens = 0;
    struct pool pool = {0};
    for (struct step step; workload_next(&steps, &pool, &step); pool_free(&pool)) {
        if (p.into == PREFILL && steps.without_token == 0) {
            close_run(&p);
            p.into = DECODE;
        }
        new_tokens += p.into == DECODE ? steps.new_tokens : 0;
        add_to_run(&p, &step);
    }
    close_run(&p);
    pool_free(&pool);
    workload_end(&steps);
    *out = (struct prediction){.ttft_s = p.sums[PREFILL].seconds};
    out->phases[PREFILL] = conclude(&p, &p.sums[PREFILL], prompt_tokens);
    out->phases[DECODE] = conclude(&p, &p.sums[DECODE], new_tokens);
}
