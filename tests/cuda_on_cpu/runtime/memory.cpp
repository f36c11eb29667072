/* Allocations of device memory and of pinned memory, and the runtime's functions about them. */
#include "memory.h"

#include "capture.h"
#include "device.h"
#include "fault.h"
#include "sanitizers.h"
#include "settings.h"
#include "stream.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sys/mman.h>

namespace cuda_on_cpu
{

enum { ALIGNMENT = 256, PAGE_BYTES = 4096 };
constexpr size_t HUGE_PAGE_BYTES = 2 << 20;
/* Addresses are never used twice, so that what was freed stays inaccessible. */
constexpr size_t RESERVED_BYTES = (size_t)256 << 30;

struct allocation {
    size_t bytes;
    unsigned char *pages; /* device memory only: what holds it, and a page that nobody may touch behind it */
    size_t pages_bytes;
};
using allocations = std::map<const unsigned char *, allocation>;

static allocations device, pinned;
static unsigned char *reserved, *unused;
static size_t device_bytes;
static int accesses;

/* The allocation that the address lies in. */
static const allocations::value_type *find(const allocations &all, const void *address)
{
    auto after = all.upper_bound((const unsigned char *)address);
    if (after == all.begin())
        return nullptr;
    const allocations::value_type &found = *std::prev(after);
    return (const unsigned char *)address < found.first + found.second.bytes ? &found : nullptr;
}

static bool contains(const allocations &all, const void *begin, size_t bytes)
{
    const allocations::value_type *found = find(all, begin);
    return found && (const unsigned char *)begin + bytes <= found->first + found->second.bytes;
}

bool is_device_memory(const void *begin, size_t bytes)
{
    return contains(device, begin, bytes);
}

bool is_pinned_memory(const void *begin, size_t bytes)
{
    return contains(pinned, begin, bytes);
}

static void protect_device_memory(int protection)
{
    for (const auto &[begin, a] : device)
        if (mprotect(a.pages, a.pages_bytes, protection) != 0)
            give_up("device memory cannot be %s", protection == PROT_NONE ? "hidden" : "made accessible");
}

device_memory_access::device_memory_access()
{
    if (accesses++ == 0)
        protect_device_memory(PROT_READ | PROT_WRITE);
}

device_memory_access::~device_memory_access()
{
    if (--accesses == 0)
        protect_device_memory(PROT_NONE);
}

device_memory_hidden::device_memory_hidden()
{
    protect_device_memory(PROT_NONE);
}

device_memory_hidden::~device_memory_hidden()
{
    protect_device_memory(PROT_READ | PROT_WRITE);
}

bool describe_device_address(const void *address, char *text, size_t room)
{
    if (!reserved || (const unsigned char *)address < reserved ||
        (const unsigned char *)address >= reserved + RESERVED_BYTES)
        return false;
    auto after = device.upper_bound((const unsigned char *)address);
    if (after == device.begin()) {
        snprintf(text, room, "device memory before the first allocation");
    } else {
        const auto &[begin, a] = *std::prev(after);
        size_t offset = (size_t)((const unsigned char *)address - begin);
        if (offset < a.bytes)
            snprintf(text, room, "byte %zu of %zu of a device allocation", offset, a.bytes);
        else
            snprintf(text, room, "device memory, %zu bytes behind an allocation of %zu", offset - a.bytes, a.bytes);
    }
    return true;
}

static size_t rounded(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/* The end of the allocation is the end of its pages, but for alignment: behind it is a page that faults. */
static void *allocate(size_t bytes)
{
    if (!reserved) {
        reserved = (unsigned char *)mmap(nullptr, RESERVED_BYTES, PROT_NONE,
                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (reserved == MAP_FAILED)
            give_up("no addresses for device memory");
        unused = (unsigned char *)rounded((size_t)reserved, HUGE_PAGE_BYTES);
        report_faults();
    }
    size_t pages_bytes = rounded(bytes, PAGE_BYTES);
    size_t taken = rounded(pages_bytes + PAGE_BYTES, bytes < HUGE_PAGE_BYTES ? (size_t)PAGE_BYTES : HUGE_PAGE_BYTES);
    if (unused + taken > reserved + RESERVED_BYTES)
        return nullptr;
    if (bytes >= HUGE_PAGE_BYTES)
        unused = (unsigned char *)rounded((size_t)unused, HUGE_PAGE_BYTES);
    unsigned char *pages = unused, *begin = pages + (pages_bytes - rounded(bytes, ALIGNMENT));
    if (mprotect(pages, pages_bytes, PROT_READ | PROT_WRITE) != 0)
        return nullptr;
    unused += taken;
    madvise(pages, pages_bytes, MADV_HUGEPAGE); /* fewer pages to hide and show; where there are none, no matter */
    memset(begin, 0xff, bytes);
    forbid(pages, pages_bytes);
    allow(begin, bytes);
    if (accesses == 0)
        mprotect(pages, pages_bytes, PROT_NONE);
    device[begin] = {bytes, pages, pages_bytes};
    device_bytes += bytes;
    return begin;
}

} // namespace cuda_on_cpu

using namespace cuda_on_cpu;

cudaError_t cudaMalloc(void **memory, size_t bytes)
{
    cudaError_t unusable = begin_call(CALL_REFUSED_IN_CAPTURE);
    if (unusable)
        return unusable;
    *memory = nullptr;
    if (bytes == 0)
        return cudaSuccess;
    if (device_bytes + bytes > settings().memory_bytes)
        return failed(cudaErrorMemoryAllocation);
    *memory = allocate(bytes);
    return failed(*memory ? cudaSuccess : cudaErrorMemoryAllocation);
}

cudaError_t cudaFree(void *memory)
{
    cudaError_t unusable = begin_call(CALL_REFUSED_IN_CAPTURE);
    if (unusable || !memory)
        return unusable;
    auto found = device.find((unsigned char *)memory);
    if (found == device.end())
        return failed(cudaErrorInvalidValue);
    finish_all_streams();
    const allocation &a = found->second;
    madvise(a.pages, a.pages_bytes, MADV_DONTNEED);
    mprotect(a.pages, a.pages_bytes, PROT_NONE);
    forbid(a.pages, a.pages_bytes);
    device_bytes -= a.bytes;
    device.erase(found);
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *available, size_t *total)
{
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    *total = settings().memory_bytes;
    *available = *total - device_bytes;
    return cudaSuccess;
}

cudaError_t cudaHostAlloc(void **memory, size_t bytes, unsigned flags)
{
    (void)flags;
    cudaError_t unusable = begin_call(CALL_REFUSED_IN_CAPTURE);
    if (unusable)
        return unusable;
    *memory = nullptr;
    if (bytes == 0)
        return cudaSuccess;
    *memory = aligned_alloc(PAGE_BYTES, rounded(bytes, PAGE_BYTES));
    if (!*memory)
        return failed(cudaErrorMemoryAllocation);
    memset(*memory, 0xff, bytes);
    pinned[(unsigned char *)*memory] = {bytes, nullptr, 0};
    return cudaSuccess;
}

cudaError_t cudaMallocHost(void **memory, size_t bytes)
{
    return cudaHostAlloc(memory, bytes, cudaHostAllocDefault);
}

cudaError_t cudaFreeHost(void *memory)
{
    cudaError_t unusable = begin_call(CALL_REFUSED_IN_CAPTURE);
    if (unusable || !memory)
        return unusable;
    if (!pinned.count((unsigned char *)memory))
        return failed(cudaErrorInvalidValue);
    finish_all_streams();
    pinned.erase((unsigned char *)memory);
    free(memory);
    return cudaSuccess;
}

cudaError_t cudaHostRegister(void *memory, size_t bytes, unsigned flags)
{
    (void)flags;
    cudaError_t unusable = begin_call(CALL_REFUSED_IN_CAPTURE);
    if (unusable)
        return unusable;
    if (!memory || bytes == 0)
        return failed(cudaErrorInvalidValue);
    if (find(pinned, memory) || find(pinned, (unsigned char *)memory + bytes - 1))
        return failed(cudaErrorHostMemoryAlreadyRegistered);
    pinned[(unsigned char *)memory] = {bytes, nullptr, 0};
    return cudaSuccess;
}

cudaError_t cudaHostUnregister(void *memory)
{
    cudaError_t unusable = begin_call(CALL_REFUSED_IN_CAPTURE);
    if (unusable)
        return unusable;
    if (!pinned.count((unsigned char *)memory))
        return failed(cudaErrorHostMemoryNotRegistered);
    finish_all_streams();
    pinned.erase((unsigned char *)memory);
    return cudaSuccess;
}

cudaError_t cudaHostGetDevicePointer(void **on_device, void *host, unsigned flags)
{
    (void)flags;
    *on_device = host;
    return failed(is_pinned_memory(host, 1) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes *attributes, const void *memory)
{
    *attributes = {};
    if (is_device_memory(memory, 1)) {
        attributes->type = cudaMemoryTypeDevice;
        attributes->devicePointer = (void *)memory;
    } else if (is_pinned_memory(memory, 1)) {
        attributes->type = cudaMemoryTypeHost;
        attributes->devicePointer = attributes->hostPointer = (void *)memory;
    }
    return cudaSuccess;
}
