/* Whether the machine that is played has a usable device, and the last error. */
#pragma once

#include <cuda_runtime_api.h>

namespace cuda_on_cpu
{

enum call_kind { CALL_ALWAYS, CALL_REFUSED_IN_CAPTURE };

/* What every call that needs a device begins with: cudaSuccess, or the error to return (noted as the last error).
 * Calls that wait or allocate also end a capture that forbids them. */
cudaError_t begin_call(enum call_kind kind);

/* Notes an error, if it is one, for cudaGetLastError, and returns it. */
cudaError_t failed(cudaError_t error);

} // namespace cuda_on_cpu
