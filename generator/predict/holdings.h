/* What the ranks of a place hold of the model together, each piece once. A place is one rank, or the ranks of a node.
 */
#pragma once

#include "predict/weights.h"

struct place {
    int first_rank, ranks; /* consecutive; those beyond a plan's world hold nothing in it */
};

/* Ranks that agree in stage, ep and tp hold the same. `ids` are those coordinates as one number, ascending, none twice:
 * places of equal ids hold the same. */
struct holdings {
    int *ids;
    int count;
};

/* `plan` may be NULL: nothing. `ids` has room for place.ranks numbers, and is the caller's. */
struct holdings place_holdings(const struct plan *plan, struct place place, int *ids);

struct part {
    piece *pieces; /* ascending, none twice; to be freed */
    int count;
};

/* A rank with each id. To be freed. */
const struct rank_row **holding_rows(const struct plan *plan);

struct part holdings_part(const struct plan *plan, const struct holdings *holdings, const struct rank_row **rows);
