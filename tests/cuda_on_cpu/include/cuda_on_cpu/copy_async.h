/* Asynchronous copies of 16 bytes from global to shared memory. They land at the latest moment that is allowed, the
 * wait, or at an earlier one of the seed: a kernel that reads too early, or overwrites what others still read, shows.
 */
#pragma once

#include "thread.h"

#include <cstdint>
#include <cstring>

namespace cuda_on_cpu
{

struct alignas(16) sixteen_bytes {
    uint64_t words[2];
};
struct async_copy {
    sixteen_bytes *shared;
    const sixteen_bytes *global; /* null: zeros */
};

/* The queue of the calling thread; kept by the runtime, whose own memory no kernel may be seen to touch. */
void queue_copy(async_copy copy);
void commit_copies();
/* Takes the oldest copy that is not in the latest `groups` groups; false: there is none. */
bool take_copy(unsigned groups, async_copy *copy);
/* Takes a copy that the seed says lands now; false: none does. */
bool take_early_copy(async_copy *copy);

/* Ends the process where the range is not in the block's shared memory, or not aligned to 16 bytes. */
void check_shared_row(const void *shared, const char *operation, place from);
void check_global_row(const void *global, const char *operation, place from);

inline void land(const async_copy &copy)
{
    *copy.shared = copy.global ? *copy.global : sixteen_bytes{{0, 0}};
}

} // namespace cuda_on_cpu
