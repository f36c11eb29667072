#include "splittings.h"

#include <stdio.h>

const struct splitting splittings[] = {
    {"single", 1, 1, 1, 1, 1, "", true},
    {"tp-2", 1, 1, 1, 2, 1, "", true},
    {"tp-4", 1, 1, 1, 4, 1, "", true}, /* shakespeare has fewer key/value heads than that */
    {"ep-2", 1, 1, 2, 1, 1, "", true},
    {"ep-4", 1, 1, 4, 1, 1, "", true},
    {"pp-2", 1, 2, 1, 1, 1, "", true},
    {"pp-4-uneven", 1, 4, 1, 1, 1, "stages = { 5, 3, 2, 6 },", false},
    {"dp-2", 2, 1, 1, 1, 1, "", true},
    {"ep-2-tp-2-pp-2", 1, 2, 2, 2, 1, "", true},
    {"two-micro-batches", 1, 2, 2, 2, 2, "", true},
    {"four-micro-batches", 1, 2, 2, 1, 4, "", false},
    {"scrambled-ranks", 1, 2, 2, 2, 2, "rank = function(c) return (5 * (c.pp * 4 + c.ep * 2 + c.tp) + 3) % 8 end,",
     true},
    {"diagonal-experts", 1, 2, 2, 2, 2, "experts = function(layer, expert) return (layer + expert) % 2 end,", true},
    {"replicas", 1, 1, 2, 1, 1,
     "experts = function(layer, expert) if expert % 3 == 0 then return { 0, 1 } end return expert % 2 end,", true},
    {"uneven-experts", 1, 1, 2, 1, 1, "experts = function(layer, expert) return expert < 5 and 0 or 1 end,", true},
    {"f32-weights", 1, 1, 2, 2, 1, "dtype = { weights = \"f32\" },", true},
};

const size_t splitting_count = COUNT(splittings);

void write_splitting_on(char path[PATH_ROOM], const struct splitting *splitting, const char *model, const char *target)
{
    char keys[4096];
    snprintf(keys, sizeof keys,
             "  grid = { dp = %d, pp = %d, ep = %d, tp = %d },\n  %s\n  target = { %s },\n"
             "  batch = { sequences = 8, context = 512, prefill_rows = 64, micro_batches = %d },",
             splitting->dp, splitting->pp, splitting->ep, splitting->tp, splitting->keys, target,
             splitting->micro_batches);
    write_strategy(path, splitting->name, model, keys);
}

void write_splitting(char path[PATH_ROOM], const struct splitting *splitting, const char *model)
{
    write_splitting_on(path, splitting, model, "memory = \"2 GiB\"");
}
