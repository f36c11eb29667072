/* demo-8-cuda: where experts are, 16 a row. */
#pragma once

#include "placement.h"

/* clang-format off */
static __device__ const uint16_t EXPERT_HOME[PLACEMENT_ROWS][PLACEMENT_SOURCES][PLACEMENT_EXPERTS] = {
    {
        { // every layer, every sender
            0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,
        },
    },
};

static __device__ const uint16_t EXPERT_SLOT[PLACEMENT_ROWS][PLACEMENT_SOURCES][PLACEMENT_EXPERTS] = {
    {
        { // every layer, every sender
             0,  1,  2,  3,  4,  5,  6,  7,  0,  1,  2,  3,  4,  5,  6,  7,
        },
    },
};
