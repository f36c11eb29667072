/* Proofs over whole plans: sound ones of many grids pass; faults of form, ranks, sizes and placement are refused. */
#include "verify_sample.h"

#include "run_case.h"

static const int wrong_group[] = {6, 5}, reversed_group[] = {3, 1};

#define FORM_FAULTS(X)                                                                                                 \
    X(world_differs, plan->world = 7, grid, verify_plan,                                                               \
      "the grid has 8 coordinates, the plan 7 ranks, at most 65536 are allowed")                                       \
    X(class_index_beyond, plan->ranks[3].class_index = 2, grid, verify_plan,                                           \
      "rank 3 is of class 2, but there are 2 classes")                                                                 \
    X(number_missing, plan->classes[1].rope_theta = NULL, model, verify_plan,                                          \
      "class 1 lacks its name, epsilon or rotary base")                                                                \
    X(class_count_off, plan->classes[0].ranks = 5, grid, verify_plan,                                                  \
      "class first says that it has 5 ranks, but 4 ranks are of it")                                                   \
    X(shape_zero, plan->classes[1].shape.top_k = 0, model, verify_plan,                                                \
      "class last (ranks 4-7) has TOP_K (experts of a row) 0")                                                         \
    X(too_many_chosen, plan->classes[1].shape.top_k = 9, model, verify_plan,                                           \
      "class last (ranks 4-7) has 9 experts a row, at most 8 are allowed")                                             \
    X(op_micro_beyond, plan->classes[0].schedules[DECODE].ops[2].micro = 2, batch, verify_plan,                        \
      "class first (ranks 0-3), decode op 3 is REDUCE_EMBEDDING of micro-batch 2 (of 2) and layer -1 (of 2)")          \
    X(op_layer_beyond, sample_op(plan, 0, PREFILL, OP_ATTENTION, 0, 1)->layer = 2, batch, verify_plan,                 \
      "class first (ranks 0-3), prefill op 25 is ATTENTION of micro-batch 0 (of 2) and layer 2 (of 2)")                \
    X(buffer_doubled, plan->classes[0].buffers[1] = plan->classes[0].buffers[0], batch, verify_plan,                   \
      "class first (ranks 0-3), buffer 1 is RESIDUAL with micro-batch 0, which is unknown or doubled")                 \
    X(mailbox_unknown, plan->classes[0].mailboxes[0].micro = -1, batch, verify_plan,                                   \
      "class first (ranks 0-3), mailbox 0 is PARTIAL with micro-batch -1, which is unknown or doubled")                \
    X(placement_layers_off, plan->placement.rows = 3, experts, verify_plan,                                            \
      "the placement has 3 layers and 1 sources for 4 layers and ep 2")

#define RANKS_FAULTS(X)                                                                                                \
    X(rank_number_off, plan->ranks[2].rank = 1, rank, verify_plan, "row 2 of the rank table calls itself rank 1")      \
    X(coordinates_twice, memcpy(plan->ranks[5].at, plan->ranks[4].at, sizeof plan->ranks[4].at), rank, verify_plan,    \
      "ranks 4 and 5 are both at dp 0, pp 1, ep 0, tp 0")                                                              \
    X(coordinate_beyond, plan->ranks[5].at[AXIS_EP] = 2, rank, verify_plan, "rank 5 is at ep 2 of 2")                  \
    X(stage_begins_early, plan->ranks[4].layer_base = 1, stages, verify_plan,                                          \
      "rank 4 of stage 1 begins at layer 1, but layer 2 is next")                                                      \
    X(rank_begins_late, plan->ranks[6].layer_base = 3, stages, verify_plan,                                            \
      "rank 6 holds 2 layers from 3 on, rank 4 of the same stage holds 2 from 2 on")                                   \
    X(layers_missing, both(plan, model_layers, 5), stages, verify_plan, "the stages hold 4 layers, the model has 5")   \
    X(next_off, plan->ranks[1].next = 6, rank, verify_plan,                                                            \
      "rank 1 sends to rank 6, but rank 5 is the stage after it")                                                      \
    X(previous_lost, plan->ranks[5].previous = -1, rank, verify_plan,                                                  \
      "rank 5 receives from no rank, but rank 1 is the stage before it")                                               \
    X(role_off, plan->classes[0].last_stage = true, stages, verify_plan,                                               \
      "rank 0 of stage 0 is of class first, which is made for the only stage")                                         \
    X(grid_of_class_off, plan->classes[1].shape.ep = 4, grid, verify_plan,                                             \
      "class last (ranks 4-7) is made for ep 4, but the grid has ep 2")                                                \
    X(member_off, plan->ranks[6].tp_group = wrong_group, rank, verify_plan,                                            \
      "rank 6 has rank 5 at tp 1 of its tp group, but rank 7 is there")                                                \
    X(members_reversed, plan->ranks[3].ep_group = reversed_group, rank, verify_plan,                                   \
      "rank 3 has rank 3 at ep 0 of its ep group, but rank 1 is there")

