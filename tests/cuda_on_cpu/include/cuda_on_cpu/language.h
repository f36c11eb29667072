/* The words that CUDA adds to C++. A kernel is an ordinary function; shared memory is a section of the program, which
 * the runtime fills with NaN before each block runs. */
#pragma once

#include <cstddef>

#define __global__
#define __device__
#define __host__
#define __constant__    static
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __shared__ __attribute__((section("cuda_shared")))

/* Where the linker puts this program's (or library's) section; null where no kernel has static shared memory. */
extern "C" __attribute__((weak, visibility("hidden"))) unsigned char __start_cuda_shared[], __stop_cuda_shared[];

/* The one dynamic array. */
extern __shared__ __align__(16) unsigned char dynamic_shared[];

namespace cuda_on_cpu
{

void register_shared_memory(unsigned char *begin, unsigned char *end);

/* Each object file registers; the runtime keeps one of equal ranges. */
struct shared_memory_of_program {
    shared_memory_of_program()
    {
        register_shared_memory(__start_cuda_shared, __stop_cuda_shared);
    }
};
static const shared_memory_of_program this_program;

} // namespace cuda_on_cpu
