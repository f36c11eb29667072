#include "trace.h"

int plan_most_ops(const struct plan *plan, enum phase phase)
{
    int most = 0;
    for (int i = 0; i < plan->class_count; i++)
        most = plan->classes[i].schedules[phase].count > most ? plan->classes[i].schedules[phase].count : most;
    return most;
}
