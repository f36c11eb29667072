/* A Hugging Face folder's weights: model.safetensors, or the files that model.safetensors.index.json names.
 *
 * What is wrong with the files or the index is found by checkpoint_open. Later calls fail where more is asked for than
 * a tensor holds, where its dtype is none of weights, and where a file changes underneath. Values come out as float32,
 * whatever they are stored as. */
#pragma once

#include "tool/shard/safetensors.h"

struct checkpoint;

/* NULL and an error when a file or a tensor is missing or damaged. Holds one descriptor a file until it is closed. */
struct checkpoint *checkpoint_open(const char *folder, struct error *error);
void checkpoint_close(struct checkpoint *checkpoint);

/* The tensor of that name, or NULL. Valid until the checkpoint is closed. */
const struct tensor_view *checkpoint_tensor(const struct checkpoint *checkpoint, const char *name);

/* Names that the files hold and the index does not, as "file: name". They are no part of the checkpoint (loaders ignore
 * them), but are worth a warning: a re-sharding that went wrong leaves them. */
const char *const *checkpoint_unmapped(const struct checkpoint *checkpoint, size_t *count);

/* A tensor as a table: its last dimension makes a row, so a vector is one row, and experts that are stored as
 * (expert, input, output) are expert * input rows. */
uint64_t tensor_rows(const struct tensor_view *view);
uint64_t tensor_columns(const struct tensor_view *view);

/* Reads whole rows, or columns of them, into `out` (row_count, column_count). BF16, F16 and F32 are read. */
bool checkpoint_read_rows(const struct checkpoint *checkpoint, const struct tensor_view *view, uint64_t first_row,
                          uint64_t row_count, float *out, struct error *error);
bool checkpoint_read_block(const struct checkpoint *checkpoint, const struct tensor_view *view, uint64_t first_row,
                           uint64_t row_count, uint64_t first_column, uint64_t column_count, float *out,
                           struct error *error);

/* SHA-256 over names, dtypes, shapes and checksums of all tensors: the same for the same weights, however they are
 * spread over files. It tells checkpoints apart, it does not authenticate one: the checksums are not cryptographic.
 * Reads every byte once. */
enum { CHECKPOINT_IDENTITY_BYTES = 32 };
bool checkpoint_identity(const struct checkpoint *checkpoint, uint8_t out[CHECKPOINT_IDENTITY_BYTES],
                         struct error *error);
