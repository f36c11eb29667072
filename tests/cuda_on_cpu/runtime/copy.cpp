/* Copies and fills: each is one step. */
#include "device.h"
#include "memory.h"
#include "settings.h"
#include "stream.h"

#include <cstring>

namespace cuda_on_cpu
{

static void copy(void *to, const void *from, size_t bytes)
{
    note_read(from, bytes);
    note_write(to, bytes);
    memmove(to, from, bytes);
}

static void fill(void *memory, int value, size_t bytes)
{
    note_write(memory, bytes);
    memset(memory, value, bytes);
}

static const char *kind_of(const void *begin, size_t bytes)
{
    return is_device_memory(begin, bytes) ? "device" : is_pinned_memory(begin, bytes) ? "pinned" : "other";
}

/* Whether the range is where the kind of copy says. Copies on a stream take host memory only if it is pinned: others
 * would be staged, and wait. */
static bool side_fits(bool on_device, bool any, const void *begin, size_t bytes)
{
    if (any)
        return is_device_memory(begin, bytes) || is_pinned_memory(begin, bytes);
    return on_device ? is_device_memory(begin, bytes) : is_pinned_memory(begin, bytes);
}

static void check_ranges(const void *to, size_t to_bytes, const void *from, size_t from_bytes, enum cudaMemcpyKind kind)
{
    bool any = kind == cudaMemcpyDefault;
    bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (side_fits(to_device, any, to, to_bytes) && side_fits(from_device, any, from, from_bytes))
        return;
    give_up(
        "cudaMemcpyAsync of kind %d: %zu bytes to %s memory from %s memory (\"other\": neither device nor pinned, or "
        "beyond the allocation)",
        (int)kind, to_bytes, kind_of(to, to_bytes), kind_of(from, from_bytes));
}

} // namespace cuda_on_cpu

using namespace cuda_on_cpu;

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind, cudaStream_t stream)
{
    if (bytes == 0)
        return begin_call(CALL_ALWAYS);
    check_ranges(to, bytes, from, bytes, kind);
    return enqueue(
        stream,
        [=] {
            return [=] {
                copy(to, from, bytes);
                return progress::finished;
            };
        },
        "cudaMemcpyAsync");
}

cudaError_t cudaMemcpy2DAsync(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width,
                              size_t height, enum cudaMemcpyKind kind, cudaStream_t stream)
{
    if (width == 0 || height == 0)
        return begin_call(CALL_ALWAYS);
    if (width > to_pitch || width > from_pitch)
        return failed(cudaErrorInvalidValue);
    check_ranges(to, (height - 1) * to_pitch + width, from, (height - 1) * from_pitch + width, kind);
    return enqueue(
        stream,
        [=] {
            return [=] {
                for (size_t i = 0; i < height; i++)
                    copy((char *)to + i * to_pitch, (const char *)from + i * from_pitch, width);
                return progress::finished;
            };
        },
        "cudaMemcpy2DAsync");
}

cudaError_t cudaMemsetAsync(void *memory, int value, size_t bytes, cudaStream_t stream)
{
    if (bytes == 0)
        return begin_call(CALL_ALWAYS);
    if (!is_device_memory(memory, bytes) && !is_pinned_memory(memory, bytes))
        give_up("cudaMemsetAsync: %zu bytes of neither device nor pinned memory, or beyond the allocation", bytes);
    return enqueue(
        stream,
        [=] {
            return [=] {
                fill(memory, value, bytes);
                return progress::finished;
            };
        },
        "cudaMemsetAsync");
}

/* The two below wait for themselves only: streams that do not wait for the default stream may come before or after. */
cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind)
{
    cudaError_t unusable = begin_call(CALL_REFUSED_IN_CAPTURE);
    if (unusable || bytes == 0)
        return unusable;
    bool to_device = is_device_memory(to, bytes), from_device = is_device_memory(from, bytes);
    bool fits = kind == cudaMemcpyDefault ||
                (to_device == (kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice) &&
                 from_device == (kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice));
    if (!fits)
        return failed(cudaErrorInvalidValue);
    unwatched own;
    device_memory_access access;
    copy(to, from, bytes);
    return cudaSuccess;
}

cudaError_t cudaMemset(void *memory, int value, size_t bytes)
{
    cudaError_t unusable = begin_call(CALL_REFUSED_IN_CAPTURE);
    if (unusable || bytes == 0)
        return unusable;
    if (!is_device_memory(memory, bytes))
        return failed(cudaErrorInvalidValue);
    unwatched own;
    device_memory_access access;
    fill(memory, value, bytes);
    return cudaSuccess;
}
