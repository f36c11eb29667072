/* What a choice is likely to reach, in microseconds: one rank of each stage stands for all of its stage.
 *
 * Its op list is gone through once a step. Peers are taken to be where the rank itself is, so a message is there as
 * soon as it has crossed the links; experts get the rows that the busiest rank of the group is likely to get. Stages
 * hand their micro-batches on, so pipeline bubbles come out as they will. What ops and messages take is asked from the
 * same functions as the simulator asks. */
#include "predict/search_parts.h"
#include "predict/traffic.h"
#include "serve/lanes.h"

#include <math.h>
#include <string.h>

/* Of the ranks of one class in one phase. Message bytes are those to one peer. */
struct class_costs {
    double seconds[OP_KINDS], message_bytes[OP_KINDS];
};

/* A typical step of a phase, on every lane. */
struct typical_step {
    int active, steps;
    struct micro_rows rows; /* of one micro-batch */
};

struct outline_costs {
    const struct plan *plan;
    const struct hardware *hardware;
    struct typical_step steps[PHASES];
    struct class_costs *classes[PHASES]; /* [class_count] */
    int lane_sequences;
};

/* ---- typical steps */

static int share_above(int whole, int parts)
{
    return (whole + parts - 1) / parts;
}

/* Rows of a lane in a step, split into as many micro-batches as the head would use (serve/lanes.c). */
static struct typical_step typical_step(const struct shapes *shape, int lane_rows, int capacity, int wanted,
                                        double positions)
{
    int active = share_above(lane_rows, capacity);
    if (lane_rows >= ROWS_WORTH_SPLITTING * shape->micro_batches)
        active = shape->micro_batches;
    int rows = share_above(lane_rows, active);
    return (struct typical_step){
        .active = active,
        .steps = 1,
        .rows = {.rows = rows, .wanted = share_above(wanted, active), .positions = (int64_t)(rows * positions)}};
}

