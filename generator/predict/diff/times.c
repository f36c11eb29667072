/* Predicted times of both plans, where both sides say what hardware they are about. */
#include "predict/diff/passes.h"

static const char *why_not(const struct diff *diff)
{
    const struct strategy *old = diff->old.strategy, *new = diff->new.strategy;
    if (diff->identical && diff->fact_count == 0)
        return "the plans are identical, and so are their times";
    if (!old || !new)
        return "a generated folder does not say what hardware it is for; compare strategies to see times";
    if (!old->hardware && !new->hardware)
        return "neither strategy names its hardware; set target.hardware to see times";
    if (!old->hardware || !new->hardware)
        return old->hardware ? "the new strategy names no hardware; set its target.hardware to see times"
                             : "the old strategy names no hardware; set its target.hardware to see times";
    return NULL;
}

void diff_times(struct diff *diff)
{
    struct diff_times *times = &diff->times;
    times->why_not = why_not(diff);
    if (times->why_not)
        return;
    times->old_workload = usual_workload(diff->old.plan);
    times->new_workload = usual_workload(diff->new.plan);
    predict_workload(diff->old.plan, diff->old.strategy->hardware, &times->old_workload, &times->old);
    predict_workload(diff->new.plan, diff->new.strategy->hardware, &times->new_workload, &times->new);
}
