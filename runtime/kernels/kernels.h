/* The arithmetic of a rank: one table of functions for each instruction set, picked once at start.
 *
 * All matrices of activations are float32, row-major. A row's result never depends on which other rows are computed
 * with it, nor on how many: every sum runs over its inputs in the same order. That makes a sequence's bits independent
 * of batching and of micro-batches on one processor. */
#pragma once

#include "packed.h"

#include <stdint.h>

enum { KV_BLOCK = 16 }; /* positions in one block of the KV cache */

struct kernels {
    const char *name; /* "portable", "avx2", "avx512" */

    /* y[i][0..outputs) = rows[i] · weight, for `count` rows of weight->inputs floats each.
     * `rows` are pointers so that rows of several senders can be multiplied in place. y rows are `stride` floats apart;
     * writes exactly `outputs` floats a row. */
    void (*matmul)(const float *const *rows, int count, const struct packed *weight, float *y, int stride);

    /* y = weight * x / sqrt(mean(x²) + epsilon), over n values. y may be x. */
    void (*rms_norm)(const float *x, const float *weight, float epsilon, int n, float *y);

    /* y[i] = silu(gate_up[i]) * gate_up[n + i], for 0 <= i < n. silu(z) = z / (1 + e^-z). */
    void (*swiglu)(const float *gate_up, int n, float *y);

    /* y += scale * x, over n values. */
    void (*add_scaled)(const float *x, float scale, int n, float *y);

    /* y += parts[0] + parts[1] + … in that order, over n values. */
    void (*add_parts)(const float *const *parts, int part_count, int n, float *y);

    /* Half-split rotary embedding in place: pairs (x[i], x[i + n/2]), with cosines[i] and sines[i] for i < n/2. */
    void (*rotate)(float *x, const float *cosines, const float *sines, int n);

    /* Attention of `heads` query heads (heads, head_dim) that share one key/value head, for one row, over positions
     * first <= p < end of one sequence. Block b of the sequence (positions 16b…16b+15) lies at pool + block_table[b] *
     * block_stride floats: keys (head_dim, 16), transposed so that one line holds a dimension of 16 positions, then
     * values (16, head_dim). Scores are scaled by `scale`. `scores` is scratch of heads * (end rounded up to 16)
     * floats. out (heads, head_dim). */
    void (*attend)(const float *query, int heads, int head_dim, const float *pool, const uint32_t *block_table,
                   int64_t block_stride, int first, int end, float scale, float *scores, float *out);
};

/* The best table for this processor; or the named one, NULL when the processor or the build lacks it. */
const struct kernels *kernels_best(void);
const struct kernels *kernels_named(const char *name);

/* The name of the table at `index` in this build, best first; NULL behind the last. */
const char *kernels_name(int index);
