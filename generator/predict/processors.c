#include "predict/processors.h"
#include "predict/work.h"

struct processors processors_make(const struct plan *plan, const struct hardware *hardware, struct pool *pool)
{
    struct processors processors = {.calibration = hardware->calibrated};
    processors.node_ranks = node_ranks(plan, hardware);
    if (hardware->processors == 0 || hardware->processors >= processors.node_ranks)
        return processors;
    processors.each = hardware->processors;
    int nodes = (plan->world + processors.node_ranks - 1) / processors.node_ranks;
    processors.free_s = pool_take(pool, (size_t)nodes * (size_t)processors.each, sizeof *processors.free_s);
    return processors;
}

double processors_take(const struct processors *processors, int rank, double ready_s, int *processor)
{
    if (processors->each == 0)
        return ready_s;
    int first = rank / processors->node_ranks * processors->each, best = first;
    for (int i = first + 1; i < first + processors->each; i++)
        if (processors->free_s[i] < processors->free_s[best])
            best = i;
    *processor = best;
    double free_s = processors->free_s[best];
    /* An idle processor has to be woken; a busy one goes from rank to rank. */
    if (!processors->calibration)
        return free_s > ready_s ? free_s : ready_s;
    double woken_s = ready_s + processors->calibration->wake_s, switched_s = free_s + processors->calibration->switch_s;
    return woken_s > switched_s ? woken_s : switched_s;
}

void processors_leave(struct processors *processors, int processor, double now_s)
{
    if (processors->each > 0)
        processors->free_s[processor] = now_s;
}
