/* What the programs of this folder share: buffers, launches, and a verdict. Plain CUDA: nvcc compiles them too. */
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cuda_runtime.h>
#include <utility>

inline void check(cudaError_t status, const char *call)
{
    if (status == cudaSuccess)
        return;
    fprintf(stderr, "%s: %s\n", call, cudaGetErrorName(status));
    exit(3);
}
#define CHECK(call) check(call, #call)

inline int wrong_values;

/* Counts a value that is not the expected one; NaN never is. */
inline void expect_near(const char *what, double value, double expected, double tolerance)
{
    if (fabs(value - expected) <= tolerance)
        return;
    if (wrong_values++ == 0)
        fprintf(stderr, "%s is %g, not %g\n", what, value, expected);
}

inline int verdict()
{
    return wrong_values ? 1 : 0;
}

inline cudaStream_t new_stream()
{
    cudaStream_t stream;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    return stream;
}

inline cudaEvent_t new_event()
{
    cudaEvent_t event;
    CHECK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    return event;
}

/* Pinned memory and device memory of the same size. */
template <class T> struct buffer {
    T *host, *device;
    size_t bytes;

    explicit buffer(size_t count) : bytes(count * sizeof(T))
    {
        CHECK(cudaMallocHost(&host, bytes));
        CHECK(cudaMalloc(&device, bytes));
    }
    ~buffer()
    {
        cudaFreeHost(host);
        cudaFree(device);
    }
    buffer(const buffer &) = delete;

    void to_device(cudaStream_t stream)
    {
        CHECK(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, stream));
    }
    void to_host(cudaStream_t stream)
    {
        CHECK(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream));
    }
};

template <class... Parameters, class... Arguments>
void run(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
         Arguments &&...arguments)
{
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = shared_bytes;
    config.stream = stream;
    CHECK(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...));
}
