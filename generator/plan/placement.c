/* Which ep coordinate serves an expert to a sender, and in which of its slots the expert lies. */
#include "plan/passes.h"

#include <assert.h>
#include <string.h>

static const int *holders_of(const struct strategy *strategy, int layer, int expert)
{
    return strategy->holders + ((size_t)layer * strategy->model.experts + expert) * strategy->holder_room;
}

static int holder_count(const int *holders, int room)
{
    int count = 0;
    while (count < room && holders[count] >= 0)
        count++;
    return count;
}

static bool same_in_all_layers(const struct strategy *strategy)
{
    size_t layer_ints = (size_t)strategy->model.experts * strategy->holder_room;
    for (int layer = 1; layer < strategy->model.layers; layer++)
        if (memcmp(strategy->holders, holders_of(strategy, layer, 0), layer_ints * sizeof(int)) != 0)
            return false;
    return true;
}

/* The most experts of one layer that one ep coordinate holds. */
static int most_held(const struct strategy *strategy, int rows, int *counts)
{
    int most = 0, ep = strategy->grid[AXIS_EP];
    for (int row = 0; row < rows; row++) {
        memset(counts, 0, (size_t)ep * sizeof *counts);
        for (int expert = 0; expert < strategy->model.experts; expert++) {
            const int *holders = holders_of(strategy, row, expert);
            for (int i = 0; i < holder_count(holders, strategy->holder_room); i++)
                if (++counts[holders[i]] > most)
                    most = counts[holders[i]];
        }
    }
    return most;
}

/* Experts take the slots of their holders in ascending order. */
static void fill_slots(const struct strategy *strategy, struct placement *placement, int row, int *counts)
{
    int ep = strategy->grid[AXIS_EP], experts = strategy->model.experts;
    int *held = placement->held + (size_t)row * ep * placement->expert_slots;
    memset(counts, 0, (size_t)ep * sizeof *counts);
    for (int expert = 0; expert < experts; expert++) {
        const int *holders = holders_of(strategy, row, expert);
        int count = holder_count(holders, strategy->holder_room);
        assert(count > 0); /* the reader refuses an expert that no one holds */
        for (int i = 0; i < count; i++)
            held[holders[i] * placement->expert_slots + counts[holders[i]]] = expert;
        /* Senders are dealt over the replicas in turn; one that holds the expert itself is served by itself. */
        for (int source = 0; source < placement->sources; source++) {
            int home = holders[source % count];
            for (int i = 0; i < count && placement->sources > 1; i++)
                if (holders[i] == source)
                    home = source;
            size_t at = ((size_t)row * placement->sources + source) * experts + expert;
            placement->home[at] = home;
            placement->slot[at] = counts[home];
        }
        for (int i = 0; i < count; i++)
            counts[holders[i]]++;
    }
}

bool plan_placement(const struct strategy *strategy, struct plan *plan, struct error *error)
{
    (void)error; /* the reader has checked that every holder is an ep coordinate, named once */
    struct placement *placement = &plan->placement;
    int ep = strategy->grid[AXIS_EP], experts = strategy->model.experts;
    int *counts = pool_take(&plan->pool, (size_t)ep, sizeof *counts);
    placement->rows = same_in_all_layers(strategy) ? 1 : strategy->model.layers;
    placement->sources = strategy->holder_room > 1 ? ep : 1;
    placement->expert_slots = most_held(strategy, placement->rows, counts);

    size_t entries = (size_t)placement->rows * placement->sources * experts;
    size_t slots = (size_t)placement->rows * ep * placement->expert_slots;
    placement->home = pool_take(&plan->pool, entries, sizeof *placement->home);
    placement->slot = pool_take(&plan->pool, entries, sizeof *placement->slot);
    placement->held = pool_take(&plan->pool, slots, sizeof *placement->held);
    memset(placement->held, -1, slots * sizeof *placement->held);
    for (int row = 0; row < placement->rows; row++)
        fill_slots(strategy, placement, row, counts);
    return true;
}
