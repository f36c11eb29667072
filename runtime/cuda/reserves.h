/* Device memory that a CUDA rank does not ask for by itself, as the ledger counts it: upper bounds, not measurements.
 * The driver's context with the code of kernels and cuBLASLt takes 0.3 to 0.6 GiB on GPUs of compute capability 8.0 to
 * 10.0; a NCCL communicator with its channels' buffers a few hundred MiB at most by default (NCCL_BUFFSIZE 4 MiB, up to
 * 32 channels, two directions). */
#pragma once

#include <stdint.h>

static const uint64_t gpu_context_bytes = 640U << 20, gpu_communicator_bytes = 256U << 20;
