/* What the reference computed for a checkpoint, and ranks held against it. */
#pragma once

#include "support.h"

#define SHAKESPEARE TEST_SOURCE_DIR "/models/shakespeare-moe"
#define TINY        TEST_SOURCE_DIR "/tests/models/tiny-mixtral"

struct checkpoint {
    const char *folder, *golden;
    int vocabulary;
};

extern const struct checkpoint shakespeare;

/* How far logits may be off, as a part of the largest golden logit: sums of f32 in another order; bf16 activations. */
static const double F32_TOLERANCE = 2e-3, BF16_TOLERANCE = 6e-2;

/* Serves every golden prompt in one run of the strategy. Fails the test when logits are off by more, or when greedy ids
 * differ where the golden margin is over twice the error. */
void expect_golden(const char *name, const struct checkpoint *checkpoint, const char *strategy, double tolerance);
