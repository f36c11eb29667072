/* A step, for one lane: what the head writes into its step header. C and C++ alike: GPU code reads it too. */
#pragma once

#include "host_device.h"

#include <stdint.h>

struct step_row {
    int32_t token, position;
    int32_t sequence; /* 0 <= sequence < SEQUENCES of the lane */
    int32_t wants;    /* 0: nothing; 1: logits and a sampled token */
};

struct sampling {
    float temperature; /* 0: greedy */
    float top_p;       /* 1: all */
    int32_t top_k;     /* 0: all */
    uint32_t reserved;
    uint64_t seed;
};

/* Followed by rows[row capacity], sampling[sequences], block_tables[sequences][sequence_blocks]. */
struct step_header {
    uint32_t decode; /* 0: the prefill schedule, 1: decode */
    uint32_t active; /* micro-batches in use, the same in all lanes; the others are skipped */
    uint32_t rows;   /* of this lane */
    uint32_t reserved;
};

static inline uint64_t step_sampling_offset(uint64_t rows)
{
    return sizeof(struct step_header) + rows * sizeof(struct step_row);
}

static inline uint64_t step_tables_offset(uint64_t rows, uint64_t sequences)
{
    return step_sampling_offset(rows) + sequences * sizeof(struct sampling);
}

static inline uint64_t step_header_bytes(uint64_t rows, uint64_t sequences, uint64_t sequence_blocks)
{
    return step_tables_offset(rows, sequences) + sequences * sequence_blocks * sizeof(uint32_t);
}

/* Micro-batch m of a step holds rows micro_begin(m) <= row < micro_begin(m + 1) of its lane. */
HOST_DEVICE static inline uint32_t micro_begin(const struct step_header *step, uint32_t micro)
{
    return micro >= step->active ? step->rows : (uint32_t)((uint64_t)step->rows * micro / step->active);
}
