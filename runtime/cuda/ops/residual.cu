/* What was summed over tp becomes the residual stream, or is added to it. */
#include "cuda/kernels/chunk.cuh"
#include "cuda/ops/op.h"

enum { RESIDUAL_THREADS = 256, RESIDUAL_VALUES = chunk<element>::VALUES };

static_assert(HIDDEN % RESIDUAL_VALUES == 0, "rows are read 16 bytes at a time");

/* residual = partial, or residual += partial: 16 bytes of partial a thread. Bounded by memory. */
__global__ void __launch_bounds__(RESIDUAL_THREADS)
    add_to_residual(const struct step_header *step, int m, const element *partial, float *residual, bool keep)
{
    const size_t at = (size_t)(blockIdx.x * RESIDUAL_THREADS + threadIdx.x) * RESIDUAL_VALUES;
    if (at >= (size_t)slice_of(step, m).count * HIDDEN)
        return;
    const chunk<element> more = read_chunk(partial + at);
#pragma unroll
    for (int i = 0; i < RESIDUAL_VALUES; i += 4) {
        float4 *place = (float4 *)(residual + at + i);
        const float4 old = keep ? *place : make_float4(0, 0, 0, 0);
        *place = make_float4(old.x + to_float(more.values[i]), old.y + to_float(more.values[i + 1]),
                             old.z + to_float(more.values[i + 2]), old.w + to_float(more.values[i + 3]));
    }
}

static void add_partial(struct gpu *r, enum micro_batch m, bool keep)
{
    const size_t threads = (size_t)rows_of(r, m) * HIDDEN / RESIDUAL_VALUES;
    launch(r, r->compute, dim3((unsigned)((threads + RESIDUAL_THREADS - 1) / RESIDUAL_THREADS)), dim3(RESIDUAL_THREADS),
           0, add_to_residual, step_of(r), (int)m, (const element *)partial_of(r, m), residual_of(r, m), keep);
}

void add_embedding(struct gpu *r, enum micro_batch m)
{
    if (gpu_op_begins(r, m, NO_LAYER, "embedding residual"))
        add_partial(r, m, false);
}

void add_experts(struct gpu *r, enum micro_batch m, enum layer layer)
{
    if (gpu_op_begins(r, m, (int)layer, "experts residual"))
        add_partial(r, m, true);
}
