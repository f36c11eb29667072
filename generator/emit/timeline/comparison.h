/* A comparison of two timelines, for people and for programs. */
#pragma once

#include "predict/compare.h"

void comparison_text(const struct comparison *comparison, struct text *out);

/* Seconds and bytes; means where the text has means. An op of a rank is named as in schedules and timelines. */
void comparison_json(const struct comparison *comparison, struct text *out);
