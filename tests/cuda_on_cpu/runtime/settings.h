/* What the environment says about the machine that the runtime plays, and the seeded choices. README.md lists it. */
#pragma once

#include "../stream.h"

#include <algorithm>
#include <vector>

namespace cuda_on_cpu
{

struct machine {
    uint32_t seed;
    int devices;
    size_t memory_bytes;
    int capability_major, capability_minor;
    int driver_version;
};
const machine &settings();

/* Puts values into the order of the seed: as they are (0), reversed (1), shuffled. */
template <class T> void seeded_order(std::vector<T> &values)
{
    if (settings().seed == 0)
        return;
    if (settings().seed == 1) {
        std::reverse(values.begin(), values.end());
        return;
    }
    for (size_t i = values.size(); i > 1; i--)
        std::swap(values[i - 1], values[random_below((uint32_t)i)]);
}

} // namespace cuda_on_cpu
