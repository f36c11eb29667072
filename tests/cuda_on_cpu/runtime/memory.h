/* Which addresses are whose. Device memory is one reservation of addresses that cannot be touched while the host's own
 * code runs: a host that follows a device pointer faults, as on a machine with a GPU. */
#pragma once

#include "../stream.h"

namespace cuda_on_cpu
{

/* Makes device memory accessible while one of these lives; they nest. */
class device_memory_access
{
  public:
    device_memory_access();
    ~device_memory_access();
    device_memory_access(const device_memory_access &) = delete;
};

/* Makes it inaccessible again for host code that a step calls. */
class device_memory_hidden
{
  public:
    device_memory_hidden();
    ~device_memory_hidden();
    device_memory_hidden(const device_memory_hidden &) = delete;
};

/* Says what an address of device memory is, for the report of a fault; false: it is none. */
bool describe_device_address(const void *address, char *text, size_t room);

} // namespace cuda_on_cpu
