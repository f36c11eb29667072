/* Proofs over whole plans: sound ones of many grids pass; faults of form, ranks, sizes and placement are refused. */
#include "verify_sample.h"

static const int wrong_group[] = {6, 5}, reversed_group[] = {3, 1};

#define FORM_FAULTS(X)                                                                                                 \
    X(world_differs, plan->world = 7, grid, verify_plan, "@world_differs@")                                            \
    X(class_index_beyond, plan->ranks[3].class_index = 2, grid, verify_plan, "@class_index_beyond@")                   \
    X(class_count_off, plan->classes[0].ranks = 5, grid, verify_plan, "@class_count_off@")                             \
    X(shape_zero, plan->classes[1].shape.top_k = 0, model, verify_plan, "@shape_zero@")                                \
    X(too_many_chosen, plan->classes[1].shape.top_k = 9, model, verify_plan, "@too_many_chosen@")                      \
    X(op_micro_beyond, plan->classes[0].schedules[DECODE].ops[2].micro = 2, batch, verify_plan, "@op_micro_beyond@")   \
    X(op_layer_beyond, sample_op(plan, 0, PREFILL, OP_ATTENTION, 0, 1)->layer = 2, batch, verify_plan,                 \
      "@op_layer_beyond@")                                                                                             \
    X(buffer_doubled, plan->classes[0].buffers[1] = plan->classes[0].buffers[0], batch, verify_plan,                   \
      "@buffer_doubled@")                                                                                              \
    X(mailbox_unknown, plan->classes[0].mailboxes[0].micro = -1, batch, verify_plan, "@mailbox_unknown@")              \
    X(placement_layers_off, plan->placement.rows = 3, experts, verify_plan, "@placement_layers_off@")

#define RANKS_FAULTS(X)                                                                                                \
    X(rank_number_off, plan->ranks[2].rank = 1, rank, verify_plan, "@rank_number_off@")                                \
    X(coordinates_twice, memcpy(plan->ranks[5].at, plan->ranks[4].at, sizeof plan->ranks[4].at), rank, verify_plan,    \
      "@coordinates_twice@")                                                                                           \
    X(coordinate_beyond, plan->ranks[5].at[AXIS_EP] = 2, rank, verify_plan, "@coordinate_beyond@")                     \
    X(stage_begins_early, plan->ranks[4].layer_base = 1, stages, verify_plan, "@stage_begins_early@")                  \
    X(rank_begins_late, plan->ranks[6].layer_base = 3, stages, verify_plan, "@rank_begins_late@")                      \
    X(layers_missing, both(plan, model_layers, 5), stages, verify_plan, "@layers_missing@")                            \
    X(next_off, plan->ranks[1].next = 6, rank, verify_plan, "@next_off@")                                              \
    X(previous_lost, plan->ranks[5].previous = -1, rank, verify_plan, "@previous_lost@")                               \
    X(role_off, plan->classes[0].last_stage = true, stages, verify_plan, "@role_off@")                                 \
    X(grid_of_class_off, plan->classes[1].shape.ep = 4, grid, verify_plan, "@grid_of_class_off@")                      \
    X(member_off, plan->ranks[6].tp_group = wrong_group, rank, verify_plan, "@member_off@")                            \
    X(members_reversed, plan->ranks[3].ep_group = reversed_group, rank, verify_plan, "@members_reversed@")

#define SIZES_FAULTS(X)                                                                                                \
    X(classes_differ, plan->classes[1].shape.hidden = 64, model, verify_plan, "@classes_differ@")                      \
    X(epsilon_differs, plan->classes[1].rms_epsilon = "1e-06", model, verify_plan, "@epsilon_differs@")                \
    X(vocabulary_uncovered, both(plan, vocabulary_slice, 24), grid, verify_plan, "@vocabulary_uncovered@")             \
    X(heads_unshared, both(plan, heads, 3); both(plan, kv_heads, 2), grid, verify_plan, "@heads_unshared@")            \
    X(head_odd, both(plan, head_dim, 7), model, verify_plan, "@head_odd@")

#define PLACEMENT_FAULTS(X)                                                                                            \
    X(expert_elsewhere, plan->placement.home[5] = 0, experts, verify_plan, "@expert_elsewhere@")                       \
    X(expert_nowhere, plan->placement.home[5] = 2, experts, verify_plan, "@expert_nowhere@")                           \
    X(slot_beyond, plan->placement.slot[5] = 4, experts, verify_plan, "@slot_beyond@")                                 \
    X(slot_empty, plan->placement.held[3] = -1, experts, verify_plan, "@slot_empty@")                                  \
    X(held_twice, plan->placement.held[1] = 0, experts, verify_plan, "@held_twice@")                                   \
    X(expert_unknown, plan->placement.held[1] = SAMPLE_EXPERTS, experts, verify_plan, "@expert_unknown@")              \
    X(slots_differ, plan->placement.expert_slots = 3, experts, verify_plan, "@slots_differ@")

FORM_FAULTS(FAULT_FUNCTION)
RANKS_FAULTS(FAULT_FUNCTION)
SIZES_FAULTS(FAULT_FUNCTION)
PLACEMENT_FAULTS(FAULT_FUNCTION)

static const struct fault faults[] = {FORM_FAULTS(FAULT_ROW) RANKS_FAULTS(FAULT_ROW) SIZES_FAULTS(FAULT_ROW)
                                          PLACEMENT_FAULTS(FAULT_ROW)};

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

int main(void)
{
    Suite *suite = suite_create("verify");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, fault, 0, FAULT_COUNT);
    tcase_add_loop_test(tests, sound_grid, 0, GRIDS);
    tcase_add_loop_test(tests, sound_variety, 0, VARIETIES);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
