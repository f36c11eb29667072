/* Reading the environment, the seeded sequence, and the end of a process that goes wrong. */
#include "settings.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace cuda_on_cpu
{

static long number_of(const char *name, long otherwise)
{
    const char *text = getenv(name);
    if (!text || !*text)
        return otherwise;
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || value < 0)
        give_up("%s=%s: not a whole number", name, text);
    return value;
}

static machine read_settings()
{
    machine s = {};
    s.seed = (uint32_t)number_of("CUDA_ON_CPU_SEED", 2);
    s.devices = (int)number_of("CUDA_ON_CPU_DEVICES", 8);
    s.memory_bytes = (size_t)number_of("CUDA_ON_CPU_MEMORY_MIB", 4096) << 20;
    s.driver_version = (int)number_of("CUDA_ON_CPU_DRIVER", 13000);
    long capability = number_of("CUDA_ON_CPU_CAPABILITY", 90);
    s.capability_major = (int)(capability / 10);
    s.capability_minor = (int)(capability % 10);
    return s;
}

const machine &settings()
{
    static const machine read = read_settings();
    return read;
}

/* splitmix64 */
static uint64_t next_random()
{
    static uint64_t state = settings().seed * 7919ull;
    state += 0x9e3779b97f4a7c15ull;
    uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ull;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebull;
    return mixed ^ (mixed >> 31);
}

uint32_t random_below(uint32_t n)
{
    if (settings().seed == 0)
        return 0;
    if (settings().seed == 1)
        return n - 1;
    return (uint32_t)(((next_random() >> 32) * n) >> 32);
}

void give_up(const char *format, ...)
{
    fflush(stdout);
    fputs("cuda_on_cpu: ", stderr);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    fflush(stderr);
    _exit(97);
}

} // namespace cuda_on_cpu
