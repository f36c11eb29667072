/* The GPUs that this process sees, or why it sees none. */
#include "cuda/devices.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <stdio.h>

/* CUDA's own text for a machine without a driver says that the driver is too old; the loader knows better. */
static void say_why(cudaError_t status, char *message, size_t room)
{
    int driver = 0;
    if (cudaDriverGetVersion(&driver) != cudaSuccess)
        driver = 0;
    if (driver > 0 && driver / 1000 < CUDART_VERSION / 1000) {
        snprintf(message, room,
                 "the NVIDIA driver knows CUDA %d.%d, this program is built with %d.%d; install a newer driver",
                 driver / 1000, driver % 1000 / 10, CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
        return;
    }
    if (driver > 0) {
        snprintf(message, room, "no usable GPU: %s; see what nvidia-smi says, and CUDA_VISIBLE_DEVICES",
                 cudaGetErrorString(status));
        return;
    }
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    const char *why = library ? "it does not answer" : dlerror();
    snprintf(message, room, "this machine has no NVIDIA driver (%s); install it",
             why ? why : "libcuda.so.1 cannot be loaded");
}

int count_gpus(char *message, size_t room)
{
    int count = 0;
    cudaError_t status = cudaGetDeviceCount(&count);
    if (status == cudaSuccess && count > 0)
        return count;
    say_why(status == cudaSuccess ? cudaErrorNoDevice : status, message, room);
    return 0;
}
