/* The devices of the machine that is played, as the runtime's functions tell of them. */
#include "device.h"

#include "capture.h"
#include "settings.h"
#include "shared_memory.h"
#include "stream.h"

#include <cstdio>
#include <cstring>
#include <pthread.h>

namespace cuda_on_cpu
{

static cudaError_t last_error;
static int current_device;

enum { MULTIPROCESSORS = 132, THREADS_PER_BLOCK = 1024 };

cudaError_t failed(cudaError_t error)
{
    if (error)
        last_error = error;
    return error;
}

/* One thread and one process: fibers and streams belong to it. */
static void check_caller()
{
    static const pthread_t owner = pthread_self();
    if (!pthread_equal(owner, pthread_self()))
        give_up("a second thread calls the CUDA runtime: this one is for programs that call it from one thread");
}

static cudaError_t usable()
{
    check_caller();
    if (settings().driver_version < CUDART_VERSION)
        return cudaErrorInsufficientDriver;
    return settings().devices ? cudaSuccess : cudaErrorNoDevice;
}

cudaError_t begin_call(enum call_kind kind)
{
    cudaError_t error = usable();
    if (!error && kind == CALL_REFUSED_IN_CAPTURE)
        error = refuse_in_capture();
    return failed(error);
}

static bool is_device(int device)
{
    return device >= 0 && device < settings().devices;
}

} // namespace cuda_on_cpu

using namespace cuda_on_cpu;

cudaError_t cudaGetLastError(void)
{
    cudaError_t error = last_error;
    last_error = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError(void)
{
    return last_error;
}

cudaError_t cudaDriverGetVersion(int *version)
{
    *version = settings().driver_version;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    *version = CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int *count)
{
    *count = 0;
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (!unusable)
        *count = settings().devices;
    return unusable;
}

cudaError_t cudaGetDevice(int *device)
{
    *device = current_device;
    return begin_call(CALL_ALWAYS);
}

cudaError_t cudaSetDevice(int device)
{
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    if (!is_device(device))
        return failed(cudaErrorInvalidDevice);
    if (device != current_device && has_streams())
        give_up("cudaSetDevice changes the device after streams were made: one process has one device");
    current_device = device;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int device)
{
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    if (!is_device(device))
        return failed(cudaErrorInvalidDevice);
    *properties = {};
    snprintf(properties->name, sizeof properties->name, "CUDA on a CPU");
    properties->totalGlobalMem = settings().memory_bytes;
    properties->sharedMemPerBlock = SHARED_BYTES_UNASKED;
    properties->warpSize = 32;
    properties->maxThreadsPerBlock = THREADS_PER_BLOCK;
    properties->major = settings().capability_major;
    properties->minor = settings().capability_minor;
    properties->multiProcessorCount = MULTIPROCESSORS;
    properties->sharedMemPerMultiprocessor = SHARED_BYTES + 1024;
    properties->sharedMemPerBlockOptin = SHARED_BYTES;
    properties->pciBusID = device + 1;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attribute, int device)
{
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    if (!is_device(device))
        return failed(cudaErrorInvalidDevice);
    const struct {
        enum cudaDeviceAttr attribute;
        int value;
    } known[] = {
        {cudaDevAttrMaxThreadsPerBlock, THREADS_PER_BLOCK},
        {cudaDevAttrMaxSharedMemoryPerBlock, SHARED_BYTES_UNASKED},
        {cudaDevAttrWarpSize, 32},
        {cudaDevAttrMultiProcessorCount, MULTIPROCESSORS},
        {cudaDevAttrComputeCapabilityMajor, settings().capability_major},
        {cudaDevAttrComputeCapabilityMinor, settings().capability_minor},
        {cudaDevAttrMaxSharedMemoryPerMultiprocessor, SHARED_BYTES + 1024},
        {cudaDevAttrMaxSharedMemoryPerBlockOptin, SHARED_BYTES},
    };
    for (const auto &row : known)
        if (row.attribute == attribute) {
            *value = row.value;
            return cudaSuccess;
        }
    return failed(cudaErrorInvalidValue);
}

cudaError_t cudaDeviceGetPCIBusId(char *text, int room, int device)
{
    cudaError_t unusable = begin_call(CALL_ALWAYS);
    if (unusable)
        return unusable;
    if (!is_device(device))
        return failed(cudaErrorInvalidDevice);
    int length = snprintf(text, (size_t)room, "0000:%02x:00.0", device + 1);
    return failed(length < room ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest)
{
    *least = 0;
    *greatest = -5;
    return begin_call(CALL_ALWAYS);
}
