#include "predict/holdings.h"
#include "base/heap.h"

#include <stdlib.h>

static int by_number(const void *left, const void *right)
{
    const int *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static int holding_id(const struct plan *plan, const struct rank_row *row)
{
    return (row->at[AXIS_PP] * plan->grid[AXIS_EP] + row->at[AXIS_EP]) * plan->grid[AXIS_TP] + row->at[AXIS_TP];
}

struct holdings place_holdings(const struct plan *plan, struct place place, int *ids)
{
    int count = 0, kept = 0, end = place.first_rank + place.ranks;
    for (int rank = place.first_rank; plan && rank < end && rank < plan->world; rank++)
        ids[count++] = holding_id(plan, &plan->ranks[rank]);
    qsort(ids, (size_t)count, sizeof *ids, by_number);
    for (int i = 0; i < count; i++)
        if (kept == 0 || ids[kept - 1] != ids[i])
            ids[kept++] = ids[i];
    return (struct holdings){ids, kept};
}

const struct rank_row **holding_rows(const struct plan *plan)
{
    const struct rank_row **rows = heap_take(plan ? (size_t)plan->world : 1, sizeof *rows);
    for (int rank = 0; plan && rank < plan->world; rank++)
        rows[holding_id(plan, &plan->ranks[rank])] = &plan->ranks[rank];
    return rows;
}

static int by_piece(const void *left, const void *right)
{
    const piece *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* One rank's pieces are in order already, and most places are one rank. */
static void sort_pieces(struct part *part)
{
    int kept = 0;
    bool ascending = true;
    for (int i = 1; i < part->count && ascending; i++)
        ascending = part->pieces[i - 1] < part->pieces[i];
    if (ascending)
        return;
    qsort(part->pieces, (size_t)part->count, sizeof *part->pieces, by_piece);
    for (int i = 0; i < part->count; i++)
        if (kept == 0 || part->pieces[kept - 1] != part->pieces[i])
            part->pieces[kept++] = part->pieces[i];
    part->count = kept;
}

struct part holdings_part(const struct plan *plan, const struct holdings *holdings, const struct rank_row **rows)
{
    struct part part = {0};
    if (holdings->count == 0)
        return part;
    part.pieces = heap_take((size_t)holdings->count * (size_t)rank_most_pieces(plan), sizeof *part.pieces);
    for (int i = 0; i < holdings->count; i++)
        part.count += rank_pieces(plan, rows[holdings->ids[i]], part.pieces + part.count);
    sort_pieces(&part);
    return part;
}
