/* Which grid of as many ranks holds the fewest weights: every grid is planned, and the lightest is kept. */
#include "plan/make.h"
#include "predict/audit/parts.h"

#include <string.h>

/* Stages and blocks of experts are equal; the planner refuses what it cannot split. */
static void try_grid(const struct scenario *scenario, const int *grid, struct grid_choice *best)
{
    struct pool pool = {0};
    struct strategy changed;
    struct plan plan;
    struct error error;
    if (variant_plan(scenario->strategy, &(struct change){.grid = grid}, &pool, &changed, &plan, &error)) {
        uint64_t bytes = class_weight_bytes(heaviest_class(&plan, scenario->weights), scenario->weights);
        if (best->bytes == 0 || bytes < best->bytes) {
            best->bytes = bytes;
            memcpy(best->grid, grid, sizeof best->grid);
        }
    }
    plan_free(&plan);
    pool_free(&pool);
}

/* Replicas only repeat weights, so dp is 1 wherever the other axes can take all ranks; dp takes what is left. */
struct grid_choice lightest_grid(const struct scenario *scenario)
{
    const struct model *model = &scenario->strategy->model;
    struct grid_choice best = {.bytes = 0};
    int world = scenario->plan->world;
    for (int dp = 1; dp <= world && best.bytes == 0; dp++) {
        if (world % dp != 0)
            continue;
        for (int pp = 1; pp <= world / dp && pp <= model->layers; pp++)
            for (int ep = 1; ep <= world / dp / pp && ep <= model->experts; ep++) {
                const int grid[AXES] = {dp, pp, ep, world / dp / pp / ep};
                bool equal = model->layers % pp == 0 && model->experts % ep == 0;
                if (world / dp % (pp * ep) == 0 && equal)
                    try_grid(scenario, grid, &best);
            }
    }
    return best;
}
