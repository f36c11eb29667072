/* What the ops of an outline take: the typical steps of its workload, the routes of a typical row, and with those the
 * seconds and the messages of each op, asked from the same functions as the simulator asks. */
#include "predict/search/parts.h"
#include "predict/traffic.h"
#include "serve/lanes.h"

#include <math.h>

/* ---- typical steps */

static int share_above(int whole, int parts)
{
    return (whole + parts - 1) / parts;
}

/* Rows of a lane in a step, in the phase and the number of micro-batches that the head would choose (serve/lanes.c). */
static struct typical_step typical_step(const struct shapes *shape, int lane_rows, int wanted, double positions)
{
    struct typical_step step = {.count = 1};
    step.phase = lane_rows <= shape->micro_batches * shape->decode_rows ? DECODE : PREFILL;
    step.active = share_above(lane_rows, step.phase == DECODE ? shape->decode_rows : shape->prefill_rows);
    if (lane_rows >= ROWS_WORTH_SPLITTING * shape->micro_batches)
        step.active = shape->micro_batches;
    int rows = share_above(lane_rows, step.active);
    step.rows = (struct micro_rows){
        .rows = rows, .wanted = share_above(wanted, step.active), .positions = (int64_t)(rows * positions)};
    return step;
}

/* Reads the prompts of a lane as it does itself (serve/lane.c): every sequence whose prompt has been read takes a row
 * of each further step. */
static void typical_steps(const struct shapes *shape, const struct workload *workload,
                          struct typical_step out[TYPICAL_STEPS])
{
    int prompt = workload->prompt_tokens, unread = workload->sequences * prompt, full_steps = 0, rows = 0;
    int capacity =
        shape->micro_batches * (shape->prefill_rows > shape->decode_rows ? shape->prefill_rows : shape->decode_rows);
    while (unread > 0) {
        int decoding = workload->sequences - share_above(unread, prompt);
        rows = decoding + (unread < capacity - decoding ? unread : capacity - decoding);
        unread -= rows - decoding;
        full_steps += unread > 0;
    }
    out[FULL_STEP] =
        typical_step(shape, capacity, share_above(workload->sequences, full_steps + 1), (prompt + 1) / 2.0);
    out[FULL_STEP].count = full_steps;
    out[LAST_STEP] = typical_step(shape, rows, workload->sequences, full_steps > 0 ? prompt : (prompt + 1) / 2.0);
    out[DECODE_STEP] =
        typical_step(shape, workload->sequences, workload->sequences, prompt + workload->new_tokens / 2.0);
}

/* ---- typical routes */

/* The chance that none of a row's experts are among `slots` of them, all chosen alike often. */
static double chance_of_none(const struct shapes *shape, int slots)
{
    double chance = 1;
    for (int i = 0; i < shape->top_k; i++)
        chance *= fmax(0, (double)(shape->experts - slots - i) / (shape->experts - i));
    return chance;
}

/* By how much the rows of the busiest ep coordinate exceed an even share: because its experts are popular, on average
 * over the layers, ... */
static double popularity(const struct plan *plan, const struct routing *routing, enum placing placing)
{
    const struct shapes *shape = &plan->classes[0].shape;
    double sum = 0;
    for (int layer = 0; layer < shape->model_layers && routing->share; layer++) {
        const double *share = routing->share + (size_t)layer * (size_t)shape->experts;
        double all = 0, busiest = 0;
        for (int expert = 0; expert < shape->experts; expert++)
            all += share[expert];
        for (int at = 0; at < shape->ep; at++) {
            double mine = 0;
            for (int expert = 0; expert < shape->experts; expert++)
                if ((placing == PLACED_IN_TURN ? expert % shape->ep : expert * shape->ep / shape->experts) == at)
                    mine += share[expert];
            busiest = fmax(busiest, mine);
        }
        sum += busiest / all * shape->ep;
    }
    return routing->share ? sum / shape->model_layers : 1;
}

/* ... and because chance made it so: the largest of n normal variables is sqrt(2 ln n) deviations above their mean. */
static double busiest(const struct shapes *shape, double mean, double variance)
{
    return mean + sqrt(2 * log(shape->ep) * variance);
}

/* Deals the rows that come from all lanes to as many slots as are likely to get any. */
static void deal_rows(const struct shapes *shape, int lane_rows, double excess, int32_t *out)
{
    double mean = lane_rows * shape->top_k * excess; /* from ep lanes, to one of ep coordinates */
    double met = 1 - pow(1 - (double)shape->top_k / shape->experts, (double)lane_rows * shape->ep);
    int rows = (int)(busiest(shape, mean, mean * (1 - 1.0 / shape->ep)) + 0.5);
    int slots = (int)(busiest(shape, shape->expert_slots * met, shape->expert_slots * met * (1 - met)) + 0.5);
    slots = slots < 1 ? 1 : slots > shape->expert_slots ? shape->expert_slots : slots;
    for (int slot = 0; slot < slots; slot++)
        out[slot] = rows / slots + (slot < rows % slots);
}

