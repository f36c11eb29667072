/* Which rank goes on next: a heap of ranks by time, the lower rank first among equals. */
#pragma once

#include "base/pool.h"

struct agenda {
    struct agenda_entry {
        double at_s;
        int rank;
    } * heap;
    int count;
};

/* Room for each rank once. */
struct agenda agenda_make(int ranks, struct pool *pool);
void agenda_add(struct agenda *agenda, double at_s, int rank);
struct agenda_entry agenda_take(struct agenda *agenda); /* count > 0 */
