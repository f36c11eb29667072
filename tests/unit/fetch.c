/* What must be fetched, against a count over every single value of the checkpoint. */
#include "predict/fetch.h"
#include "verify_sample.h"

#include "run_case.h"

enum { HIDDEN = 16, HEADS = 4, HEAD_DIM = 2, KV_HEADS = 2, LAYERS = 4, EXPERTS = 6, EXPERT_HIDDEN = 8, TOKENS = 13 };
enum { MOST_WORLD = 96, MOST_EP = 6 };

/* ---- small strategies, drawn */

static uint64_t seed;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static int draw_below(int limit)
{
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (int)((z ^ z >> 31) % (uint64_t)limit);
}

struct small {
    int grid[AXES], rank_of[MOST_WORLD], stage_layers[LAYERS], holders[LAYERS * EXPERTS * MOST_EP];
    enum dtype weights;
    struct strategy strategy;
    struct plan plan;
};

static int world_of(const int grid[AXES])
{
    return grid[0] * grid[1] * grid[2] * grid[3];
}

/* Equal stages, ranks in order, experts in blocks, bf16. */
static void small_fill(struct small *small, int dp, int pp, int ep, int tp)
{
    *small = (struct small){.grid = {dp, pp, ep, tp}, .weights = DTYPE_BF16};
    for (int i = 0; i < world_of(small->grid); i++)
        small->rank_of[i] = i;
    for (int stage = 0; stage < pp; stage++)
        small->stage_layers[stage] = LAYERS / pp;
    memset(small->holders, -1, sizeof small->holders);
    for (int i = 0; i < LAYERS * EXPERTS; i++)
        small->holders[i * MOST_EP] = i % EXPERTS * ep / EXPERTS;
}

static void small_plan(struct small *small)
{
    struct error error;
    small->strategy = (struct strategy){
        .path = "small.lua",
        .name = "small",
        .model = {.family = "mixtral",
                  .hidden = HIDDEN,
                  .layers = LAYERS,
                  .heads = HEADS,
                  .kv_heads = KV_HEADS,
                  .head_dim = HEAD_DIM,
                  .experts = EXPERTS,
                  .top_k = 2,
                  .expert_hidden = EXPERT_HIDDEN,
                  .vocabulary = TOKENS,
                  .max_positions = 64,
                  .rms_epsilon = 1e-5,
                  .rope_theta = 1e4},
        .grid = {small->grid[0], small->grid[1], small->grid[2], small->grid[3]},
        .world = world_of(small->grid),
        .rank_of = small->rank_of,
        .stage_layers = small->stage_layers,
        .holders = small->holders,
        .holder_room = MOST_EP,
        .target = {.device = "cpu", .transport = "shm", .threads = 1, .ranks_per_node = 1, .memory_bytes = 1u << 30},
        .batch = {.sequences = 1, .context = 16, .prefill_rows = 1, .micro_batches = 1, .logit_rows = 1},
        .dtype = {small->weights}};
    ck_assert_msg(plan_make(&small->strategy, &small->plan, &error), "%s", error.text);
}

static void shuffle(int *numbers, int count)
{
    for (int i = 0; i < count; i++)
        numbers[i] = i;
    for (int i = count - 1; i > 0; i--) {
        int other = draw_below(i + 1), number = numbers[i];
        numbers[i] = numbers[other];
        numbers[other] = number;
    }
}

static void draw_small(struct small *small)
{
    static const int tp[] = {1, 2, 4};
    small_fill(small, 1 + draw_below(2), 1 + draw_below(3), 1 + draw_below(4), tp[draw_below(3)]);
    small->weights = draw_below(4) == 0 ? DTYPE_F32 : DTYPE_BF16;
    shuffle(small->rank_of, world_of(small->grid));
    int left = LAYERS, pp = small->grid[AXIS_PP], ep = small->grid[AXIS_EP];
    for (int stage = 0; stage < pp; left -= small->stage_layers[stage++])
        small->stage_layers[stage] = stage == pp - 1 ? left : 1 + draw_below(left - (pp - stage - 1));
    for (int i = 0; i < LAYERS * EXPERTS; i++) {
        int order[MOST_EP] = {0}, count = 1 + draw_below(ep);
        shuffle(order, ep);
        for (int holder = 0; holder < count; holder++)
            small->holders[i * MOST_EP + holder] = order[holder];
    }
    small_plan(small);
}

/* ---- every value of the checkpoint, one after the other, and who holds it */

struct stored {
    enum weight_kind kind;
    int layer, expert, rows, columns;
};

