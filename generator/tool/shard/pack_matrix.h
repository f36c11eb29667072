/* Writes weights as the runtime reads them: matrices in the panels of packed.h, tables row after row.
 *
 * `rows` is float32, (outputs, inputs), row-major, as a checkpoint stores a `weight`. Values that came from bfloat16 go
 * back to bfloat16 exactly. */
#pragma once

#include "packed.h"

/* Fills packed_bytes(dtype, outputs, inputs) bytes at `out`, padding included. */
void pack_rows(enum dtype dtype, const float *rows, int outputs, int inputs, void *out);

/* Bytes of a table of `count` rows, and its values in the dtype, for embeddings and norms. */
size_t stored_bytes(enum dtype dtype, size_t count, int inputs);
void store_rows(enum dtype dtype, const float *rows, size_t count, int inputs, void *out);
