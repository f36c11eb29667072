/* Ranks: coordinates, stages, neighbours and groups agree with each other. */
#include "base/heap.h"
#include "verify/proofs.h"

#include <stdlib.h>

/* The index of coordinates: the order of the default rank formula. */
static int index_of(const struct plan *plan, const int at[AXES])
{
    int index = 0;
    for (int axis = 0; axis < AXES; axis++)
        index = index * plan->grid[axis] + at[axis];
    return index;
}

/* Fills rank_at[index_of(coordinates)]. As many ranks as coordinates and none twice: a bijection. */
static bool coordinates_are_a_bijection(const struct plan *plan, int *rank_at, struct error *error)
{
    for (int i = 0; i < plan->world; i++)
        rank_at[i] = -1;
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        if (row->rank != rank)
            return refuse(error, plan, KEY_rank, "row %d of the rank table calls itself rank %d", rank, row->rank);
        for (int axis = 0; axis < AXES; axis++)
            if (row->at[axis] < 0 || row->at[axis] >= plan->grid[axis])
                return refuse(error, plan, KEY_rank, "rank %d is at %s %d of %d", rank, axis_names[axis], row->at[axis],
                              plan->grid[axis]);
        int *there = &rank_at[index_of(plan, row->at)];
        if (*there >= 0)
            return refuse(error, plan, KEY_rank, "ranks %d and %d are both at dp %d, pp %d, ep %d, tp %d", *there, rank,
                          row->at[AXIS_DP], row->at[AXIS_PP], row->at[AXIS_EP], row->at[AXIS_TP]);
        *there = rank;
    }
    return true;
}

/* Every rank of a stage holds the same layers; the stages hold all of the model's, in order. */
static bool stages_cover_the_model(const struct plan *plan, const int *rank_at, struct error *error)
{
    int stages = plan->grid[AXIS_PP], base = 0;
    for (int stage = 0; stage < stages; stage++) {
        const int at[AXES] = {[AXIS_PP] = stage};
        const struct rank_row *row = &plan->ranks[rank_at[index_of(plan, at)]];
        if (row->layer_base != base)
            return refuse(error, plan, KEY_stages, "rank %d of stage %d begins at layer %d, but layer %d is next",
                          row->rank, stage, row->layer_base, base);
        base += plan->classes[row->class_index].shape.layers;
    }
    int model_layers = plan->classes[0].shape.model_layers;
    if (base != model_layers)
        return refuse(error, plan, KEY_stages, "the stages hold %d layers, the model has %d", base, model_layers);
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        const int at[AXES] = {[AXIS_PP] = row->at[AXIS_PP]};
        const struct rank_row *first = &plan->ranks[rank_at[index_of(plan, at)]];
        int layers = plan->classes[row->class_index].shape.layers;
        int first_layers = plan->classes[first->class_index].shape.layers;
        if (row->layer_base != first->layer_base || layers != first_layers)
            return refuse(error, plan, KEY_stages,
                          "rank %d holds %d layers from %d on, rank %d of the same stage holds %d from %d on", rank,
                          layers, row->layer_base, first->rank, first_layers, first->layer_base);
    }
    return true;
}

static struct words rank_words(int rank)
{
    return rank < 0 ? words_of("no rank") : words_of("rank %d", rank);
}

/* The rank `step` stages on, -1 beyond the ends. */
static int stage_neighbour(const struct plan *plan, const int *rank_at, const struct rank_row *row, int step)
{
    int stage = row->at[AXIS_PP] + step;
    const int at[AXES] = {row->at[AXIS_DP], stage, row->at[AXIS_EP], row->at[AXIS_TP]};
    return stage < 0 || stage >= plan->grid[AXIS_PP] ? -1 : rank_at[index_of(plan, at)];
}

