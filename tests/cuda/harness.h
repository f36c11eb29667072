/* What tests of single ops share: a struct gpu over the fixture's sizes whose streams and memory are real ones of the
 * CUDA runtime at hand (on a processor the tests' own), and bytes to and from its arena. One rank, no NCCL. */
#pragma once

#include "class.h"
#include "cuda/ops/op.h"

#include <vector>

/* Streams, arena (every byte 0xff: a NaN), weights and pinned memory. Ends the process with a message where CUDA fails.
 */
struct gpu *harness_open(void);
void harness_close(struct gpu *r);

/* Gives the rank a step: rows of the lane, all in `active` micro-batches, sampling and block tables; waits until it is
 * on the device. */
void harness_step(struct gpu *r, const std::vector<struct step_row> &rows, int active,
                  const std::vector<struct sampling> &sampling, const std::vector<uint32_t> &block_tables);

/* Copies to and from device memory; both wait. */
void harness_put(struct gpu *r, void *device, const void *host, size_t bytes);
void harness_get(struct gpu *r, void *host, const void *device, size_t bytes);

template <class T> std::vector<T> harness_values(struct gpu *r, const void *device, size_t count)
{
    std::vector<T> values(count);
    harness_get(r, values.data(), device, count * sizeof(T));
    return values;
}

/* Waits for both streams. */
void harness_finish(struct gpu *r);
