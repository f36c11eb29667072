/* Shared memory: the sections that programs register and the one dynamic array, since one block runs at a time. */
#pragma once

#include <cstddef>

namespace cuda_on_cpu
{

/* What one block can have, static and dynamic, after cudaFuncSetAttribute and before. */
enum { SHARED_BYTES = 227 << 10, SHARED_BYTES_UNASKED = 48 << 10 };

/* A new block's: NaN everywhere, nobody has used it. */
void begin_shared_memory(size_t dynamic_bytes);

/* Whether the range lies in the running block's shared memory. */
bool is_shared_memory(const void *begin, size_t bytes);

/* Ends the process if the block wrote past its dynamic part. */
void check_shared_memory(const char *kernel, size_t dynamic_bytes);

} // namespace cuda_on_cpu
