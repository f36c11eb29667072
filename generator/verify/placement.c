/* Placement: each token meets each of its experts exactly once.
 *
 * A sender looks its expert's home up, and there the slot; so the expert is met once if it lies in just that slot. */
#include "base/heap.h"
#include "verify/proofs.h"

#include <stdlib.h>

/* "" when all layers are placed alike, so that no message names layer 0 for all. */
static struct words layer_words(const struct placement *placement, int row)
{
    return placement->rows == 1 ? (struct words){""} : words_of(" in layer %d", row);
}

/* No ep coordinate holds an expert in two slots of one layer: a token would be counted once and computed by either. */
static bool slots_are_distinct(const struct plan *plan, int row, int *seen, struct error *error)
{
    const struct placement *placement = &plan->placement;
    int experts = plan->classes[0].shape.experts, ep = plan->grid[AXIS_EP];
    for (int expert = 0; expert < experts; expert++)
        seen[expert] = -1;
    for (int holder = 0; holder < ep; holder++) {
        const int *held = placement->held + ((size_t)row * ep + holder) * placement->expert_slots;
        for (int slot = 0; slot < placement->expert_slots; slot++) {
            if (held[slot] < -1 || held[slot] >= experts)
                return refuse(error, plan, KEY_experts, "ep %d holds expert %d in slot %d%s, but there are %d experts",
                              holder, held[slot], slot, layer_words(placement, row).text, experts);
            if (held[slot] >= 0 && seen[held[slot]] == holder)
                return refuse(error, plan, KEY_experts, "ep %d holds expert %d twice%s", holder, held[slot],
                              layer_words(placement, row).text);
            if (held[slot] >= 0)
                seen[held[slot]] = holder;
        }
    }
    return true;
}

static bool experts_are_met(const struct plan *plan, int row, int source, struct error *error)
{
    const struct placement *placement = &plan->placement;
    int experts = plan->classes[0].shape.experts, ep = plan->grid[AXIS_EP];
    size_t base = ((size_t)row * placement->sources + source) * experts;
    for (int expert = 0; expert < experts; expert++) {
        int home = placement->home[base + expert], slot = placement->slot[base + expert];
        if (home < 0 || home >= ep || slot < 0 || slot >= placement->expert_slots)
            return refuse(error, plan, KEY_experts,
                          "expert %d%s is sent to ep %d, slot %d, which is none of ep %d x %d slots", expert,
                          layer_words(placement, row).text, home, slot, ep, placement->expert_slots);
        int held = placement->held[((size_t)row * ep + home) * placement->expert_slots + slot];
        if (held != expert)
            return refuse(
                error, plan, KEY_experts, "the rows %sfor expert %d%s are sent to ep %d, slot %d, which holds %s",
                placement->sources == 1 ? "" : words_of("of ep %d ", source).text, expert,
                layer_words(placement, row).text, home, slot, held < 0 ? "none" : words_of("expert %d", held).text);
    }
    return true;
}

bool prove_placement(const struct plan *plan, struct error *error)
{
    const struct placement *placement = &plan->placement;
    const struct shapes *shape = &plan->classes[0].shape;
    if (placement->expert_slots != shape->expert_slots)
        return refuse(error, plan, KEY_experts, "the placement needs %d expert slots a rank, the classes have %d",
                      placement->expert_slots, shape->expert_slots);
    int *seen = heap_take((size_t)shape->experts, sizeof *seen);
    bool proven = true;
    for (int row = 0; row < placement->rows && proven; row++) {
        proven = slots_are_distinct(plan, row, seen, error);
        for (int source = 0; source < placement->sources && proven; source++)
            proven = experts_are_met(plan, row, source, error);
    }
    free(seen);
    return proven;
}
