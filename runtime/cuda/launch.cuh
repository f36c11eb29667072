/* Launching a kernel: plain C++, so that the same text compiles for a GPU and, under the tests' header, for a CPU. */
#pragma once

#include "cuda/gpu.h"

#include <cuda_runtime.h>
#include <utility>

/* Enqueues kernel<<<grid, block, shared_bytes, stream>>>(arguments...). A grid of no blocks is nothing to do. */
template <class... Parameters, class... Arguments>
inline void launch(struct gpu *r, cudaStream_t stream, dim3 grid, dim3 block, size_t shared_bytes,
                   void (*kernel)(Parameters...), Arguments &&...arguments)
{
    if (grid.x == 0 || grid.y == 0 || grid.z == 0)
        return;
    if (shared_bytes > 48 * 1024) /* what a kernel gets unasked */
        GPU_CHECK(r, cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)shared_bytes));
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = shared_bytes;
    config.stream = stream;
    GPU_CHECK(r, cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...));
}
