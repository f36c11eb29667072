/* The name of the first GPU; without one, a line and status 1. */
#include "cuda/devices.h"

#include <cuda_runtime_api.h>
#include <stdio.h>

int main(void)
{
    char message[512];
    struct cudaDeviceProp properties;
    if (count_gpus(message, sizeof message) == 0) {
        fprintf(stderr, "no GPU: %s\n", message);
        return 1;
    }
    if (cudaGetDeviceProperties(&properties, 0) != cudaSuccess) {
        fprintf(stderr, "no GPU: the first does not say its name\n");
        return 1;
    }
#ifdef BENCH_ON_CPU
    printf("a processor in a GPU's place; nothing is measured\n");
#else
    printf("%s\n", properties.name);
#endif
    return 0;
}