#define SIZES_FAULTS(X)                                                                                                \
    X(classes_differ, plan->classes[1].shape.hidden = 64, model, verify_plan,                                          \
      "class first has HIDDEN (values of a row of the residual stream) 32, class last has 64")                         \
    X(epsilon_differs, plan->classes[1].rms_epsilon = "1e-06", model, verify_plan,                                     \
      "classes first and last differ in dtype, epsilon or rotary base")                                                \
    X(vocabulary_uncovered, both(plan, vocabulary_slice, 24), grid, verify_plan,                                       \
      "50 tokens over tp 2 are slices of 25, but a rank has 24")                                                       \
    X(heads_unshared, (both(plan, heads, 3), both(plan, kv_heads, 2)), grid, verify_plan,                              \
      "a rank's 3 query heads cannot share its 2 key/value heads")                                                     \
    X(head_odd, both(plan, head_dim, 7), model, verify_plan, "a head of 7 values cannot be rotated in pairs")

#define PLACEMENT_FAULTS(X)                                                                                            \
    X(expert_elsewhere, plan->placement.home[5] = 0, experts, verify_plan,                                             \
      "the rows for expert 5 are sent to ep 0, slot 1, which holds expert 1")                                          \
    X(expert_nowhere, plan->placement.home[5] = 2, experts, verify_plan,                                               \
      "expert 5 is sent to ep 2, slot 1, which is none of ep 2 x 4 slots")                                             \
    X(slot_beyond, plan->placement.slot[5] = 4, experts, verify_plan,                                                  \
      "expert 5 is sent to ep 1, slot 4, which is none of ep 2 x 4 slots")                                             \
    X(slot_empty, plan->placement.held[3] = -1, experts, verify_plan,                                                  \
      "the rows for expert 3 are sent to ep 0, slot 3, which holds none")                                              \
    X(held_twice, plan->placement.held[1] = 0, experts, verify_plan, "ep 0 holds expert 0 twice")                      \
    X(expert_unknown, plan->placement.held[1] = SAMPLE_EXPERTS, experts, verify_plan,                                  \
      "ep 0 holds expert 8 in slot 1, but there are 8 experts")                                                        \
    X(slots_differ, plan->placement.expert_slots = 3, experts, verify_plan,                                            \
      "the placement needs 3 expert slots a rank, the classes have 4")

FORM_FAULTS(FAULT_FUNCTION)
RANKS_FAULTS(FAULT_FUNCTION)
SIZES_FAULTS(FAULT_FUNCTION)
PLACEMENT_FAULTS(FAULT_FUNCTION)

/* clang-format off */
static const struct fault faults[] = {
    FORM_FAULTS(FAULT_ROW)
    RANKS_FAULTS(FAULT_ROW)
    SIZES_FAULTS(FAULT_ROW)
    PLACEMENT_FAULTS(FAULT_ROW)
};
/* clang-format on */

enum { FAULT_COUNT = sizeof faults / sizeof *faults };

START_TEST(fault)
{
    expect_refused(&faults[_i]);
}
END_TEST

static void expect_sound(struct sample *sample)
{
    const int *grid = sample->strategy.grid;
    bool sound = sample_plan(sample) && verify_plan(&sample->plan, &sample->error);
    ck_assert_msg(sound, "grid %d %d %d %d: %s", grid[0], grid[1], grid[2], grid[3], sample->error.text);
    sample_free(sample);
}

