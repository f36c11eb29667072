/* Proofs over a finished plan: a second opinion that shares no code with plan/.
 *
 * Whatever made the plan, these proofs see only the struct plan itself, and cover every rank of it. */
#pragma once

#include "plan.h"

/* Runs every proof, in an order in which each may rely on those before it. Refuses with the rank, the op and the line
 * of the strategy where the first one breaks; the plan is left as it is. */
bool verify_plan(const struct plan *plan, struct error *error);
