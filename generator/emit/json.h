/* The plan as JSON, for programs. */
#pragma once

#include "plan.h"

/* Appends one JSON object and a newline. */
void plan_json(const struct plan *plan, struct text *out);
