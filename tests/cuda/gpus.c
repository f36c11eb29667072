/* Names the GPUs of this machine, a line each; without one, says so in a line and ends with 1. */
#include "cuda/devices.h"

#include <cuda_runtime_api.h>
#include <stdio.h>

int main(void)
{
    char message[512];
    const int count = count_gpus(message, sizeof message);
    if (count == 0) {
        fprintf(stderr, "no GPU: %s\n", message);
        return 1;
    }
    for (int device = 0; device < count; device++) {
        struct cudaDeviceProp properties;
        if (cudaGetDeviceProperties(&properties, device) == cudaSuccess)
            printf("GPU %d: %s, compute capability %d.%d\n", device, properties.name, properties.major,
                   properties.minor);
    }
    return 0;
}
