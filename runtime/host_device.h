/* Small functions that processors and GPUs share, C and CUDA C++ alike. */
#pragma once

#ifdef __CUDACC__
#define HOST_DEVICE __host__ __device__
#else
#define HOST_DEVICE
#endif
