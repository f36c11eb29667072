/* Which table of kernels this processor can run. */
#include "tables.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool runs_anywhere(void)
{
    return true;
}

#ifdef __x86_64__
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && has_avx2();
}
#endif

/* Best first. */
static const struct {
    const struct kernels *kernels;
    bool (*is_supported)(void);
} TABLES[] = {
#ifdef __x86_64__
    {&kernels_avx512, has_avx512},
    {&kernels_avx2, has_avx2},
#endif
    {&kernels_portable, runs_anywhere},
};

enum { TABLE_COUNT = sizeof TABLES / sizeof TABLES[0] };

const struct kernels *kernels_best(void)
{
    int table = 0;
    while (!TABLES[table].is_supported())
        table++;
    return TABLES[table].kernels;
}

const struct kernels *kernels_named(const char *name)
{
    for (int table = 0; table < TABLE_COUNT; table++)
        if (strcmp(TABLES[table].kernels->name, name) == 0)
            return TABLES[table].is_supported() ? TABLES[table].kernels : NULL;
    return NULL;
}

const char *kernels_name(int index)
{
    return index < TABLE_COUNT ? TABLES[index].kernels->name : NULL;
}
