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