static bool neighbours_are_right(const struct plan *plan, const int *rank_at, const struct rank_row *row,
                                 struct error *error)
{
    int previous = stage_neighbour(plan, rank_at, row, -1), next = stage_neighbour(plan, rank_at, row, 1);
    if (row->previous != previous)
        return refuse(error, plan, KEY_rank, "rank %d receives from %s, but %s is the stage before it", row->rank,
                      rank_words(row->previous).text, rank_words(previous).text);
    if (row->next != next)
        return refuse(error, plan, KEY_rank, "rank %d sends to %s, but %s is the stage after it", row->rank,
                      rank_words(row->next).text, rank_words(next).text);
    return true;
}

/* The list names the rank at each coordinate along the axis. Members that share one list need it walked only once, at
 * coordinate 0: a world of 4096 has a million entries otherwise. */
static bool group_is_right(const struct plan *plan, const int *rank_at, const struct rank_row *row, enum axis axis,
                           struct error *error)
{
    const int *group = axis == AXIS_TP ? row->tp_group : row->ep_group;
    int at[AXES] = {row->at[0], row->at[1], row->at[2], row->at[3]};
    at[axis] = 0;
    const struct rank_row *leader = &plan->ranks[rank_at[index_of(plan, at)]];
    if (leader != row && group == (axis == AXIS_TP ? leader->tp_group : leader->ep_group))
        return true;
    for (; at[axis] < plan->grid[axis]; at[axis]++) {
        int member = rank_at[index_of(plan, at)];
        if (group[at[axis]] != member)
            return refuse(error, plan, KEY_rank, "rank %d has rank %d at %s %d of its %s group, but rank %d is there",
                          row->rank, group[at[axis]], axis_names[axis], at[axis], axis_names[axis], member);
    }
    return true;
}

static bool class_is_right(const struct plan *plan, const struct rank_row *row, struct error *error)
{
    const struct rank_class *class = &plan->classes[row->class_index];
    if (class->first_stage != (row->previous < 0) || class->last_stage != (row->next < 0))
        return refuse(error, plan, KEY_stages, "rank %d of stage %d is of class %s, which is made for %s stage",
                      row->rank, row->at[AXIS_PP], class->name,
                      class->first_stage && class->last_stage ? "the only"
                      : class->first_stage                    ? "the first"
                      : class->last_stage                     ? "the last"
                                                              : "a middle");
    return true;
}

static bool grids_agree(const struct plan *plan, struct error *error)
{
    for (int i = 0; i < plan->class_count; i++) {
        const struct shapes *shape = &plan->classes[i].shape;
        const struct {
            const char *name;
            int class_size, plan_size;
        } sizes[] = {{"world", shape->world, plan->world},
                     {"dp", shape->dp, plan->grid[AXIS_DP]},
                     {"pp", shape->pp, plan->grid[AXIS_PP]},
                     {"ep", shape->ep, plan->grid[AXIS_EP]},
                     {"tp", shape->tp, plan->grid[AXIS_TP]}};
        for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++)
            if (sizes[size].class_size != sizes[size].plan_size)
                return refuse(error, plan, KEY_grid, "%s is made for %s %d, but the grid has %s %d",
                              class_words(plan, i).text, sizes[size].name, sizes[size].class_size, sizes[size].name,
                              sizes[size].plan_size);
    }
    return true;
}

static bool rows_are_right(const struct plan *plan, const int *rank_at, struct error *error)
{
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        if (!neighbours_are_right(plan, rank_at, row, error) || !class_is_right(plan, row, error) ||
            !group_is_right(plan, rank_at, row, AXIS_TP, error) || !group_is_right(plan, rank_at, row, AXIS_EP, error))
            return false;
    }
    return true;
}

bool prove_ranks(const struct plan *plan, struct error *error)
{
    int *rank_at = heap_take((size_t)plan->world, sizeof *rank_at);
    bool proven = grids_agree(plan, error) && coordinates_are_a_bijection(plan, rank_at, error) &&
                  stages_cover_the_model(plan, rank_at, error) && rows_are_right(plan, rank_at, error);
    free(rank_at);
    return proven;
}
