/* The search: every outline is planned once, for its exact memory; every choice that fits is estimated; those that
 * could be among the best are planned and simulated like any strategy. */
#include "predict/search/search.h"
#include "plan/make.h"
#include "predict/search/parts.h"

#include <string.h>

/* Simulations differed from estimates by up to this much more or less than the kindest one before them. Measured over
 * the small spaces of tests/unit/search.c. */
const double usual_margin = 0.25;

int usual_simulations(int ranks)
{
    enum { ALL_RANKS = 8192, LEAST = 12 }; /* a simulation's time grows with its ranks */
    return ranks * LEAST > ALL_RANKS ? LEAST : ALL_RANKS / ranks;
}

struct searching {
    const struct search_request *request;
    struct search_result *result;
    int room;               /* for candidates */
    struct routing routing; /* read once, from the first plan */
    bool has_routing;
};

static uint64_t fullest_rank(const struct plan *plan)
{
    uint64_t most = 0;
    for (int i = 0; i < plan->class_count; i++)
        most = plan->classes[i].ledger_bytes > most ? plan->classes[i].ledger_bytes : most;
    return most;
}

/* The routing of the request; it depends on the model alone, so any of its plans will do. */
static bool read_routing(struct searching *searching, const struct plan *plan, struct error *error)
{
    if (searching->has_routing)
        return true;
    const char *routing = searching->request->routing ? searching->request->routing : "uniform";
    return searching->has_routing = routing_read(routing, plan, &searching->result->pool, &searching->routing, error);
}

static struct workload workload_of(const struct searching *searching, const struct plan *plan)
{
    struct workload workload = usual_workload(plan);
    workload.routing = searching->routing;
    searching->result->prompt_tokens = workload.prompt_tokens;
    searching->result->new_tokens = workload.new_tokens;
    return workload;
}

/* ---- estimates */

static struct candidate *add_candidate(struct searching *searching, const struct choice *choice, uint64_t memory)
{
    struct search_result *result = searching->result;
    if (result->count == searching->room) {
        searching->room = searching->room ? 2 * searching->room : 1024;
        struct candidate *wider = pool_take(&result->pool, (size_t)searching->room, sizeof *wider);
        if (result->count > 0)
            memcpy(wider, result->candidates, (size_t)result->count * sizeof *wider);
        result->candidates = wider;
    }
    struct candidate *candidate = &result->candidates[result->count++];
    *candidate = (struct candidate){.choice = *choice, .estimate.memory = memory};
    candidate->fits = memory <= searching->request->memory_bytes;
    result->fitting += candidate->fits;
    return candidate;
}

static void add_orders(struct searching *searching, const struct plan *plan, struct choice choice, struct pool *pool)
{
    const struct hardware *hardware = searching->request->hardware;
    struct workload workload = workload_of(searching, plan);
    const struct outline_costs *costs = outline_costs(plan, hardware, &workload, choice.placing, pool);
    int orders[MOST_ORDERS][AXES], count = space_orders(choice.grid, hardware, orders);
    for (int i = 0; i < count; i++) {
        memcpy(choice.order, orders[i], sizeof choice.order);
        struct candidate *candidate = add_candidate(searching, &choice, fullest_rank(plan));
        struct score score = estimate(costs, &choice);
        score.memory = candidate->estimate.memory;
        candidate->estimate = score;
    }
}

static bool add_outline(struct searching *searching, const struct choice *outline, struct error *error)
{
    struct pool pool = {0};
    struct strategy strategy;
    struct plan plan;
    enum placing placings[2];
    choice_strategy(searching->request, outline, &pool, &strategy);
    bool planned = plan_make(&strategy, &plan, error) && read_routing(searching, &plan, error);
    if (planned && fullest_rank(&plan) > searching->request->memory_bytes) {
        add_candidate(searching, outline, fullest_rank(&plan));
    } else if (planned) {
        int count = space_placings(outline, &strategy.model, &searching->routing, placings);
        for (int i = 0; i < count; i++) {
            struct choice choice = *outline;
            choice.placing = placings[i];
            add_orders(searching, &plan, choice, &pool);
        }
    }
    plan_free(&plan);
    pool_free(&pool);
    return planned;
}

/* ---- simulations */

/* Plans a strategy and predicts its usual workload. */
static bool predict_strategy(struct searching *searching, const struct strategy *strategy, struct candidate *candidate,
                             struct error *error)
{
    struct plan plan;
    bool planned = plan_make(strategy, &plan, error) && read_routing(searching, &plan, error);
    if (planned) {
        struct workload workload = workload_of(searching, &plan);
        predict_workload(&plan, searching->request->hardware, &workload, &candidate->prediction);
        candidate->simulated = true;
        candidate->score = (struct score){.ttft_s = candidate->prediction.ttft_s,
                                          .tokens_per_s = candidate->prediction.phases[DECODE].tokens_per_s,
                                          .memory = fullest_rank(&plan)};
    }
    plan_free(&plan);
    return planned;
}

static bool simulate_best(struct searching *searching, struct error *error)
{
    struct search_result *result = searching->result;
    struct selection selection = selection_make(searching->request, result);
    bool right = true;
    while (right && result->simulated < searching->request->most_simulated) {
        int index = selection_next(&selection);
        if (index < 0)
            break;
        struct pool pool = {0};
        struct strategy strategy;
        choice_strategy(searching->request, &result->candidates[index].choice, &pool, &strategy);
        right = predict_strategy(searching, &strategy, &result->candidates[index], error);
        result->simulated++;
        selection_note(&selection, &result->candidates[index]);
        pool_free(&pool);
    }
    selection_rule_out_rest(&selection);
    return right;
}

/* The split that the base strategy itself asks for, simulated and, for its rank among the others, estimated. */
static bool simulate_base(struct searching *searching, struct error *error)
{
    const struct strategy *base = searching->request->base;
    struct candidate *own = &searching->result->base;
    *own =
        (struct candidate){.choice = {.stage_layers = base->stage_layers, .micro_batches = base->batch.micro_batches}};
    memcpy(own->choice.grid, base->grid, sizeof own->choice.grid);
    searching->result->has_base = predict_strategy(searching, base, own, error);
    own->fits = own->score.memory <= searching->request->memory_bytes;
    return searching->result->has_base;
}

bool search(const struct search_request *request, struct search_result *result, struct error *error)
{
    *result = (struct search_result){0};
    struct searching searching = {.request = request, .result = result};
    struct outlines outlines = space_outlines(request, result);
    for (int i = 0; i < outlines.count; i++)
        if (!add_outline(&searching, &outlines.all[i], error))
            return false;
    if (!simulate_best(&searching, error) || (request->compare_base && !simulate_base(&searching, error)))
        return false;
    select_best(result);
    return true;
}

void search_free(struct search_result *result)
{
    pool_free(&result->pool);
    *result = (struct search_result){0};
}