/* One layer and micro-batch, since all are alike; lane 0 is the rank's own. */
static void typical_routes(const struct shapes *shape, int rows, double excess, struct pool *pool,
                           struct step_routes *out)
{
    size_t ep = (size_t)shape->ep;
    out->slot_rows = pool_take(pool, (size_t)shape->expert_slots, sizeof *out->slot_rows);
    out->sent_rows = pool_take(pool, ep * ep, sizeof *out->sent_rows);
    deal_rows(shape, rows, excess, out->slot_rows);
    double sent = rows * fmin(1, (1 - chance_of_none(shape, shape->expert_slots)) * excess);
    for (size_t i = 0; i < ep; i++) {
        out->sent_rows[i] = (int32_t)(sent + 0.5);      /* from the own lane */
        out->sent_rows[i * ep] = (int32_t)(sent + 0.5); /* to it */
    }
}

/* ---- costs */

/* The bytes that the rank's processor passes over in a step: the weights of all ranks that share it. */
static void share_processors(struct work_site *site)
{
    const struct hardware *hardware = site->hardware;
    int world = site->plan->world;
    if (!hardware->calibrated || hardware->processors == 0)
        return;
    int sharing = world < hardware->processors ? world : hardware->processors;
    double bytes = 0;
    for (int i = 0; i < site->plan->class_count; i++) {
        const struct rank_class *class = &site->plan->classes[i];
        double embedding = class->first_stage ? (double)class->tensors[TENSOR_EMBEDDING].bytes : 0;
        bytes += class->ranks *
                 ((double)class->shard_bytes[SHARD_DENSE] + (double)class->shard_bytes[SHARD_EXPERTS] - embedding);
    }
    site->footprint_bytes = bytes / sharing;
    site->company = sharing > 1 ? TOGETHER : ALONE;
}

static void class_costs(const struct outline_costs *costs, const struct typical_step *typical, struct rank_class class,
                        double excess, struct class_costs *out)
{
    struct pool pool = {0};
    struct micro_rows *rows = pool_take(&pool, (size_t) class.shape.ep, sizeof *rows);
    struct step step = {.phase = typical->phase, .active = 1, .rows = rows};
    class.shape.model_layers = 1; /* the routes are of one layer */
    const struct rank_row row = {0};
    struct work_site site = {
        .plan = costs->plan, .hardware = costs->hardware, .class = &class, .row = &row, .step = &step};
    for (int lane = 0; lane < class.shape.ep; lane++)
        rows[lane] = typical->rows;
    typical_routes(&class.shape, typical->rows.rows, excess, &pool, &step.routes);
    share_processors(&site);
    const struct schedule *schedule = &class.schedules[typical->phase];
    for (int i = 0; i < schedule->count; i++) {
        struct op op = schedule->ops[i];
        if (op.micro > 0 || op.layer > 0)
            continue;
        struct op_work work = work_of(&site, &op);
        out->seconds[op.kind] = work_seconds(costs->hardware, op.kind, &work);
        bool posts = op_table[op.kind].action == ACTION_COLLECTIVE || op_table[op.kind].action == ACTION_POST ||
                     op_table[op.kind].action == ACTION_SEND;
        if (posts)
            out->message_bytes[op.kind] = (double)message_bytes(&site, &op, class.shape.ep > 1);
    }
    pool_free(&pool);
}

const struct outline_costs *outline_costs(const struct plan *plan, const struct hardware *hardware,
                                          const struct workload *workload, enum placing placing, struct pool *pool)
{
    struct outline_costs *costs = pool_take(pool, 1, sizeof *costs);
    *costs = (struct outline_costs){.plan = plan, .hardware = hardware, .lane_sequences = workload->sequences};
    typical_steps(&plan->classes[0].shape, workload, costs->steps);
    double excess = popularity(plan, &workload->routing, placing);
    for (int step = 0; step < TYPICAL_STEPS; step++) {
        costs->classes[step] = pool_take(pool, (size_t)plan->class_count, sizeof *costs->classes[step]);
        for (int i = 0; i < plan->class_count; i++)
            class_costs(costs, &costs->steps[step], plan->classes[i], excess, &costs->classes[step][i]);
    }
    return costs;
}
