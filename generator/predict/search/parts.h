/* What the files of the search share; everyone else includes predict/search.h. */
#pragma once

#include "predict/search/search.h"

/* ---- search_space.c */

/* Choices that differ in grid, stages or micro-batches, with the usual order and experts in blocks where they divide:
 * memory depends on nothing else. Refusals are counted in the result. */
struct outlines {
    struct choice *all; /* in the result's pool */
    int count, room;
};
struct outlines space_outlines(const struct search_request *request, struct search_result *result);

/* The placements of an outline that can differ: only one where all experts are chosen alike often. */
int space_placings(const struct choice *outline, const struct model *model, const struct routing *routing,
                   enum placing out[2]);

/* ---- search_order.c */

enum { MOST_ORDERS = 24 /* 4! */ };

/* Rank orders of a grid that differ in which ranks meet at which level of links; the usual one comes first. */
int space_orders(const int grid[AXES], const struct hardware *hardware, int orders[MOST_ORDERS][AXES]);

/* How far apart the ranks of neighbouring coordinates of each axis are. */
void order_strides(const int grid[AXES], const int order[AXES], int strides[AXES]);

/* ---- search_costs.c: what ops take in the steps that a workload is made of */

/* Of the ranks of one class in one phase. Message bytes are those to one peer. */
struct class_costs {
    double seconds[OP_KINDS], message_bytes[OP_KINDS];
};

/* The steps that a workload is made of, as good as: full ones while prompts are read, the last of those, and decode. */
enum { FULL_STEP, LAST_STEP, DECODE_STEP, TYPICAL_STEPS };

/* A typical step, on every lane. */
struct typical_step {
    enum phase phase;
    int count; /* how many there are; of decode it does not matter */
    int active;
    struct micro_rows rows; /* of one micro-batch */
};

struct outline_costs {
    const struct plan *plan;
    const struct hardware *hardware;
    struct typical_step steps[TYPICAL_STEPS];
    struct class_costs *classes[TYPICAL_STEPS]; /* [class_count] */
    int lane_sequences;
};

/* The costs of an outline, for all its orders. They and the plan are used until the last estimate. */
const struct outline_costs *outline_costs(const struct plan *plan, const struct hardware *hardware,
                                          const struct workload *workload, enum placing placing, struct pool *pool);

/* ---- search_estimate.c */

/* All but the memory. */
struct score estimate(const struct outline_costs *costs, const struct choice *choice);

/* ---- search_select.c */

/* The candidate to simulate next, -1 when none is left that could matter. */
struct selection {
    const struct search_request *request;
    struct search_result *result;
    int *fronts; /* [count] 0: no estimate beats this one's; 1: only ones of front 0 do; ... */
    bool *done;  /* [count] simulated, or ruled out */
    int turn;
    double ttft_ratio, tokens_ratio; /* the best that a simulation came out, over its estimate */
};
struct selection selection_make(const struct search_request *request, struct search_result *result);
int selection_next(struct selection *selection);
void selection_rule_out_rest(struct selection *selection); /* counts those that could not matter */
void selection_note(struct selection *selection, const struct candidate *candidate);

/* Fills result->best. */
void select_best(struct search_result *result);
