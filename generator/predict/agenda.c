#include "predict/agenda.h"

#include <assert.h>
#include <stdbool.h>

struct agenda agenda_make(int ranks, struct pool *pool)
{
    return (struct agenda){pool_take(pool, (size_t)ranks, sizeof(struct agenda_entry)), 0};
}

static bool before(struct agenda_entry left, struct agenda_entry right)
{
    return left.at_s < right.at_s || (left.at_s == right.at_s && left.rank < right.rank);
}

void agenda_add(struct agenda *agenda, double at_s, int rank)
{
    const struct agenda_entry entry = {at_s, rank};
    int at = agenda->count++;
    for (int parent; at > 0 && before(entry, agenda->heap[parent = (at - 1) / 2]); at = parent)
        agenda->heap[at] = agenda->heap[parent];
    agenda->heap[at] = entry;
}

struct agenda_entry agenda_take(struct agenda *agenda)
{
    assert(agenda->count > 0);
    const struct agenda_entry first = agenda->heap[0], last = agenda->heap[--agenda->count];
    int at = 0;
    for (int child; (child = 2 * at + 1) < agenda->count; at = child) {
        if (child + 1 < agenda->count && before(agenda->heap[child + 1], agenda->heap[child]))
            child++;
        if (!before(agenda->heap[child], last))
            break;
        agenda->heap[at] = agenda->heap[child];
    }
    agenda->heap[at] = last;
    return first;
}
