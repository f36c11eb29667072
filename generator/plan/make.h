/* From a strategy to a plan. */
#pragma once

#include "plan.h"

/* Makes the plan of a strategy: ranks, placement, classes with their shapes, weights, memory, mailboxes and schedules,
 * the ledger, the hash. Refuses a strategy that cannot be split as asked (heads that tp does not divide, ...).
 * The plan owns all it points to; release it with plan_free, whether this succeeds or not. */
bool plan_make(const struct strategy *strategy, struct plan *plan, struct error *error);

/* Fills in the ledger of every class. A plan that is read back from sources has none, and what it is made of. */
void plan_ledgers(struct plan *plan);

void plan_free(struct plan *plan);
