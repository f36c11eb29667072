#include "serve/lanes.h"
#include "base/heap.h"

#include <stdlib.h>

struct lanes lanes_make(const struct plan *plan)
{
    struct lanes lanes = {.plan = plan,
                          .shape = &plan->classes[plan->class_count - 1].shape,
                          .count = plan->grid[AXIS_DP] * plan->grid[AXIS_EP]};
    lanes.all = heap_take((size_t)lanes.count, sizeof *lanes.all);
    for (int i = 0; i < lanes.count; i++)
        lane_make(&lanes.all[i], lanes.shape);
    for (int rank = 0; rank < plan->world; rank++) {
        const struct rank_row *row = &plan->ranks[rank];
        if (row->at[AXIS_PP] == plan->grid[AXIS_PP] - 1)
            lanes.all[row->at[AXIS_DP] * plan->grid[AXIS_EP] + row->at[AXIS_EP]].last_ranks[row->at[AXIS_TP]] = rank;
    }
    return lanes;
}

void lanes_free(struct lanes *lanes)
{
    for (int i = 0; i < lanes->count; i++)
        lane_free(&lanes->all[i]);
    free(lanes->all);
    *lanes = (struct lanes){0};
}

/* Round by round: one for each of the lanes that have the fewest. */
int lanes_admit(struct lanes *lanes, struct request *requests, int next, int count)
{
    while (next < count) {
        int fewest = lanes->all[0].busy;
        for (int lane = 1; lane < lanes->count; lane++)
            fewest = lanes->all[lane].busy < fewest ? lanes->all[lane].busy : fewest;
        if (fewest == lanes->shape->sequences)
            break;
        for (int lane = 0; lane < lanes->count && next < count; lane++)
            if (lanes->all[lane].busy == fewest)
                lane_admit(&lanes->all[lane], &requests[next++]);
    }
    return next;
}

/* The phase and the number of micro-batches, the same for all lanes: as few as hold the longest lane's rows, or all of
 * them when each gets enough to be worth it. */
static struct step_header choose_shape(const struct lanes *lanes)
{
    const struct shapes *shape = lanes->shape;
    int most = 0, micro_batches = shape->micro_batches;
    for (int lane = 0; lane < lanes->count; lane++)
        if (lanes->all[lane].row_count > most)
            most = lanes->all[lane].row_count;
    bool decode = most <= micro_batches * shape->decode_rows;
    int capacity = decode ? shape->decode_rows : shape->prefill_rows;
    int active = (most + capacity - 1) / capacity;
    if (most >= ROWS_WORTH_SPLITTING * micro_batches)
        active = micro_batches;
    return (struct step_header){.decode = decode, .active = (uint32_t)active};
}

/* Drops rows from the end until no micro-batch has more rows with logits than fit. */
static void fit_logits(struct lane *lane, uint32_t active)
{
    for (bool fits = false; !fits;) {
        struct step_header step = {.active = active, .rows = (uint32_t)lane->row_count};
        fits = true;
        for (uint32_t micro = 0; micro < active && fits; micro++) {
            int wanted = 0;
            for (uint32_t row = micro_begin(&step, micro); row < micro_begin(&step, micro + 1); row++)
                wanted += lane->rows[row].wants != 0;
            fits = wanted <= lane->shape->logit_rows;
        }
        if (!fits)
            lane_drop_last_row(lane);
    }
}

bool lanes_make_step(struct lanes *lanes, struct step_header *step)
{
    int rows = 0;
    for (int lane = 0; lane < lanes->count; lane++)
        rows += lane_fill(&lanes->all[lane]);
    if (rows == 0)
        return false;
    *step = choose_shape(lanes);
    for (int lane = 0; lane < lanes->count; lane++)
        fit_logits(&lanes->all[lane], step->active);
    return true;
}

static struct micro_rows describe_rows(const struct lane *lane, uint32_t begin, uint32_t end)
{
    struct micro_rows rows = {.rows = (int)(end - begin)};
    for (uint32_t row = begin; row < end; row++) {
        int position = lane->rows[row].position + 1;
        rows.wanted += lane->rows[row].wants != 0;
        rows.positions += position < lane->shape->window ? position : lane->shape->window;
    }
    return rows;
}

void lanes_describe_step(const struct lanes *lanes, const struct step_header *header, struct pool *pool,
                         struct step *step)
{
    size_t active = header->active;
    *step = (struct step){.phase = header->decode ? DECODE : PREFILL, .active = (int)active};
    step_take_rows(lanes->plan, pool, step);
    for (int i = 0; i < lanes->count; i++) {
        struct step_header own = *header;
        own.rows = (uint32_t)lanes->all[i].row_count;
        for (uint32_t micro = 0; micro < active; micro++)
            step->rows[(size_t)i * active + micro] =
                describe_rows(&lanes->all[i], micro_begin(&own, micro), micro_begin(&own, micro + 1));
    }
}
