/* What the files of the audit share; everyone else includes predict/audit/audit.h. */
#pragma once

#include "hardware.h"
#include "predict/audit/audit.h"
#include "predict/prediction.h"

#include <math.h>

/* One combination of alternatives with the strategy and the plan that it leads to. */
struct scenario {
    const struct claims *claims;
    const struct strategy *strategy;
    const struct plan *plan;
    const struct hardware *accelerator; /* NULL: none is named */
    enum storage kv, weights;
    const struct prediction *prediction; /* of this very plan and accelerator; NULL: none */
    struct pool *pool;                   /* for texts */
};

/* What a quantity comes to. */
struct computed {
    double low, high;    /* base units */
    bool whole_range;    /* the stated range must be this range, not only hold it */
    bool evidence_only;  /* that others published less refutes nothing: where it does not fit, it is unsupported */
    const char *because; /* formula and numbers; where nothing can be computed, why */
    const char *meets;   /* what would meet the claim; NULL: nothing to say */
    const char *premise; /* what keeps a figure that fits from being shown to hold; NULL: nothing */
};

/* One function for each quantity. */
#define X(name, dimension, label, assumptions, text)                                                                   \
    struct computed audit_##name(const struct scenario *scenario, const struct claim *claim);
QUANTITIES(X)
#undef X

/* ---- results */

static inline struct computed exactly(double value, const char *because)
{
    return (struct computed){.low = value, .high = value, .because = because};
}

static inline struct computed between(double low, double high, const char *because)
{
    return (struct computed){.low = low, .high = high, .because = because};
}

static inline struct computed unknown(const char *because)
{
    return between(-INFINITY, INFINITY, because);
}

/* ---- variant.c: a strategy with something changed, and its plan */

struct change {
    int hidden_size, top_k, context, sequences; /* 0: as it is; sequences: of all lanes */
    const int *grid;                            /* NULL: as it is; else with the default formula and placement */
};

/* Both live until pool and plan are freed. Fails where the planner refuses. */
bool variant_plan(const struct strategy *strategy, const struct change *change, struct pool *pool,
                  struct strategy *changed, struct plan *plan, struct error *error);

/* ---- model.c */

struct parameter_count {
    uint64_t embedding, attention, norms, routers, experts, head;
};
struct parameter_count model_parameters(const struct model *model);
uint64_t all_parameters(const struct parameter_count *count);
uint64_t used_parameters(const struct parameter_count *count, const struct model *model); /* by one token */

/* Multiplications and additions of one token: two for each parameter that it is multiplied with (an embedding is
 * looked up), and 4 x heads x head_dim a layer for each position that it attends to, half the context on average. With
 * charged_all, two for every parameter of the model and nothing else, as documents like to count. `formula`, when not
 * NULL, gets the numbers. */
double token_flops(const struct scenario *scenario, bool charged_all, const char **formula);

/* ---- weights.c */

uint64_t class_parameters(const struct rank_class *class);
uint64_t class_weight_bytes(const struct rank_class *class, enum storage storage);
const struct rank_class *heaviest_class(const struct plan *plan, enum storage storage);

/* ---- speed.c */

double peak_flops(const struct scenario *scenario); /* FLOP/s of the accelerator in bf16; 0: none is known */
extern const char *const no_accelerator;            /* says so */

/* Whether the simulator's figure stands for the claim: it has one, and the claim has no conditions of its own. */
bool predicted(const struct scenario *scenario, const struct claim *claim);

/* What keeps a figure at this MFU from being shown to hold: that none so high was published; NULL: nothing. */
const char *mfu_premise(const struct scenario *scenario, double mfu);

/* "on a100-sxm an MFU of 101 %, on h100-sxm of 31.9 %": of each accelerator, for work of so many FLOP/s on each GPU. */
const char *mfu_needed(const struct scenario *scenario, double flops_per_s);

/* ---- grids.c: the grid of as many ranks whose fullest rank holds the fewest bytes of weights */

struct grid_choice {
    int grid[AXES];
    uint64_t bytes; /* 0: no grid could be planned */
};
struct grid_choice lightest_grid(const struct scenario *scenario);

/* ---- figures.c: numbers for people */

const char *whole(struct pool *pool, uint64_t number);    /* 1,234,567 */
const char *number_text(struct pool *pool, double value); /* four significant digits: 0.2842, 10.06, 76,293 */
const char *in_unit(struct pool *pool, double value, const char *unit, double factor);
const char *grid_text(struct pool *pool, const int *grid); /* dp 2 x pp 4 x ep 16 x tp 2 */

/* What a configuration that meets the claim would have: the stated figure, or its bound. */
double aim(const struct claim *claim);

/* The first claim of a quantity that is no bound; NULL: none. And the first that is one. */
const struct claim *stated_figure(const struct claims *claims, enum quantity quantity);
const struct claim *stated_bound(const struct claims *claims, enum quantity quantity);

/* ---- sums.c: whether other figures of the document give this one; NULL where they do not bear on it */
const char *own_figures(const struct claims *claims, const struct claim *claim, struct pool *pool);

/* ---- draws.c: how unevenly rows fall on experts */

/* The mean of the largest of `count` independent standard normal numbers. */
double normal_maximum(int count);

/* Rows that each choose top_k different experts at random: the mean of most / mean - 1, in the normal approximation. */
double uniform_imbalance(double rows, int experts, int top_k);

/* The same of the favourite expert when experts are chosen by Zipf's law with exponent 1, and rows are many. */
double zipf_imbalance(int experts, int top_k);