/* The checkpoint's tensors, from the model alone. */
static int list_stored(struct stored *list)
{
    int count = 0;
    list[count++] = (struct stored){WEIGHT_EMBEDDING, -1, -1, TOKENS, HIDDEN};
    for (int layer = 0; layer < LAYERS; layer++) {
        list[count++] = (struct stored){WEIGHT_INPUT_NORM, layer, -1, 1, HIDDEN};
        list[count++] = (struct stored){WEIGHT_QUERY, layer, -1, HEADS * HEAD_DIM, HIDDEN};
        list[count++] = (struct stored){WEIGHT_KEY, layer, -1, KV_HEADS * HEAD_DIM, HIDDEN};
        list[count++] = (struct stored){WEIGHT_VALUE, layer, -1, KV_HEADS * HEAD_DIM, HIDDEN};
        list[count++] = (struct stored){WEIGHT_OUTPUT, layer, -1, HIDDEN, HEADS * HEAD_DIM};
        list[count++] = (struct stored){WEIGHT_POST_NORM, layer, -1, 1, HIDDEN};
        list[count++] = (struct stored){WEIGHT_ROUTER, layer, -1, EXPERTS, HIDDEN};
        for (int expert = 0; expert < EXPERTS; expert++) {
            list[count++] = (struct stored){WEIGHT_GATE, layer, expert, EXPERT_HIDDEN, HIDDEN};
            list[count++] = (struct stored){WEIGHT_UP, layer, expert, EXPERT_HIDDEN, HIDDEN};
            list[count++] = (struct stored){WEIGHT_DOWN, layer, expert, HIDDEN, EXPERT_HIDDEN};
        }
    }
    list[count++] = (struct stored){WEIGHT_FINAL_NORM, -1, -1, 1, HIDDEN};
    list[count++] = (struct stored){WEIGHT_HEAD, -1, -1, TOKENS, HIDDEN};
    return count;
}

static bool holds_expert(const struct small *small, int layer, int expert, int ep)
{
    const int *holders = small->holders + (layer * EXPERTS + expert) * MOST_EP;
    for (int i = 0; i < MOST_EP; i++)
        if (holders[i] == ep)
            return true;
    return false;
}

/* Whether a rank holds one value, from the strategy and the rules of the split. */
static bool holds(const struct small *small, const int at[AXES], const struct stored *stored, int row, int column)
{
    int tp = at[AXIS_TP], parts = small->grid[AXIS_TP], stages = small->grid[AXIS_PP], first_layer = 0;
    int tokens = (TOKENS + parts - 1) / parts;
    for (int stage = 0; stage < at[AXIS_PP]; stage++)
        first_layer += small->stage_layers[stage];
    if (stored->layer >= 0 &&
        (stored->layer < first_layer || stored->layer >= first_layer + small->stage_layers[at[AXIS_PP]]))
        return false;
    if (stored->expert >= 0 && !holds_expert(small, stored->layer, stored->expert, at[AXIS_EP]))
        return false;
    switch (stored->kind) {
    case WEIGHT_EMBEDDING:
        return at[AXIS_PP] == 0 && row / tokens == tp;
    case WEIGHT_HEAD:
        return at[AXIS_PP] == stages - 1 && row / tokens == tp;
    case WEIGHT_FINAL_NORM:
        return at[AXIS_PP] == stages - 1;
    case WEIGHT_QUERY:
        return row / HEAD_DIM * parts / HEADS == tp;
    case WEIGHT_OUTPUT:
        return column / HEAD_DIM * parts / HEADS == tp;
    case WEIGHT_KEY:
    case WEIGHT_VALUE:
        return parts <= KV_HEADS ? row / HEAD_DIM * parts / KV_HEADS == tp : tp * KV_HEADS / parts == row / HEAD_DIM;
    case WEIGHT_GATE:
    case WEIGHT_UP:
        return row * parts / EXPERT_HIDDEN == tp;
    case WEIGHT_DOWN:
        return column * parts / EXPERT_HIDDEN == tp;
    default:
        return true;
    }
}

static bool place_holds(const struct small *small, struct place place, const struct stored *stored, int row, int column)
{
    const int *grid = small->grid;
    for (int index = 0; index < world_of(grid); index++) {
        int rank = small->rank_of[index];
        const int at[AXES] = {index / (grid[1] * grid[2] * grid[3]), index / (grid[2] * grid[3]) % grid[1],
                              index / grid[3] % grid[2], index % grid[3]};
        if (rank >= place.first_rank && rank < place.first_rank + place.ranks && holds(small, at, stored, row, column))
            return true;
    }
    return false;
}

enum { MOST_STORED = 3 + LAYERS * (7 + 3 * EXPERTS), MOST_VALUES = 256 };

/* How often each value is in the ranges that the place must fetch: [stored][row * columns + column]. */
static struct fetched {
    struct stored stored[MOST_STORED];
    int count;
    unsigned char times[MOST_STORED][MOST_VALUES];
    uint64_t bytes;
} fetched;