static void typical_steps(const struct shapes *shape, const struct workload *workload, struct typical_step out[PHASES])
{
    int prompt_rows = workload->sequences * workload->prompt_tokens;
    int most = shape->micro_batches * shape->prefill_rows;
    int steps = share_above(prompt_rows, most);
    out[PREFILL] = typical_step(shape, share_above(prompt_rows, steps), shape->prefill_rows,
                                share_above(workload->sequences, steps), (workload->prompt_tokens + 1) / 2.0);
    out[PREFILL].steps = steps;
    out[DECODE] = typical_step(shape, workload->sequences, shape->decode_rows, workload->sequences,
                               workload->prompt_tokens + workload->new_tokens / 2.0);
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
static double busiest_rows(const struct shapes *shape, double rows, double excess)
{
    double mean = rows * shape->top_k * excess; /* from ep lanes, to one of ep coordinates */
    return mean + sqrt(2 * log(shape->ep) * mean * (1 - 1.0 / shape->ep));
}

/* Deals rows to slots, no slot more than one row above another; slots beyond the rows get none. */
static void deal_rows(double rows, int slots, int32_t *out)
{
    int whole = (int)(rows + 0.5);
    for (int slot = 0; slot < slots; slot++)
        out[slot] = whole / slots + (slot < whole % slots);
}

/* One layer and micro-batch, since all are alike; lane 0 is the rank's own. */
static void typical_routes(const struct shapes *shape, int rows, double excess, struct pool *pool,
                           struct step_routes *out)
{
    size_t ep = (size_t)shape->ep;
    out->slot_rows = pool_take(pool, (size_t)shape->expert_slots, sizeof *out->slot_rows);
    out->sent_rows = pool_take(pool, ep * ep, sizeof *out->sent_rows);
    deal_rows(busiest_rows(shape, rows, excess), shape->expert_slots, out->slot_rows);
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

static void class_costs(const struct outline_costs *costs, enum phase phase, struct rank_class class, double excess,
                        struct class_costs *out)
{
    struct pool pool = {0};
    const struct typical_step *typical = &costs->steps[phase];
    struct micro_rows *rows = pool_take(&pool, (size_t)class.shape.ep, sizeof *rows);
    struct step step = {.phase = phase, .active = 1, .rows = rows};
    class.shape.model_layers = 1; /* the routes are of one layer */
    const struct rank_row row = {0};
    struct work_site site = {
        .plan = costs->plan, .hardware = costs->hardware, .class = &class, .row = &row, .step = &step};
    for (int lane = 0; lane < class.shape.ep; lane++)
        rows[lane] = typical->rows;
    typical_routes(&class.shape, typical->rows.rows, excess, &pool, &step.routes);
    share_processors(&site);
    const struct schedule *schedule = &class.schedules[phase];
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

struct outline_costs *estimate_costs(const struct plan *plan, const struct hardware *hardware,
                                     const struct workload *workload, enum placing placing, struct pool *pool)
{
    struct outline_costs *costs = pool_take(pool, 1, sizeof *costs);
    *costs = (struct outline_costs){.plan = plan, .hardware = hardware, .lane_sequences = workload->sequences};
    typical_steps(&plan->classes[0].shape, workload, costs->steps);
    double excess = popularity(plan, &workload->routing, placing);
    for (int phase = 0; phase < PHASES; phase++) {
        costs->classes[phase] = pool_take(pool, (size_t)plan->class_count, sizeof *costs->classes[phase]);
        for (int i = 0; i < plan->class_count; i++)
            class_costs(costs, phase, plan->classes[i], excess, &costs->classes[phase][i]);
    }
    return costs;
}

/* ---- a step */

/* Peers of a rank along each axis, by the level of links at which it meets them. */
struct neighbourhood {
    int peers[AXES][MAX_LINK_LEVELS];
};

static struct neighbourhood neighbourhood_of(const struct choice *choice, const struct hardware *hardware, int stage)
{
    struct neighbourhood near = {0};
    int strides[AXES];
    order_strides(choice->grid, choice->order, strides);
    for (int axis = AXIS_EP; axis < AXES; axis++)
        for (int i = 1; i < choice->grid[axis]; i++)
            near.peers[axis][level_between(hardware, 0, i * strides[axis])]++;
    if (stage + 1 < choice->grid[AXIS_PP])
        near.peers[AXIS_PP][level_between(hardware, stage * strides[AXIS_PP], (stage + 1) * strides[AXIS_PP])]++;
    return near;
}

/* The rank that stands for a stage. */
struct stand_in {
    const struct hardware *hardware;
    const struct class_costs *costs;
    struct neighbourhood near;
    double clock_s, busy_s;
    double link_free_s[MAX_LINK_LEVELS];
    double arrived_s[MAILBOX_KINDS][MAX_MICRO_BATCHES]; /* peers' messages, as sent by itself */
};

/* Posts to all peers; returns when the last message is there. */
static double post(struct stand_in *rank, const struct op *op)
{
    double last_s = rank->clock_s;
    const struct hardware *hardware = rank->hardware;
    for (int level = 0; level < hardware->link_count; level++) {
        int peers = rank->near.peers[op_table[op->kind].axis][level];
        if (peers == 0 || hardware->calibrated)
            continue;
        double start_s = fmax(rank->clock_s, rank->link_free_s[level]);
        rank->link_free_s[level] =
            start_s + peers * rank->costs->message_bytes[op->kind] / hardware->links[level].bandwidth;
        last_s = fmax(last_s, rank->link_free_s[level] + hardware->links[level].latency_s);
    }
    return last_s + (hardware->calibrated ? hardware->calibrated->signal_s : 0);
}

static void run_op(struct stand_in *rank, const struct op *op, double handed_s[MAX_MICRO_BATCHES])
{
    const struct op_info *info = &op_table[op->kind];
    double *arrived_s = info->action == ACTION_COMPUTE ? NULL : &rank->arrived_s[info->mailbox][op->micro];
    if (info->action == ACTION_COLLECTIVE)
        *arrived_s = post(rank, op);
    if (info->action == ACTION_RECEIVE)
        *arrived_s = handed_s[op->micro];
    if (info->action == ACTION_COLLECTIVE || info->action == ACTION_WAIT || info->action == ACTION_RECEIVE)
        rank->clock_s = fmax(rank->clock_s, *arrived_s);
    rank->clock_s += rank->costs->seconds[op->kind];
    rank->busy_s += rank->costs->seconds[op->kind];
    if (info->action == ACTION_POST)
        *arrived_s = post(rank, op);
    if (info->action == ACTION_SEND)
        handed_s[op->micro] = post(rank, op);
}

static const struct rank_class *class_of_stage(const struct plan *plan, const struct choice *choice, int stage)
{
    const struct rank_class *class = plan->classes;
    int stages = choice->grid[AXIS_PP];
    while (class->first_stage != (stage == 0) || class->last_stage != (stage == stages - 1) ||
           class->shape.layers != choice->stage_layers[stage])
        class++;
    return class;
}

static double step_seconds(const struct outline_costs *costs, const struct choice *choice, enum phase phase)
{
    const struct hardware *hardware = costs->hardware;
    double handed_s[MAX_MICRO_BATCHES] = {0}, last_s = 0, busy_s = 0;
    int stages = choice->grid[AXIS_PP], stage_ranks = costs->plan->world / stages;
    for (int stage = 0; stage < stages; stage++) {
        const struct rank_class *class = class_of_stage(costs->plan, choice, stage);
        struct stand_in rank = {.hardware = hardware,
                                .costs = &costs->classes[phase][class - costs->plan->classes],
                                .near = neighbourhood_of(choice, hardware, stage)};
        const struct schedule *schedule = &class->schedules[phase];
        for (int i = 0; i < schedule->count; i++)
            if (schedule->ops[i].micro < costs->steps[phase].active)
                run_op(&rank, &schedule->ops[i], handed_s);
        last_s = fmax(last_s, rank.clock_s);
        busy_s += rank.busy_s * stage_ranks;
    }
    /* Ranks that share processors cannot do more at a time than those. */
    if (hardware->processors > 0)
        last_s = fmax(last_s, busy_s / hardware->processors);
    if (hardware->calibrated)
        last_s += hardware->calibrated->step_s + costs->plan->world * hardware->calibrated->step_rank_s;
    return last_s;
}

struct score estimate(const struct outline_costs *costs, const struct choice *choice)
{
    int lanes = choice->grid[AXIS_DP] * choice->grid[AXIS_EP];
    return (struct score){
        .ttft_s = costs->steps[PREFILL].steps * step_seconds(costs, choice, PREFILL),
        .tokens_per_s = (double)lanes * costs->lane_sequences / step_seconds(costs, choice, DECODE),
    };
}
