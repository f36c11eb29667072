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

/* The steps that a workload is made of, as good as: full ones while prompts are read, the last of those, and decode. */
enum { FULL_STEP, LAST_STEP, DECODE_STEP, TYPICAL_STEPS };

/* A typical step, on every lane. */
struct typical_step {
    enum phase phase;
    int count; /* how many there are; of decode it does not matter */
    int active;
    struct micro_rows rows; /* of one micro-batch */
};

struct outline_costs {
    const struct plan *plan;
    const struct hardware *hardware;
    struct typical_step steps[TYPICAL_STEPS];
    struct class_costs *classes[TYPICAL_STEPS]; /* [class_count] */
    int lane_sequences;
};

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

/* Reads the prompts of a lane as it does itself (serve/lane.c): every sequence whose prompt has been read takes a row of
 * each further step. */
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
    out[FULL_STEP] = typical_step(shape, capacity, share_above(workload->sequences, full_steps + 1), (prompt + 1) / 2.0);
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
    struct micro_rows *rows = pool_take(&pool, (size_t)class.shape.ep, sizeof *rows);
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

struct outline_costs *estimate_costs(const struct plan *plan, const struct hardware *hardware,
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

/* ---- a step */

/* Peers of a rank along each axis, by the level of links at which it meets them. */
struct neighbourhood {
    int peers[AXES][MAX_LINK_LEVELS];
};

/* Whether groups along an axis lie alike in all units of the level: then one is as good as another. */
static bool lies_alike(int stride, int members, int unit)
{
    return unit % (stride * members) == 0 || (stride * members % unit == 0 && (unit % stride == 0 || stride % unit == 0));
}

/* Peers of one rank along an axis, by level. */
static void count_peers(const struct hardware *hardware, int rank, int stride, int members, int peers[MAX_LINK_LEVELS])
{
    int first = rank - rank / stride % members * stride;
    memset(peers, 0, MAX_LINK_LEVELS * sizeof *peers);
    for (int i = 0; i < members; i++)
        if (first + i * stride != rank)
            peers[level_between(hardware, rank, first + i * stride)]++;
}

/* The peers of the rank that has most of them far away: the others of its group wait for it. */
static void farthest_peers(const struct hardware *hardware, int world, int stride, int members,
                           int peers[MAX_LINK_LEVELS])
{
    bool alike = true;
    for (int level = 0; level + 1 < hardware->link_count; level++)
        alike = alike && lies_alike(stride, members, hardware->links[level].ranks);
    count_peers(hardware, 0, stride, members, peers);
    for (int rank = 1; rank < world && !alike; rank++) {
        int others[MAX_LINK_LEVELS], level = hardware->link_count - 1;
        count_peers(hardware, rank, stride, members, others);
        while (level > 0 && others[level] == peers[level])
            level--;
        if (others[level] > peers[level])
            memcpy(peers, others, sizeof others);
    }
}

static struct neighbourhood neighbourhood_of(const struct choice *choice, const struct hardware *hardware, int world)
{
    struct neighbourhood near = {0};
    int strides[AXES];
    order_strides(choice->grid, choice->order, strides);
    for (int axis = AXIS_EP; axis < AXES; axis++)
        farthest_peers(hardware, world, strides[axis], choice->grid[axis], near.peers[axis]);
    return near;
}

/* The next stage. */
static void meet_next(struct neighbourhood *near, const struct choice *choice, const struct hardware *hardware, int stage)
{
    int strides[AXES];
    order_strides(choice->grid, choice->order, strides);
    memset(near->peers[AXIS_PP], 0, sizeof near->peers[AXIS_PP]);
    if (stage + 1 < choice->grid[AXIS_PP])
        near->peers[AXIS_PP][level_between(hardware, stage * strides[AXIS_PP], (stage + 1) * strides[AXIS_PP])]++;
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

static double step_seconds(const struct outline_costs *costs, const struct choice *choice,
                           struct neighbourhood near, int typical)
{
    const struct hardware *hardware = costs->hardware;
    double handed_s[MAX_MICRO_BATCHES] = {0}, last_s = 0, busy_s = 0;
    int stages = choice->grid[AXIS_PP], stage_ranks = costs->plan->world / stages;
    for (int stage = 0; stage < stages; stage++) {
        meet_next(&near, choice, hardware, stage);
        const struct rank_class *class = class_of_stage(costs->plan, choice, stage);
        struct stand_in rank = {.hardware = hardware,
                                .costs = &costs->classes[typical][class - costs->plan->classes],
                                .near = near};
        const struct schedule *schedule = &class->schedules[costs->steps[typical].phase];
        for (int i = 0; i < schedule->count; i++)
            if (schedule->ops[i].micro < costs->steps[typical].active)
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
    int lanes = choice->grid[AXIS_DP] * choice->grid[AXIS_EP], full_steps = costs->steps[FULL_STEP].count;
    struct neighbourhood near = neighbourhood_of(choice, costs->hardware, costs->plan->world);
    double full_s = full_steps > 0 ? full_steps * step_seconds(costs, choice, near, FULL_STEP) : 0;
    return (struct score){
        .ttft_s = full_s + step_seconds(costs, choice, near, LAST_STEP),
        .tokens_per_s = (double)lanes * costs->lane_sequences / step_seconds(costs, choice, near, DECODE_STEP),
    };
}
