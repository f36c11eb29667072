/* Dense matrix products of ops, through cuBLASLt. */
#pragma once

#include "cuda/ops/op.h"

/* out (rows, outputs) = in (rows, inputs) x weight^T; weight (outputs, inputs) row by row; on r->compute, in its order.
 * Pointers are aligned to 16 bytes. Sums are f32; no rows is nothing to do. Uses BUFFER_WORKSPACE. */
void matmul(struct gpu *r, const element *in, int rows, const void *weight, int outputs, int inputs, element *out);

/* The same, with sums that stay f32. */
void matmul_f32_out(struct gpu *r, const element *in, int rows, const void *weight, int outputs, int inputs,
                    float *out);
