/* Rank orders: in which order the axes make up a rank's number. Two orders are alike when as many ranks of each group
 * meet at each level of links; of those that are alike only one is tried. */
#include "predict/search/parts.h"

#include <string.h>

void order_strides(const int grid[AXES], const int order[AXES], int strides[AXES])
{
    int stride = 1;
    for (int i = AXES - 1; i >= 0; i--) {
        strides[order[i]] = stride;
        stride *= grid[order[i]];
    }
}

/* Pairs of a group that meet below each level, over all groups. Axes that exchange nothing have none. */
struct signature {
    int64_t pairs[AXES][MAX_LINK_LEVELS];
};

/* Pairs of the group from `first` on, `stride` apart, that lie within the same `unit` consecutive ranks. Stages only
 * talk to the next one. */
static int64_t pairs_within(int first, int stride, int members, int unit, bool neighbours)
{
    int64_t pairs = 0, run = 1;
    for (int i = 1; i < members; i++) {
        bool together = (first + i * stride) / unit == (first + (i - 1) * stride) / unit;
        run = together ? run + 1 : 1;
        pairs += neighbours ? together : run - 1;
    }
    return pairs;
}

static struct signature signature_of(const int grid[AXES], const int order[AXES], const struct hardware *hardware)
{
    struct signature signature = {0};
    int strides[AXES], world = 1;
    order_strides(grid, order, strides);
    for (int axis = 0; axis < AXES; axis++)
        world *= grid[axis];
    for (int axis = AXIS_PP; axis < AXES; axis++)
        for (int level = 0; level + 1 < hardware->link_count && grid[axis] > 1; level++)
            for (int rank = 0; rank < world; rank++)
                if (rank / strides[axis] % grid[axis] == 0)
                    signature.pairs[axis][level] +=
                        pairs_within(rank, strides[axis], grid[axis], hardware->links[level].ranks, axis == AXIS_PP);
    return signature;
}

static void swap(int *left, int *right)
{
    int held = *left;
    *left = *right;
    *right = held;
}

/* The next permutation in lexical order; false after the last. */
static bool next_order(int order[AXES])
{
    int at = AXES - 2, with = AXES - 1;
    while (at >= 0 && order[at] > order[at + 1])
        at--;
    if (at < 0)
        return false;
    while (order[with] < order[at])
        with--;
    swap(&order[at], &order[with]);
    for (int left = at + 1, right = AXES - 1; left < right;)
        swap(&order[left++], &order[right--]);
    return true;
}

int space_orders(const int grid[AXES], const struct hardware *hardware, int orders[MOST_ORDERS][AXES])
{
    struct signature known[MOST_ORDERS];
    int order[AXES] = {AXIS_DP, AXIS_PP, AXIS_EP, AXIS_TP}, count = 0;
    do {
        known[count] = signature_of(grid, order, hardware);
        int same = 0;
        while (memcmp(&known[same], &known[count], sizeof known[count]) != 0)
            same++;
        if (same == count)
            memcpy(orders[count++], order, sizeof order);
    } while (next_order(order));
    return count;
}
