/* Launching: arguments are copied when the kernel is enqueued, as CUDA does, and each thread gets them by value. */
#pragma once

#include "../cuda_runtime_api.h"

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

struct cudaLaunchAttribute {
    int id;
};

struct cudaLaunchConfig_t {
    dim3 gridDim, blockDim;
    size_t dynamicSmemBytes = 0;
    cudaStream_t stream = nullptr;
    cudaLaunchAttribute *attrs = nullptr;
    unsigned numAttrs = 0;
};

namespace cuda_on_cpu
{

struct kernel_launch {
    const void *kernel;
    dim3 grid, block;
    size_t dynamic_bytes;
    std::function<void()> thread; /* what each thread does */
};

cudaError_t enqueue_kernel(cudaStream_t stream, kernel_launch launch, const std::vector<const void *> &pointers);
cudaError_t set_function_attribute(const void *kernel, cudaFuncAttribute attribute, int value);

template <class T> void note_pointer(std::vector<const void *> &pointers, const T &argument)
{
    if constexpr (std::is_pointer_v<T> && !std::is_function_v<std::remove_pointer_t<T>>)
        pointers.push_back((const void *)argument);
}

} // namespace cuda_on_cpu

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t *config, void (*kernel)(Parameters...),
                               Arguments &&...arguments)
{
    std::tuple<Parameters...> values(std::forward<Arguments>(arguments)...);
    std::vector<const void *> pointers;
    std::apply([&](const auto &...value) { (cuda_on_cpu::note_pointer(pointers, value), ...); }, values);
    return cuda_on_cpu::enqueue_kernel(config->stream,
                                       {(const void *)kernel, config->gridDim, config->blockDim,
                                        config->dynamicSmemBytes, [=] { std::apply(kernel, values); }},
                                       pointers);
}

template <class T> cudaError_t cudaFuncSetAttribute(T *kernel, cudaFuncAttribute attribute, int value)
{
    return cuda_on_cpu::set_function_attribute((const void *)kernel, attribute, value);
}

/* Of any type, as the toolkit's C++ header has them. */
template <class T> cudaError_t cudaMalloc(T **memory, size_t bytes)
{
    return cudaMalloc((void **)memory, bytes);
}
template <class T> cudaError_t cudaMallocHost(T **memory, size_t bytes, unsigned flags = 0)
{
    return cudaHostAlloc((void **)memory, bytes, flags);
}
template <class T> cudaError_t cudaHostAlloc(T **memory, size_t bytes, unsigned flags)
{
    return cudaHostAlloc((void **)memory, bytes, flags);
}
template <class T> cudaError_t cudaHostGetDevicePointer(T **device, void *host, unsigned flags)
{
    return cudaHostGetDevicePointer((void **)device, host, flags);
}
inline cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event)
{
    return cudaStreamWaitEvent(stream, event, 0);
}
inline cudaError_t cudaGraphInstantiate(cudaGraphExec_t *executable, cudaGraph_t graph)
{
    return cudaGraphInstantiate(executable, graph, 0);
}
