/* Which tensors a synthetic checkpoint holds, and the values of each. */
#pragma once

#include "base/pool.h"
#include "base/text.h"
#include "tool/calibrate/synthetic.h"

#include <stddef.h>
#include <stdint.h>

struct synthetic_tensor {
    const char *name;
    uint64_t outputs, inputs; /* outputs 0: a vector of `inputs` values */
    double centre, deviation; /* of its values, which are spread evenly around the centre */
};

struct synthetic_tensors {
    struct synthetic_tensor *list;
    size_t count;
    struct pool pool; /* owns the list and the names */
};

/* As many as a header may describe: of each the reader (tool/shard/safetensors.c) counts 8 JSON values and 160 bytes,
 * at most. */
enum { SYNTHETIC_MOST_TENSORS = 500000 };
size_t synthetic_tensor_count(const struct synthetic_model *model);
struct synthetic_tensors synthetic_tensors_make(const struct synthetic_model *model);
void synthetic_tensors_free(struct synthetic_tensors *tensors);

uint64_t synthetic_tensor_values(const struct synthetic_tensor *tensor);
size_t synthetic_value_bytes(enum dtype dtype);

/* The beginning of model.safetensors: the length of its header, and the header with `marker` as its made_by. Returns
 * how many bytes of data follow it. */
uint64_t synthetic_header(const struct synthetic_tensors *tensors, enum dtype dtype, const char *marker,
                          struct text *out);

/* A tensor's values in order, some at a time. `number` tells the tensors of a checkpoint apart. */
struct synthetic_stream {
    uint64_t state;
    float shift, scale;
};
void synthetic_stream_start(struct synthetic_stream *stream, const struct synthetic_tensor *tensor, size_t number);

/* The next `count` values as `dtype`. A multiple of SYNTHETIC_DRAW but for the last ones, or values are left out. */
enum { SYNTHETIC_DRAW = 4 };
void synthetic_stream_next(struct synthetic_stream *stream, enum dtype dtype, size_t count, void *out);
