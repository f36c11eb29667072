/* What libraries beside the runtime need to put their own work on streams: the emulated NCCL and cuBLASLt link
 * libcuda_on_cpu.so and include this. Everything runs on the one thread that calls the runtime: an operation is a
 * function that the scheduler calls again and again until it says that it has finished. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <cuda_runtime_api.h>
#include <functional>

namespace cuda_on_cpu
{

/* What calling a step came to. `blocked`: nothing done, it waits for work of this process. `outside`: nothing done, it
 * waits for another process or for the host: no reason to report a deadlock. */
enum class progress { blocked, outside, some, finished };

/* One operation that has begun. Called with device memory accessible, never after it has finished; must not call the
 * CUDA runtime. */
using step = std::function<progress()>;

/* Makes a fresh operation: once for each time it runs, so that a captured graph can be replayed. Called when the
 * operation comes to the front of its stream, with device memory accessible. */
using step_maker = std::function<step()>;

/* Appends an operation to a stream, or to the graph that the stream is being captured into. `name` is for messages and
 * must stay: a literal. */
cudaError_t enqueue(cudaStream_t stream, step_maker make, const char *name = "an operation");

/* Calls some steps, as a query of a stream does: for functions that a program polls. */
void make_progress();

/* Who waits for other processes may know better than to look again every few microseconds: `sleep` is called while no
 * step can do anything and one is `outside`. It returns when that may have changed, within a few milliseconds. */
void sleep_outside_by(void (*sleep)());

/* Whether all of the range lies in one allocation of cudaMalloc, or of pinned host memory (registered memory too). */
bool is_device_memory(const void *begin, size_t bytes);
bool is_pinned_memory(const void *begin, size_t bytes);

/* Tells ThreadSanitizer, where it runs, that the step reads or writes a range: it cannot see that in a library which
 * is not instrumented. Costs nothing without it. */
void note_read(const void *begin, size_t bytes);
void note_write(void *begin, size_t bytes);

/* Prints "cuda_on_cpu: ..." and ends the process with status 97. For what a GPU would answer with a fault, a hang or
 * wrong results. */
[[noreturn]] void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A number below n (n > 0) of the seeded sequence; 0 where the seed is 0, n - 1 where it is 1. */
uint32_t random_below(uint32_t n);

} // namespace cuda_on_cpu
