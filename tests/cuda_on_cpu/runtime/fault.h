/* Says what a fault on device memory was before the program dies of it. */
#pragma once

namespace cuda_on_cpu
{

/* Installs the handler, unless the program or a sanitizer has one. */
void report_faults();

} // namespace cuda_on_cpu
