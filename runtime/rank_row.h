/* The constants of one rank. A class is linked once with an empty row; `stamp` copies the binary and writes the row of
 * each rank over it. TP and EP are enum constants of the including file. */
#pragma once

#include <stdint.h>

#define RANK_MAGIC "rankc rank row 1"

enum { SHARD_NAME_BYTES = 48 };

struct rank_row {
    char magic[sizeof RANK_MAGIC - 1];
    int32_t rank, dp, pp, ep, tp;
    int32_t layer_base;     /* the model's layer that is LAYER_0 here */
    int32_t previous, next; /* ranks of the neighbouring stages, -1: none */
    int32_t tp_group[TP];   /* ranks by tp coordinate, this one included */
    int32_t ep_group[EP];
    char dense[SHARD_NAME_BYTES], experts[SHARD_NAME_BYTES];
};
