/* Choosing a token: greedy, or drawn at a temperature from the top-k and top-p candidates. */
#pragma once

#include "job.h"

struct candidate {
    float logit;
    int32_t token;
};

/* The next token for the row at `position`. Reorders `candidates` (count of them, by ascending token). The same seed
 * and position draw the same token, however the sequence is batched. Greedy and ties: the lowest token. Order of the
 * cuts as usual: temperature, top-k, top-p.
 *
 * GPUs (cuda/ops/sample.cu) keep the same candidates, but draw among them in the order of their tokens, not of their
 * logits: the same seed draws another token there, as likely. */
int32_t sample_token(struct candidate *candidates, int count, const struct sampling *sampling, int position);
