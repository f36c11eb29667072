/* The queues of asynchronous copies: the part of include/cuda_on_cpu/copy_async.h that kernels do not see. */
#include "block.h"
#include "settings.h"
#include "shared_memory.h"

namespace cuda_on_cpu
{

void queue_copy(async_copy copy)
{
    unwatched own;
    current_thread("copy_async_16").copies.push_back({copy, current_thread("copy_async_16").groups});
}

void commit_copies()
{
    current_thread("copy_async_commit").groups++;
}

bool take_copy(unsigned groups, async_copy *copy)
{
    unwatched own;
    cuda_thread &t = current_thread("copy_async_wait");
    if (t.copies.empty() || t.copies.front().group + groups >= t.groups)
        return false;
    *copy = t.copies.front().copy;
    t.copies.pop_front();
    return true;
}

bool take_early_copy(async_copy *copy)
{
    unwatched own;
    cuda_thread &t = current_thread("copy_async_16");
    if (t.copies.empty() || random_below(3) != 2)
        return false;
    size_t which = random_below((uint32_t)t.copies.size());
    *copy = t.copies[which].copy;
    t.copies.erase(t.copies.begin() + (long)which);
    return true;
}

void check_shared_row(const void *shared, const char *operation, place from)
{
    if (!is_shared_memory(shared, 16))
        give_up("%s: %s of an address outside shared memory", whereabouts(from), operation);
    if ((uintptr_t)shared % 16)
        give_up("%s: %s of a place in shared memory that is not aligned to 16 bytes", whereabouts(from), operation);
}

void check_global_row(const void *global, const char *operation, place from)
{
    if (!is_device_memory(global, 16))
        give_up("%s: %s from outside device memory", whereabouts(from), operation);
    if ((uintptr_t)global % 16)
        give_up("%s: %s from an address that is not aligned to 16 bytes", whereabouts(from), operation);
}

} // namespace cuda_on_cpu
