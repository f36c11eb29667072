/* One .safetensors file: named tensors, and nothing of it believed before all of its header was checked.
 *
 *     8 bytes   length of the header, little-endian, at most 100 MB
 *     header    {"name": {"dtype": "BF16", "shape": [rows, columns], "data_offsets": [begin, end]}, ...}
 *     data      the tensors' bytes, without gaps and in any order, up to the end of the file
 *
 * Data is read with pread and never mapped, so that a file which shrinks under its reader is an error with a name and
 * not a SIGBUS. */
#pragma once

#include "base/error.h"
#include "base/pool.h"

#include <stddef.h>
#include <stdint.h>

/* Every type of the format: sizes must be checked even where rankc does not read the values. */
enum stored_dtype {
    STORED_BOOL,
    STORED_F4,
    STORED_F6_E2M3,
    STORED_F6_E3M2,
    STORED_U8,
    STORED_I8,
    STORED_F8_E5M2,
    STORED_F8_E4M3,
    STORED_F8_E8M0,
    STORED_F8_E4M3FNUZ,
    STORED_F8_E5M2FNUZ,
    STORED_I16,
    STORED_U16,
    STORED_F16,
    STORED_BF16,
    STORED_I32,
    STORED_U32,
    STORED_F32,
    STORED_C64,
    STORED_F64,
    STORED_I64,
    STORED_U64,
    STORED_DTYPES
};
const char *stored_dtype_name(enum stored_dtype dtype);

enum { MOST_DIMENSIONS = 8, MOST_JSON_BYTES = 100000000 };

struct tensor_view {
    const char *name; /* at most 255 bytes, none of them a control character */
    enum stored_dtype dtype;
    int dimensions; /* 0: one value */
    uint64_t shape[MOST_DIMENSIONS];
    uint64_t begin, bytes; /* where in the file its data lies */
};

struct safetensors {
    char *path;
    int file;
    struct tensor_view *tensors; /* sorted by name */
    size_t count;
    struct pool pool; /* owns all of the above */
};

/* NULL and an error when the file is not exactly as the format says. Close with safetensors_close (NULL is fine). */
struct safetensors *safetensors_open(const char *path, struct error *error);
void safetensors_close(struct safetensors *file);

/* The tensor, or NULL. Valid until the file is closed. */
const struct tensor_view *safetensors_tensor(const struct safetensors *file, const char *name);

/* Reads `bytes` bytes of a tensor of this file, from `offset` within it. */
bool safetensors_read(const struct safetensors *file, const struct tensor_view *view, uint64_t offset, size_t bytes,
                      void *out, struct error *error);

/* Parses JSON that may be hostile: an object without duplicate keys, and bounded in depth and in what its parsing
 * takes. NULL and an error otherwise; the caller frees it with json_decref. */
struct json_t *hostile_json(const char *path, const char *bytes, size_t length, struct error *error);

/* Whether a name of a file or a tensor can be shown in one line: not empty, short, no control characters. */
bool name_is_printable(const char *name);
