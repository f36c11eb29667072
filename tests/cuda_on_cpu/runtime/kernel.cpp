/* Kernels as operations of streams: checked when enqueued, some blocks at each step, in an order of the seed. */
#include "block.h"
#include "device.h"
#include "memory.h"
#include "settings.h"
#include "shared_memory.h"
#include "stream.h"

#include <cstdio>
#include <cstdlib>
#include <cxxabi.h>
#include <dlfcn.h>
#include <map>
#include <string>

namespace cuda_on_cpu
{

/* The name where the program exports it (-rdynamic), else the place in its file, for addr2line. */
static const char *name_of(const void *kernel)
{
    static std::map<const void *, std::string> names;
    std::string &name = names[kernel];
    if (!name.empty())
        return name.c_str();
    Dl_info found = {};
    dladdr(kernel, &found);
    if (found.dli_sname && found.dli_saddr == kernel) {
        int status;
        char *demangled = abi::__cxa_demangle(found.dli_sname, nullptr, nullptr, &status);
        name = demangled ? demangled : found.dli_sname;
        free(demangled);
        name = name.substr(0, name.find('('));
    } else {
        char text[300];
        snprintf(text, sizeof text, "%s+0x%zx", found.dli_fname ? found.dli_fname : "?",
                 (size_t)((const char *)kernel - (const char *)found.dli_fbase));
        name = text;
    }
    return name.c_str();
}

static std::map<const void *, size_t> &dynamic_limits()
{
    static std::map<const void *, size_t> limits;
    return limits;
}

cudaError_t set_function_attribute(const void *kernel, cudaFuncAttribute attribute, int value)
{
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout)
        return cudaSuccess;
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 || value > SHARED_BYTES)
        return failed(cudaErrorInvalidValue);
    dynamic_limits()[kernel] = (size_t)value;
    return cudaSuccess;
}

static cudaError_t check_launch(const kernel_launch &l)
{
    size_t threads = (size_t)l.block.x * l.block.y * l.block.z;
    if (threads == 0 || threads > BLOCK_THREADS || l.block.z > 64)
        return cudaErrorInvalidConfiguration;
    if (!l.grid.x || !l.grid.y || !l.grid.z || l.grid.x > 0x7fffffff || l.grid.y > 65535 || l.grid.z > 65535)
        return cudaErrorInvalidConfiguration;
    auto limit = dynamic_limits().find(l.kernel);
    if (l.dynamic_bytes > (limit == dynamic_limits().end() ? (size_t)SHARED_BYTES_UNASKED : limit->second))
        return cudaErrorInvalidValue;
    return cudaSuccess;
}

/* A kernel that has begun. */
struct running_kernel {
    kernel_launch launch;
    const char *name;
    std::vector<uint32_t> blocks; /* in the order they run */
    size_t place = 0;
    sync_point begin, end;
};

static std::vector<uint32_t> block_order(const kernel_launch &launch)
{
    std::vector<uint32_t> blocks((size_t)launch.grid.x * launch.grid.y * launch.grid.z);
    for (size_t i = 0; i < blocks.size(); i++)
        blocks[i] = (uint32_t)i;
    seeded_order(blocks);
    return blocks;
}

static progress advance(running_kernel &k)
{
    size_t count = settings().seed < 2 ? SIZE_MAX : 1 + random_below(8);
    const dim3 &grid = k.launch.grid;
    k.begin.release();
    for (; count > 0 && k.place < k.blocks.size(); count--) {
        uint32_t block = k.blocks[k.place++], row = block / grid.x;
        run_block(k.launch, k.name, {block % grid.x, row % grid.y, row / grid.y}, k.begin, k.end);
    }
    if (k.place < k.blocks.size())
        return progress::some;
    k.end.acquire();
    return progress::finished;
}

cudaError_t enqueue_kernel(cudaStream_t stream, kernel_launch launch, const std::vector<const void *> &pointers)
{
    cudaError_t error = begin_call(CALL_ALWAYS);
    if (error)
        return error;
    error = check_launch(launch);
    if (error)
        return failed(error);
    const char *name = name_of(launch.kernel);
    for (size_t i = 0; i < pointers.size(); i++)
        if (pointers[i] && !is_device_memory(pointers[i], 1) && !is_pinned_memory(pointers[i], 1))
            give_up("kernel %s: pointer %zu among its arguments is neither device nor pinned memory", name, i + 1);
    return enqueue(
        stream,
        [launch, name] {
            auto running = std::make_shared<running_kernel>();
            running->launch = launch;
            running->name = name;
            running->blocks = block_order(launch);
            return [running] { return advance(*running); };
        },
        name);
}

} // namespace cuda_on_cpu
