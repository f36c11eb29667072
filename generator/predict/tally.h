/* Where a rank's time went, added up op by op. */
#pragma once

#include "predict/simulate.h"

/* An op that was entered at begin_s, had its messages at start_s and was done at end_s. */
void tally_op(struct rank_time *time, enum op_action action, double begin_s, double start_s, double end_s);

/* What is left of a step of this length: before the rank's first op and after its last. */
void tally_rest(struct rank_time *time, double step_s);
