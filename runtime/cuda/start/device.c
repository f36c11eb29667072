/* Which GPU a rank takes, and whether it will do. Everything that can be wrong with a machine is found here, in a line
 * that says what to do. */
#include "cuda/devices.h"
#include "cuda/start/start.h"

#include <stdlib.h>

enum { OLDEST_CAPABILITY = 80 }; /* 8.0: the oldest that a rank's binary has code for */

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
    char message[512];
    const int count = count_gpus(message, sizeof message);
    if (count == 0)
        rank_fail(r->rank, "%s, or take device = \"cpu\"", message);
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
