/* Which GPU a rank takes, and whether it will do. Everything that can be wrong with a machine is found here, in a line
 * that says what to do. */
#include "cuda/start/start.h"

#include <dlfcn.h>
#include <stdlib.h>

enum { OLDEST_CAPABILITY = 80 }; /* 8.0: the oldest that a rank's binary has code for */

/* CUDA's own text for a machine without a driver says that the driver is too old; the loader knows better. */
static _Noreturn void fail_without_devices(struct rank *rank, cudaError_t status)
{
    int driver = 0;
    if (cudaDriverGetVersion(&driver) != cudaSuccess)
        driver = 0;
    if (driver > 0 && driver / 1000 < CUDART_VERSION / 1000)
        rank_fail(rank, "the NVIDIA driver knows CUDA %d.%d, this rank is built with %d.%d; install a newer driver",
                  driver / 1000, driver % 1000 / 10, CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
    if (driver > 0)
        rank_fail(rank, "no usable GPU: %s; see what nvidia-smi says, and CUDA_VISIBLE_DEVICES",
                  cudaGetErrorString(status));
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    const char *why = library ? "it does not answer" : dlerror();
    rank_fail(rank, "this machine has no NVIDIA driver (%s); install it, or take device = \"cpu\"",
              why ? why : "libcuda.so.1 cannot be loaded");
}

static int device_attribute(struct gpu *r, enum cudaDeviceAttr attribute, int device)
{
    int value = 0;
    GPU_CHECK(r, cudaDeviceGetAttribute(&value, attribute, device));
    return value;
}

static void check_memory(struct gpu *r, int device)
{
    size_t available = 0, total = 0;
    GPU_CHECK(r, cudaMemGetInfo(&available, &total));
    if (available < r->gpu_class->ledger_bytes)
        rank_fail(r->rank,
                  "GPU %d has %.2f of %.2f GiB free, the plan needs %.2f GiB; end what else runs there, or split the "
                  "model further",
                  device, (double)available / (1 << 30), (double)total / (1 << 30),
                  (double)r->gpu_class->ledger_bytes / (1 << 30));
    r->free_at_start = available;
}

void choose_device(struct gpu *r, int wanted)
{
    /* A kernel that is loaded when it is first used may wait for all that runs: for an NCCL operation, which waits for
     * a peer, which waits for this rank. Whoever knows better can say LAZY. */
    setenv("CUDA_MODULE_LOADING", "EAGER", 0);
    int count = 0;
    cudaError_t status = cudaGetDeviceCount(&count);
    if (status != cudaSuccess || count == 0)
        fail_without_devices(r->rank, status == cudaSuccess ? cudaErrorNoDevice : status);
    int device = wanted >= 0 ? wanted : r->number % r->gpu_class->ranks_per_node;
    if (device >= count)
        rank_fail(r->rank,
                  "takes GPU %d, but CUDA shows %d; start fewer ranks on this machine, or set "
                  "CUDA_VISIBLE_DEVICES or --gpu",
                  device, count);
    int major = device_attribute(r, cudaDevAttrComputeCapabilityMajor, device);
    int minor = device_attribute(r, cudaDevAttrComputeCapabilityMinor, device);
    if (major * 10 + minor < OLDEST_CAPABILITY)
        rank_fail(r->rank, "GPU %d has compute capability %d.%d; 8.0 or newer is needed", device, major, minor);
    GPU_CHECK(r, cudaSetDevice(device));
    check_memory(r, device);
}
