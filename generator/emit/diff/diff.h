/* The forms of a comparison of two plans; all say the same facts. */
#pragma once

#include "predict/diff/diff.h"

/* For a terminal, 100 columns wide. */
void diff_text(const struct diff *diff, struct text *out);

/* For a comment on a pull request. */
void diff_markdown(const struct diff *diff, struct text *out);

/* For programs: all ranks and all nodes. The keys are listed in json.c. */
void diff_json(const struct diff *diff, struct text *out);
