/* Capacity: no row is lost for want of room.
 *
 * A row goes to one ep peer at most once, so a message never has more rows than its micro-batch. Under "exact" an
 * expert may be chosen by all of them; under "capacity" it takes EXPERT_CAPACITY from each sender, and what is cut
 * there is cut nowhere else. */
#include "verify/proofs.h"

#include <string.h>

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

bool prove_capacity(const struct plan *plan, struct error *error)
{
    bool exact = dispatch_is_exact(plan);
    if (!exact && strcmp(plan->dispatch, "capacity") != 0)
        return refuse(error, plan, KEY_dispatch, "the dispatch \"%s\" is neither exact nor capacity", plan->dispatch);
    for (int i = 0; i < plan->class_count; i++) {
        const struct shapes *shape = &plan->classes[i].shape;
        uint64_t rows = (uint64_t)row_capacity(shape), capacity = (uint64_t)shape->expert_capacity;
        uint64_t from_one = exact ? rows : smaller(capacity, rows);
        const struct {
            const char *what;
            uint64_t room, need;
            enum strategy_key key;
        } bounds[] = {
            {"rows an expert takes of a sender", capacity, from_one, KEY_dispatch},
            {"rows to an ep peer", (uint64_t)shape->dispatch_rows,
             smaller(times(from_one, (uint64_t)shape->expert_slots), rows), KEY_dispatch},
            {"rows of an expert from all senders", (uint64_t)shape->arrival_rows, times((uint64_t)shape->ep, from_one),
             KEY_dispatch},
            {"KV blocks of a sequence", (uint64_t)shape->sequence_blocks,
             ((uint64_t)shape->context - 1) / KV_BLOCK_POSITIONS + 1, KEY_batch},
            {"KV blocks of a layer", (uint64_t)shape->kv_blocks, (uint64_t)shape->sequence_blocks, KEY_batch},
        };
        for (size_t bound = 0; bound < sizeof bounds / sizeof *bounds; bound++)
            if (bounds[bound].room < bounds[bound].need)
                return refuse(error, plan, bounds[bound].key, "%s has room for %llu %s, but there can be %llu",
                              class_words(plan, i).text, (unsigned long long)bounds[bound].room, bounds[bound].what,
                              (unsigned long long)bounds[bound].need);
    }
    return true;
}
