#include "predict/tally.h"

void tally_op(struct rank_time *time, enum op_action action, double begin_s, double start_s, double end_s)
{
    double waited = start_s - begin_s;
    if (action == ACTION_RECEIVE)
        time->bubble += waited;
    else
        time->exposed += waited;
    if (action == ACTION_COMPUTE)
        time->compute += end_s - start_s;
    else
        time->communication += end_s - start_s;
}

void tally_rest(struct rank_time *time, double step_s)
{
    time->bubble += step_s - (time->compute + time->communication + time->exposed + time->bubble);
}

/* ---- two streams */

static double shared_s(double from, double to, double begin_s, double end_s)
{
    double first = from > begin_s ? from : begin_s, last = to < end_s ? to : end_s;
    return last > first ? last - first : 0;
}

static bool is_comm(const struct rank_class *class, const struct op *op)
{
    return effects_of(class, op->kind)->stream == STREAM_COMM;
}

/* From `from` to `to` the compute stream did nothing. `comm`: the first op of the other stream that may be from then;
 * both go on in the order of the schedule. */
static void tally_gap(struct rank_time *time, const struct rank_class *class, const struct schedule *schedule,
                      const struct span *spans, double from, double to, int *comm)
{
    for (; *comm < schedule->count; ++*comm) {
        const struct op *op = &schedule->ops[*comm];
        const struct span *span = &spans[*comm];
        if (!is_comm(class, op) || span->end_s <= from)
            continue;
        bool stages = op_table[op->kind].axis == AXIS_PP;
        *(stages ? &time->bubble : &time->exposed) += shared_s(from, to, span->begin_s, span->start_s);
        time->communication += shared_s(from, to, span->start_s, span->end_s);
        if (span->end_s >= to)
            return; /* it may reach into the next gap */
    }
}

void tally_streams(struct rank_time *time, const struct rank_class *class, const struct schedule *schedule,
                   const struct span *spans, double end_s)
{
    double free_s = 0;
    int comm = 0;
    for (int i = 0; i < schedule->count; i++) {
        if (is_comm(class, &schedule->ops[i]))
            continue;
        tally_gap(time, class, schedule, spans, free_s, spans[i].begin_s, &comm);
        time->compute += spans[i].end_s - spans[i].begin_s;
        free_s = spans[i].end_s;
    }
    tally_gap(time, class, schedule, spans, free_s, end_s, &comm);
}
