/* Shards: a shard file has one content, and a content one file.
 *
 * What a file must hold follows from coordinates alone: dense weights from stage and tp, experts from stage, ep and tp.
 * Ranks that agree in those name one file, and no two such files have one name. */
#include "base/heap.h"
#include "verify/proofs.h"

#include <stdlib.h>
#include <string.h>

struct named {
    const char *name;
    int rank;
};

static int by_name(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static bool same_tensors(const struct rank_class *a, const struct rank_class *b)
{
    for (int kind = 0; kind < TENSOR_KINDS; kind++) {
        const struct tensor *left = &a->tensors[kind], *right = &b->tensors[kind];
        if (left->present != right->present || left->offset != right->offset ||
            left->layer_stride != right->layer_stride || left->slot_stride != right->slot_stride)
            return false;
    }
    return true; /* sizes follow from shapes, which all classes share */
}

/* The rank that stands for a content: the one at dp 0 and, for dense weights, ep 0. The groups lead there. */
static int owner_of(const struct plan *plan, const int *replica_zero, int rank, enum shard_file file)
{
    int owner = replica_zero[rank];
    return file == SHARD_DENSE ? plan->ranks[owner].ep_group[0] : owner;
}

/* For each rank the one with the same pp, ep and tp in the first replica. */
static int *find_replica_zero(const struct plan *plan)
{
    int replica = plan->world / plan->grid[AXIS_DP];
    int *first = heap_take((size_t)replica, sizeof *first);
    int *replica_zero = heap_take((size_t)plan->world, sizeof *replica_zero);
    for (int pass = 0; pass < 2; pass++) {
        for (int rank = 0; rank < plan->world; rank++) {
            const int *at = plan->ranks[rank].at;
            int index = (at[AXIS_PP] * plan->grid[AXIS_EP] + at[AXIS_EP]) * plan->grid[AXIS_TP] + at[AXIS_TP];
            if (pass == 0 && at[AXIS_DP] == 0)
                first[index] = rank;
            if (pass == 1)
                replica_zero[rank] = first[index];
        }
    }
    free(first);
    return replica_zero;
}

/* Lists the owners' names, and shows that every other rank names its owner's file and lays it out alike. */
static bool names_follow_contents(const struct plan *plan, const int *replica_zero, struct named *names, int *count,
                                  struct error *error)
{
    for (int rank = 0; rank < plan->world; rank++) {
        for (int file = 0; file < SHARD_FILES; file++) {
            const struct rank_row *row = &plan->ranks[rank];
            const struct rank_row *owner = &plan->ranks[owner_of(plan, replica_zero, rank, file)];
            if (owner == row)
                names[(*count)++] = (struct named){row->shards[file], rank};
            else if (strcmp(row->shards[file], owner->shards[file]) != 0)
                return refuse(error, plan, KEY_grid, "ranks %d and %d hold the same weights, but name them %s and %s",
                              owner->rank, rank, owner->shards[file], row->shards[file]);
            else if (row->class_index != owner->class_index &&
                     !same_tensors(&plan->classes[row->class_index], &plan->classes[owner->class_index]))
                return refuse(error, plan, KEY_grid, "ranks %d and %d share %s, but lay it out differently",
                              owner->rank, rank, row->shards[file]);
        }
    }
    return true;
}

bool prove_shards(const struct plan *plan, struct error *error)
{
    int *replica_zero = find_replica_zero(plan), count = 0;
    struct named *names = heap_take((size_t)plan->world * SHARD_FILES, sizeof *names);
    bool proven = names_follow_contents(plan, replica_zero, names, &count, error);
    qsort(names, (size_t)count, sizeof *names, by_name);
    for (int i = 0; i + 1 < count && proven; i++)
        if (strcmp(names[i].name, names[i + 1].name) == 0)
            proven = refuse(error, plan, KEY_grid, "%s hold different weights, but both are named %s",
                            names[i].rank == names[i + 1].rank
                                ? words_of("the two files of rank %d", names[i].rank).text
                                : words_of("files of ranks %d and %d", names[i].rank, names[i + 1].rank).text,
                            names[i].name);
    free(names);
    free(replica_zero);
    return proven;
}
