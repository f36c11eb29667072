/* The passes of a comparison: each fills its part of the diff from the two sides. */
#pragma once

#include "predict/diff/diff.h"

/* Whether both strategies name one checkpoint, by whatever path; or none. */
bool same_checkpoint(const struct strategy *old, const struct strategy *new);

void diff_facts(struct diff *diff);
void diff_keys(struct diff *diff);
void diff_fetches(struct diff *diff);
void diff_ranks(struct diff *diff); /* after diff_fetches */
void diff_groups(struct diff *diff);
void diff_classes(struct diff *diff);
void diff_schedules(struct diff *diff); /* after diff_classes */
void diff_ledgers(struct diff *diff);   /* after diff_classes */
void diff_times(struct diff *diff);
