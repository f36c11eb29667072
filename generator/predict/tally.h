/* Where a rank's time went, added up op by op. */
#pragma once

#include "predict/simulate.h"

/* An op that was entered at begin_s, had its messages at start_s and was done at end_s. */
void tally_op(struct rank_time *time, enum op_action action, double begin_s, double start_s, double end_s);

/* The ops of a rank with two streams, which came to their ends at end_s. Its time is the compute stream's: where that
 * has nothing to do, what the comm stream does meanwhile. Communication beside computation is hidden, and in no sum. */
void tally_streams(struct rank_time *time, const struct rank_class *class, const struct schedule *schedule,
                   const struct span *spans, double end_s);

/* What is left of a step of this length: before the rank's first op and after its last. */
void tally_rest(struct rank_time *time, double step_s);
