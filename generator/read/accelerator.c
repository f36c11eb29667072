/* Until presets of hardware can be read from files, the accelerators that an audit can assume are listed here. */
#include "read/accelerator.h"

#include <string.h>

#define GB 1000000000ull

static const struct hardware accelerators[] = {
    {.name = "a100-sxm",
     .source = "NVIDIA A100 80GB SXM data sheet: bf16 dense",
     .flops = {[DTYPE_BF16] = {.peak = 312e12}},
     .memory = {.peak = 2039e9},
     .memory_bytes = 80 * GB},
    {.name = "h100-sxm",
     .source = "NVIDIA H100 SXM data sheet: bf16 dense",
     .flops = {[DTYPE_BF16] = {.peak = 989.4e12}},
     .memory = {.peak = 3350e9},
     .memory_bytes = 80 * GB},
};

bool accelerator_read(const char *name, const char *path, int line, struct pool *pool, const struct hardware **out,
                      struct error *error)
{
    (void)pool;
    for (size_t i = 0; i < sizeof accelerators / sizeof *accelerators; i++)
        if (strcmp(name, accelerators[i].name) == 0) {
            *out = &accelerators[i];
            return true;
        }
    return fail(error, path, line, "claims.assume.accelerator: \"%.40s\" is unknown; use \"a100-sxm\" or \"h100-sxm\"",
                name);
}
