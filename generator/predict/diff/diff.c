#include "predict/diff/diff.h"
#include "predict/diff/passes.h"

#include <string.h>

static void (*const passes[])(struct diff *) = {diff_fetches, diff_ranks,     diff_groups,
                                                diff_classes, diff_schedules, diff_ledgers};

void diff_make(const struct diff_side *old, const struct diff_side *new, struct diff *diff)
{
    *diff = (struct diff){.old = *old, .new = *new};
    diff->identical = strcmp(old->plan->hash, new->plan->hash) == 0;
    diff_facts(diff);
    diff_keys(diff);
    for (size_t i = 0; i < sizeof passes / sizeof *passes && !diff->identical; i++)
        passes[i](diff);
    diff_times(diff);
}

void diff_free(struct diff *diff)
{
    pool_free(&diff->pool);
}
