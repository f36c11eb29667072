/* What a choice is likely to reach, in microseconds: one rank of each stage stands for all of its stage.
 *
 * Its op list is gone through once a step. Peers are taken to be where the rank itself is, so a message is there as
 * soon as it has crossed the links; experts get the rows that the busiest rank of the group is likely to get. Stages
 * hand their micro-batches on, so pipeline bubbles come out as they will. */
#include "base/heap.h"
#include "predict/search/parts.h"
#include "predict/traffic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Peers of a rank along each axis, by the level of links at which it meets them. */
struct neighbourhood {
    int peers[AXES][MAX_LINK_LEVELS];
};

/* Whether groups along an axis lie alike in all units of the level: then one is as good as another. */
static bool lies_alike(int stride, int members, int unit)
{
    return unit % (stride * members) == 0 ||
           (stride * members % unit == 0 && (unit % stride == 0 || stride % unit == 0));
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
static void meet_next(struct neighbourhood *near, const struct choice *choice, const struct hardware *hardware,
                      int stage)
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
    double notice_s, switch_s; /* calibrated: from a message's arrival until it is seen; of a processor, at each wait */
    double clock_s, busy_s;
    double link_free_s[MAX_LINK_LEVELS];
    double arrived_s[MAILBOX_KINDS][MAX_MICRO_BATCHES]; /* peers' messages, as sent by itself */
    double stream_s[STREAMS], host_s; /* of a GPU: where its streams are, and until when the host has waited */
    double *ended_s;                  /* likewise: when each op of the schedule had ended */
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
        last_s = fmax(last_s, rank->link_free_s[level] + latencies_of(op->kind) * hardware->links[level].latency_s);
    }
    return last_s + rank->notice_s;
}

static void run_op(struct stand_in *rank, const struct op *op, double handed_s[MAX_MICRO_BATCHES])
{
    const struct op_info *info = &op_table[op->kind];
    double *arrived_s = info->action == ACTION_COMPUTE ? NULL : &rank->arrived_s[info->mailbox][op->micro];
    if (info->action == ACTION_COLLECTIVE)
        *arrived_s = post(rank, op);
    if (info->action == ACTION_RECEIVE)
        *arrived_s = handed_s[op->micro];
    if (info->action == ACTION_COLLECTIVE || info->action == ACTION_WAIT || info->action == ACTION_RECEIVE) {
        rank->clock_s = fmax(rank->clock_s, *arrived_s);
        rank->busy_s += rank->switch_s;
    }
    rank->clock_s += rank->costs->seconds[op->kind];
    rank->busy_s += rank->costs->seconds[op->kind];
    if (info->action == ACTION_POST)
        *arrived_s = post(rank, op);
    if (info->action == ACTION_SEND)
        handed_s[op->micro] = post(rank, op);
}

/* The same on a GPU: ops of each stream one after another, which begin when what they await has ended. */
static void run_gpu_op(struct stand_in *rank, const struct rank_class *class, const struct op *op, int id,
                       double handed_s[MAX_MICRO_BATCHES])
{
    enum op_action action = op_table[op->kind].action;
    enum stream stream = effects_of(class, op->kind)->stream;
    if (op->host_awaits > 0)
        rank->host_s = fmax(rank->host_s, rank->ended_s[op->host_awaits - 1]);
    rank->clock_s = fmax(rank->stream_s[stream], rank->host_s);
    if (op->awaits > 0)
        rank->clock_s = fmax(rank->clock_s, rank->ended_s[op->awaits - 1]);
    if (action == ACTION_RECEIVE)
        rank->clock_s = fmax(rank->clock_s, handed_s[op->micro]);
    double end_s = rank->clock_s + rank->costs->seconds[op->kind];
    if (stream == STREAM_COMM && action != ACTION_RECEIVE)
        end_s = fmax(end_s, post(rank, op) + rank->hardware->op_overhead_s);
    if (action == ACTION_SEND)
        handed_s[op->micro] = end_s;
    rank->ended_s[id - 1] = rank->stream_s[stream] = end_s;
    rank->clock_s = fmax(rank->stream_s[STREAM_COMPUTE], rank->stream_s[STREAM_COMM]);
}

/* The ops of the micro-batches in use. */
static void run_schedule(struct stand_in *rank, const struct rank_class *class, const struct typical_step *step,
                         double handed_s[MAX_MICRO_BATCHES])
{
    const struct schedule *schedule = &class->schedules[step->phase];
    rank->ended_s = heap_take((size_t)schedule->count, sizeof *rank->ended_s);
    for (int i = 0; i < schedule->count; i++) {
        const struct op *op = &schedule->ops[i];
        if (op->micro >= step->active)
            continue;
        if (class->device == DEVICE_CUDA)
            run_gpu_op(rank, class, op, i + 1, handed_s);
        else
            run_op(rank, op, handed_s);
    }
    free(rank->ended_s);
}

/* Processors of all nodes that ranks take turns on; 0: each rank has one to itself. */
static int shared_processors(const struct plan *plan, const struct hardware *hardware)
{
    int each = node_ranks(plan, hardware), nodes = (plan->world + each - 1) / each;
    return hardware->processors < each ? hardware->processors * nodes : 0;
}

static const struct rank_class *class_of_stage(const struct plan *plan, const struct choice *choice, int stage)
{
    const struct rank_class *class = plan->classes;
    int stages = choice->grid[AXIS_PP];
    while (class->first_stage != (stage == 0) || class->last_stage != (stage == stages - 1) ||
           class->shape.layers != choice->stage_layers[stage])
        class ++;
    return class;
}

static double step_seconds(const struct outline_costs *costs, const struct choice *choice, struct neighbourhood near,
                           int typical)
{
    const struct hardware *hardware = costs->hardware;
    double handed_s[MAX_MICRO_BATCHES] = {0}, last_s = 0, busy_s = 0;
    const struct calibration *calibration = hardware->calibrated;
    int stages = choice->grid[AXIS_PP], stage_ranks = costs->plan->world / stages;
    int processors = shared_processors(costs->plan, hardware);
    for (int stage = 0; stage < stages; stage++) {
        meet_next(&near, choice, hardware, stage);
        const struct rank_class *class = class_of_stage(costs->plan, choice, stage);
        struct stand_in rank = {
            .hardware = hardware, .costs = &costs->classes[typical][class - costs->plan->classes], .near = near};
        if (calibration) {
            rank.notice_s = processors > 0 ? calibration->wake_s : calibration->signal_s;
            rank.switch_s = processors > 0 ? calibration->switch_s : 0;
        }
        run_schedule(&rank, class, &costs->steps[typical], handed_s);
        last_s = fmax(last_s, rank.clock_s);
        busy_s += rank.busy_s * stage_ranks;
    }
    /* Ranks that share processors cannot do more at a time than those. */
    if (processors > 0)
        last_s = fmax(last_s, busy_s / processors);
    return last_s + between_steps_s(costs->hardware);
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