static void mark_range(void *context, const struct weight_range *range)
{
    (void)context;
    for (int i = 0; i < fetched.count; i++) {
        const struct stored *stored = &fetched.stored[i];
        if (stored->kind != range->kind || stored->layer != range->layer || stored->expert != range->expert)
            continue;
        ck_assert_int_le(range->first_row + range->rows, stored->rows);
        ck_assert_int_le(range->first_column + range->columns, stored->columns);
        ck_assert_int_gt(range->rows * range->columns, 0);
        for (int row = range->first_row; row < range->first_row + range->rows; row++)
            for (int column = range->first_column; column < range->first_column + range->columns; column++)
                fetched.times[i][row * stored->columns + column]++;
        fetched.bytes += range->bytes;
        return;
    }
    ck_abort_msg("there is no %s of layer %d, expert %d", weight_table[range->kind].name, range->layer, range->expert);
}

static bool always_f32(enum weight_kind kind)
{
    return kind == WEIGHT_INPUT_NORM || kind == WEIGHT_POST_NORM || kind == WEIGHT_FINAL_NORM || kind == WEIGHT_ROUTER;
}

/* Checks each value of each tensor for one place; returns the bytes to fetch. */
static uint64_t expect_exact(const struct small *old, const struct small *new, struct place place)
{
    memset(&fetched, 0, sizeof fetched);
    fetched.count = list_stored(fetched.stored);
    fetch_ranges(&old->plan, &new->plan, place, mark_range, NULL);
    uint64_t bytes = 0;
    for (int i = 0; i < fetched.count; i++) {
        const struct stored *stored = &fetched.stored[i];
        bool kept = always_f32(stored->kind) || old->weights == new->weights;
        int each = always_f32(stored->kind) || new->weights == DTYPE_F32 ? 4 : 2;
        for (int value = 0; value < stored->rows * stored->columns; value++) {
            int row = value / stored->columns, column = value % stored->columns;
            bool wanted =
                place_holds(new, place, stored, row, column) && !(kept && place_holds(old, place, stored, row, column));
            ck_assert_msg(fetched.times[i][value] == wanted,
                          "%s of layer %d, expert %d at (%d, %d) is fetched %d times", weight_table[stored->kind].name,
                          stored->layer, stored->expert, row, column, fetched.times[i][value]);
            bytes += wanted ? (uint64_t)each : 0;
        }
    }
    ck_assert_uint_eq(fetched.bytes, bytes);
    return bytes;
}

static void expect_exact_totals(const struct small *old, const struct small *new, int ranks_per_place)
{
    struct fetch_total totals[MOST_WORLD] = {0};
    fetch_totals(&old->plan, &new->plan, ranks_per_place, totals);
    for (int i = 0; i < place_count(&new->plan, ranks_per_place); i++) {
        uint64_t sum = 0;
        for (int kind = 0; kind < TENSOR_KINDS; kind++)
            sum += totals[i].bytes[kind];
        ck_assert_uint_eq(sum, totals[i].all);
        ck_assert_uint_eq(totals[i].all, expect_exact(old, new, (struct place){i * ranks_per_place, ranks_per_place}));
    }
}

START_TEST(every_value_is_fetched_once_where_it_is_new)
{
    enum { PAIRS = 12 };
    seed = 7;
    for (int i = 0; i < PAIRS; i++) {
        struct small old, new;
        draw_small(&old);
        draw_small(&new);
        expect_exact_totals(&old, &new, 1);
        expect_exact_totals(&old, &new, 1 + draw_below(6));
        plan_free(&old.plan);
        plan_free(&new.plan);
    }
}
END_TEST

/* ---- changes whose cost is known */

static uint64_t sum_of_totals(const struct plan *old, const struct plan *new, uint64_t per_rank[MOST_WORLD])
{
    struct fetch_total totals[MOST_WORLD] = {0};
    uint64_t sum = 0;
    fetch_totals(old, new, 1, totals);
    for (int rank = 0; rank < new->world; rank++)
        sum += per_rank[rank] = totals[rank].all;
    return sum;
}

START_TEST(replicas_cost_old_ranks_nothing)
{
    struct small old, new;
    uint64_t bytes[MOST_WORLD] = {0}, held[MOST_WORLD] = {0};
    small_fill(&old, 1, 2, 2, 2);
    small_fill(&new, 2, 2, 2, 2);
    small_plan(&old);
    small_plan(&new);
    sum_of_totals(&old.plan, &new.plan, bytes);
    sum_of_totals(NULL, &new.plan, held);
    for (int rank = 0; rank < 16; rank++)
        ck_assert_uint_eq(bytes[rank], rank < 8 ? 0 : held[rank]);
    ck_assert_uint_eq(sum_of_totals(&new.plan, &old.plan, bytes), 0); /* and to take one away costs nobody */
    plan_free(&old.plan);
    plan_free(&new.plan);
}
END_TEST