/* Every grid of 1, 2 and 4 along each axis, with 1, 2 and 3 micro-batches. */
START_TEST(sound_grid)
{
    static const int sizes[] = {1, 2, 4};
    struct sample sample;
    sample_strategy(&sample, sizes[_i % 3], sizes[_i / 3 % 3], sizes[_i / 9 % 3], sizes[_i / 27 % 3], 4);
    sample.strategy.batch.micro_batches = _i / 81 + 1;
    expect_sound(&sample);
}
END_TEST

static void reverse_ranks(struct strategy *strategy)
{
    for (int i = 0; i < strategy->world; i++)
        strategy->rank_of[i] = strategy->world - 1 - i;
}

static void shuffle_ranks(struct strategy *strategy)
{
    for (int i = 0; i < strategy->world; i++) /* 11 has no factor in common with a world of 32 */
        strategy->rank_of[i] = (i * 11 + 5) % strategy->world;
}

static void make_stages_uneven(struct strategy *strategy)
{
    static const int layers[] = {1, 3, 2, 2};
    memcpy(strategy->stage_layers, layers, sizeof layers);
}

static void place_layers_differently(struct strategy *strategy)
{
    for (int i = 0; i < strategy->model.layers * SAMPLE_EXPERTS; i++)
        strategy->holders[i] = (i * 7 + i / SAMPLE_EXPERTS) % 3 % 2;
}

static void replicate_experts(struct strategy *strategy)
{
    int entries = strategy->model.layers * SAMPLE_EXPERTS * 2;
    strategy->holder_room = 2;
    free(strategy->holders);
    strategy->holders = calloc((size_t)entries, sizeof(int));
    for (int i = 0; i < entries; i++)
        strategy->holders[i] = i % 4 == 3 ? -1 : i % 2; /* every second expert has two holders */
}

static void limit_capacity(struct strategy *strategy)
{
    strategy->capacity_factor = 1.25;
}

static void keep_weights_exact(struct strategy *strategy)
{
    strategy->dtype.weights = DTYPE_F32;
}

static void (*const varieties[])(struct strategy *) = {
    reverse_ranks,     shuffle_ranks,  make_stages_uneven, place_layers_differently,
    replicate_experts, limit_capacity, keep_weights_exact};

enum { GRIDS = 81 * 3, VARIETIES = sizeof varieties / sizeof *varieties };

START_TEST(sound_variety)
{
    struct sample sample;
    sample_strategy(&sample, 2, 4, 2, 2, 8);
    varieties[_i](&sample.strategy);
    expect_sound(&sample);
}
END_TEST

/* A layer of its own placement, and replicas: the message tells the layer and whose rows go astray. */
START_TEST(replica_mistaken)
{
    struct sample sample;
    sample_strategy(&sample, 1, 2, 2, 1, 4);
    replicate_experts(&sample.strategy);
    sample.strategy.holders[3 * SAMPLE_EXPERTS * 2] = 1; /* layer 3 lists the holders of expert 0 in the other order */
    sample.strategy.holders[3 * SAMPLE_EXPERTS * 2 + 1] = 0;
    ck_assert(sample_plan(&sample));
    struct placement *placement = &sample.plan.placement;
    placement->home[(3 * placement->sources + 1) * SAMPLE_EXPERTS + 7] = 1;
    ck_assert(!verify_plan(&sample.plan, &sample.error));
    ck_assert_str_eq(sample.error.text,
                     "the rows of ep 1 for expert 7 in layer 3 are sent to ep 1, slot 7, which holds none" REPORT_IT);
    ck_assert_int_eq(sample.error.line, KEY_experts + 1);
    sample_free(&sample);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, fault, 0, FAULT_COUNT);
    tcase_add_test(tests, replica_mistaken);
    tcase_add_loop_test(tests, sound_grid, 0, GRIDS);
    tcase_add_loop_test(tests, sound_variety, 0, VARIETIES);
    return run_case("verify", tests);
}
