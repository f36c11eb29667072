/* The best ways to split a model over so many ranks: which grids, stages, micro-batches, placements and rank orders no
 * other one beats in time to first token, throughput and memory at once.
 *
 *   search_space.c      every choice that the model's sizes allow
 *   search_strategy.c   a choice as a strategy, as if somebody had written it
 *   search_order.c      the rank orders that differ on the links of the hardware
 *   search_costs.c      what ops take in a typical step
 *   search_estimate.c   what a choice is likely to reach: one rank of each stage stands for all
 *   search_select.c     what is worth simulating, and what nothing beats
 *   search.c            the search itself
 *   search_report.c     its result as a table; search_json.c: for programs
 *   search_lua.c        a choice as a strategy file
 *
 * What is held constant is the work of the whole world: its sequences, their context, and the prefill rows of one step.
 * More lanes (dp x ep) share the same sequences, fewer on each. */
#pragma once

#include "predict/prediction.h"

/* How experts are dealt to ep coordinates: neighbours to the same one, or each to the next one. */
enum placing { PLACED_IN_BLOCKS, PLACED_IN_TURN };

/* One way of splitting. */
struct choice {
    int grid[AXES];
    int order[AXES];         /* the axes of the rank formula, outermost first */
    const int *stage_layers; /* [grid[AXIS_PP]] */
    bool even_stages;
    int micro_batches;
    enum placing placing;
};

/* What choices are compared by. */
struct score {
    double ttft_s;       /* less is better */
    double tokens_per_s; /* decode, of all ranks; more is better */
    uint64_t memory;     /* of the fullest rank; less is better */
};

struct candidate {
    struct choice choice;
    struct score estimate; /* memory is exact */
    bool fits;             /* into the memory of a rank; without that there is only the memory */
    bool simulated;
    struct score score; /* if simulated */
    struct prediction prediction;
};

/* Why a grid, with a stage split and a number of micro-batches, is no candidate. */
#define REFUSALS(X)                                                                                                    \
    X(HEADS, "tp does not divide the heads, or the key/value heads")                                                   \
    X(EXPERT_HIDDEN, "tp does not divide the experts' hidden size")                                                    \
    X(EXPERTS, "more ep coordinates than experts")                                                                     \
    X(LAYERS, "more stages than layers")                                                                               \
    X(SEQUENCES, "dp x ep does not divide the sequences")                                                              \
    X(ROWS, "dp x ep does not divide the rows of a prefill step")

enum refusal {
#define X(id, text) REFUSAL_##id,
    REFUSALS(X)
#undef X
        REFUSAL_KINDS,
    REFUSAL_NONE = REFUSAL_KINDS
};
extern const char *const refusal_texts[REFUSAL_KINDS];

struct search_request {
    const struct strategy *base; /* its name, model, target, dtype and dispatch are those of every candidate */
    const struct hardware *hardware;
    const char *routing; /* as `--routing` writes it; NULL: uniform */
    int ranks;
    uint64_t memory_bytes;
    int sequences, prefill_rows; /* of the whole world */
    bool compare_base;           /* base is a whole strategy, whose own split is to be placed among the candidates */
    /* How much is simulated: at most so many, and none whose estimate, made better by this part, is still beaten. */
    int most_simulated;
    double margin;
};

struct search_result {
    struct pool pool;
    int prompt_tokens, new_tokens; /* of each sequence, in all predictions */
    struct candidate *candidates;
    int count, fitting, simulated, pruned;
    int grids, refused[REFUSAL_KINDS]; /* grids in all, and refused ones by reason */
    int *best;                         /* [best_count] the Pareto set, by throughput */
    int best_count;
    bool has_base;
    struct candidate base; /* the base strategy's own split */
};

/* The usual limits of simulation for so many ranks: a few seconds. */
extern const double usual_margin;
int usual_simulations(int ranks);

/* Free the result, whether this succeeds or not. A search that finds nothing that fits succeeds. */
bool search(const struct search_request *request, struct search_result *result, struct error *error);
void search_free(struct search_result *result);

/* Whether `left` is at least as good in everything and better in something. */
bool beats(const struct score *left, const struct score *right);

/* ---- a choice as a strategy */

/* Fills `out` from the request's base and the choice. What it points to is in the pool, the base's, or the choice's. */
void choice_strategy(const struct search_request *request, const struct choice *choice, struct pool *pool,
                     struct strategy *out);

/* "NAME-dp2-pp4-ep16-tp2-m2", and a number at the end where an earlier member of the Pareto set has the same grid and
 * micro-batches. In the pool. */
const char *choice_name(const struct search_request *request, const struct search_result *result, int best_index,
                        struct pool *pool);

/* ---- results */

/* What the command line asked for; 0: nothing. */
struct goals {
    double ttft_s, tokens_per_s;
    bool per_rank; /* tokens_per_s is of one rank */
};
bool meets(const struct goals *goals, const struct score *score, int ranks);

/* Where the base's own split stands among the candidates that fit. Those that were not simulated are compared by their
 * estimates, scaled by how simulations came out on average. */
struct standing {
    int by_throughput, by_ttft, of;    /* 1: the best */
    const struct candidate *beaten_by; /* the first of the Pareto set that beats it; NULL: none */
};
struct standing base_standing(const struct search_result *result);

/* What is said when nothing fits: how much the three that need the least memory lack. */
void nearest_misses(const struct search_request *request, const struct search_result *result, struct text *out);

void search_text(const struct search_request *request, const struct search_result *result, const struct goals *goals,
                 struct text *out);
void search_json(const struct search_request *request, const struct search_result *result, const struct goals *goals,
                 struct text *out);

/* A strategy file of one member of the Pareto set, as a person would write it. `model` is what hf names; NULL where the
 * base's model is an inline table. `hardware` is what target.hardware names; NULL: left out. */
struct lua_words {
    const char *name, *model, *hardware, *about;
};
void choice_lua(const struct search_request *request, const struct choice *choice, const struct lua_words *words,
                struct text *out);