START_TEST(another_numbering_costs_both_ways_alike)
{
    struct small old, new;
    uint64_t bytes[MOST_WORLD] = {0};
    small_fill(&old, 1, 2, 2, 2);
    small_fill(&new, 1, 2, 2, 2);
    for (int i = 0; i < 8; i++)
        new.rank_of[i] = i ^ 1;
    small_plan(&old);
    small_plan(&new);
    uint64_t there = sum_of_totals(&old.plan, &new.plan, bytes);
    ck_assert_uint_gt(there, 0);
    ck_assert_uint_eq(there, sum_of_totals(&new.plan, &old.plan, bytes));
    struct fetch_total pairs[4]; /* neighbours swapped places: together they have all they need */
    fetch_totals(&old.plan, &new.plan, 2, pairs);
    for (int pair = 0; pair < 4; pair++)
        ck_assert_uint_eq(pairs[pair].all, 0);
    plan_free(&old.plan);
    plan_free(&new.plan);
}
END_TEST

START_TEST(finer_slices_of_the_same_rank_lie_in_the_old_ones)
{
    struct small old, new;
    uint64_t bytes[MOST_WORLD] = {0};
    small_fill(&old, 1, 1, 1, 2);
    small_fill(&new, 1, 1, 1, 4);
    new.rank_of[1] = 2; /* quarters 0 and 1 are half 0: ranks 0 and 2; quarters 2 and 3 are ranks 1 and 3 */
    new.rank_of[2] = 1;
    small_plan(&old);
    small_plan(&new);
    sum_of_totals(&old.plan, &new.plan, bytes);
    /* 13 tokens are slices of 7 and 6, then of 4, 4, 4 and 1: quarter 2 begins at token 8, in half 1. */
    ck_assert_uint_eq(bytes[0], 0);
    ck_assert_uint_eq(bytes[1], 0);
    ck_assert_uint_gt(bytes[2], 0);
    plan_free(&old.plan);
    plan_free(&new.plan);
}
END_TEST

START_TEST(a_moved_stage_boundary_costs_its_layers)
{
    struct small old, new;
    uint64_t bytes[MOST_WORLD] = {0};
    small_fill(&old, 1, 2, 1, 1);
    small_fill(&new, 1, 2, 1, 1);
    new.stage_layers[0] = 3;
    new.stage_layers[1] = 1;
    small_plan(&old);
    small_plan(&new);
    sum_of_totals(&old.plan, &new.plan, bytes);
    uint64_t attention = 2 * HIDDEN * HEAD_DIM * (2 * HEADS + 2 * KV_HEADS), exact = 4 * HIDDEN * (2 + EXPERTS);
    uint64_t experts = (uint64_t)2 * 3 * EXPERTS * HIDDEN * EXPERT_HIDDEN;
    ck_assert_uint_eq(bytes[0], attention + exact + experts);
    ck_assert_uint_eq(bytes[1], 0);
    plan_free(&old.plan);
    plan_free(&new.plan);
}
END_TEST

START_TEST(another_dtype_is_fetched_anew_but_for_what_is_always_f32)
{
    struct small old, new;
    struct fetch_total total = {0};
    small_fill(&old, 1, 1, 1, 1);
    small_fill(&new, 1, 1, 1, 1);
    new.weights = DTYPE_F32;
    small_plan(&old);
    small_plan(&new);
    fetch_totals(&old.plan, &new.plan, 1, &total);
    ck_assert_uint_eq(total.bytes[TENSOR_DOWN], (uint64_t)4 * LAYERS * EXPERTS * HIDDEN * EXPERT_HIDDEN);
    ck_assert_uint_eq(total.bytes[TENSOR_LM_HEAD], (uint64_t)4 * TOKENS * HIDDEN);
    ck_assert_uint_eq(total.bytes[TENSOR_ROUTER] + total.bytes[TENSOR_FINAL_NORM], 0);
    plan_free(&old.plan);
    plan_free(&new.plan);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_value_is_fetched_once_where_it_is_new, replicas_cost_old_ranks_nothing,
        another_numbering_costs_both_ways_alike,     finer_slices_of_the_same_rank_lie_in_the_old_ones,
        a_moved_stage_boundary_costs_its_layers,     another_dtype_is_fetched_anew_but_for_what_is_always_f32};
    TCase *tcase = tcase_create("fetch");
    tcase_set_timeout(tcase, 120);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    return run_case("fetch", tcase);
}
