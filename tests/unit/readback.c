/* Plans read back from their sources; and sources that were edited, with and without a MANIFEST that agrees. */
#include "verify/readback.h"
#include "base/file.h"
#include "emit/sources.h"
#include "read/strategy.h"
#include "verify_sample.h"

#include <unistd.h>

#include "run_case.h"

#ifndef TEST_SOURCE_DIR
#define TEST_SOURCE_DIR "."
#endif

enum { MOST_BYTES = 64 << 20, PATH_ROOM = 512 };

static char folder[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/rankc-readback-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

/* ---- plans come back as they were */

static void expect_same(const struct plan *plan)
{
    struct error error = {0};
    struct plan found;
    ck_assert_msg(emit_sources(plan, NULL, folder, &error), "%s: %s", error.file, error.text);
    ck_assert_msg(read_back(folder, &found, &error), "%s:%d: %s", error.file, error.line, error.text);
    struct text wanted = {0}, got = {0};
    plan_canonical(plan, &wanted);
    plan_canonical(&found, &got);
    ck_assert_str_eq(got.bytes, wanted.bytes);
    size_t held = (size_t)plan->placement.rows * plan->grid[AXIS_EP] * plan->placement.expert_slots;
    ck_assert_mem_eq(found.placement.held, plan->placement.held, held * sizeof(int));
    for (int i = 0; i < plan->class_count; i++) {
        ck_assert_int_eq(found.classes[i].first_stage, plan->classes[i].first_stage);
        ck_assert_int_eq(found.classes[i].last_stage, plan->classes[i].last_stage);
    }
    ck_assert_msg(verify_plan(&found, &error), "%s", error.text);
    ck_assert_msg(verify_sources(plan, folder, &error), "%s", error.text);
    text_free(&wanted);
    text_free(&got);
    plan_free(&found);
}

static const char *const strategies[] = {"demo-8", "single", "moe10b-256", "shakespeare-256"};

START_TEST(strategies_come_back)
{
    char path[PATH_ROOM];
    struct pool pool = {0};
    struct strategy strategy;
    struct plan plan;
    struct error error = {0};
    snprintf(path, sizeof path, "%s/strategies/%s.lua", TEST_SOURCE_DIR, strategies[_i]);
    ck_assert_msg(strategy_read(path, NULL, &pool, &strategy, &error), "%s: %s", error.file, error.text);
    ck_assert_msg(plan_make(&strategy, &plan, &error), "%s", error.text);
    expect_same(&plan);
    plan_free(&plan);
    pool_free(&pool);
}
END_TEST

static const int grids[][AXES] = {{1, 1, 1, 1}, {2, 1, 1, 1}, {1, 1, 2, 1}, {1, 1, 1, 2}, {1, 4, 1, 1},
                                  {1, 2, 4, 1}, {2, 1, 1, 2}, {1, 3, 2, 2}, {2, 2, 2, 2}};

START_TEST(grids_come_back)
{
    const int *grid = grids[_i];
    for (int micro_batches = 1; micro_batches <= MAX_MICRO_BATCHES; micro_batches += 7) {
        struct sample sample;
        sample_strategy(&sample, grid[0], grid[1], grid[2], grid[3], 12);
        sample.strategy.batch.micro_batches = micro_batches;
        sample.strategy.batch.sequences = sample.strategy.batch.prefill_rows = sample.strategy.batch.logit_rows = 16;
        sample.strategy.dtype.weights = micro_batches == 1 ? DTYPE_F32 : DTYPE_BF16;
        sample.strategy.capacity_factor = micro_batches == 1 ? 1.25 : 0;
        sample.strategy.model.rope_theta = micro_batches == 1 ? 500000 : 1e15;
        sample.strategy.model.stop_token_count = 2;
        sample.strategy.model.stop_tokens[1] = 7;
        ck_assert_msg(sample_plan(&sample), "%s", sample.error.text);
        expect_same(&sample.plan);
        sample_free(&sample);
    }
}
END_TEST

/* Layers that are placed differently, experts with replicas, stages of several sizes. */
START_TEST(placements_come_back)
{
    struct sample sample;
    sample_strategy(&sample, 1, 4, 4, 1, 12);
    struct strategy *strategy = &sample.strategy;
    const int layers[] = {3, 2, 4, 3};
    memcpy(strategy->stage_layers, layers, sizeof layers);
    free(strategy->holders);
    strategy->holder_room = 2;
    strategy->holders = calloc(12 * SAMPLE_EXPERTS * 2, sizeof(int));
    for (int i = 0; i < 12 * SAMPLE_EXPERTS; i++) {
        strategy->holders[2 * i] = (i + i / SAMPLE_EXPERTS) % 4;
        strategy->holders[2 * i + 1] = i % SAMPLE_EXPERTS < 2 ? (i + i / SAMPLE_EXPERTS + 1) % 4 : -1;
    }
    ck_assert_msg(sample_plan(&sample), "%s", sample.error.text);
    ck_assert_int_gt(sample.plan.class_count, 3);
    expect_same(&sample.plan);
    sample_free(&sample);
}
END_TEST

/* ---- edits */

static void path_of(const char *name, char *path)
{
    struct error error;
    ck_assert(path_join(path, PATH_ROOM, folder, name, &error));
}

static void load(const char *name, struct text *text)
{
    char path[PATH_ROOM];
    struct error error;
    *text = (struct text){0};
    path_of(name, path);
    ck_assert(file_read(path, MOST_BYTES, text, &error));
}

static void store(const char *name, const char *bytes, size_t length)
{
    char path[PATH_ROOM];
    struct error error;
    path_of(name, path);
    ck_assert(file_write(path, bytes, length, 0644, &error));
}

/* Makes MANIFEST agree with what the file holds now. */
static void vouch_for(const char *name)
{
    struct text manifest, file;
    char hash[SHA256_TEXT], line[PATH_ROOM];
    load("MANIFEST", &manifest);
    load(name, &file);
    sha256_text(file.bytes, file.length, hash);
    snprintf(line, sizeof line, "  %s\n", name);
    char *at = strstr(manifest.bytes, line);
    ck_assert_ptr_nonnull(at);
    memcpy(at - 64, hash, 64);
    store("MANIFEST", manifest.bytes, manifest.length);
    text_free(&manifest);
    text_free(&file);
}

/* Puts `new` where `old` first is. */
static void replace(const char *name, const char *old, const char *new)
{
    struct text text, edited = {0};
    load(name, &text);
    const char *at = strstr(text.bytes, old);
    ck_assert_msg(at != NULL, "%s has no %s", name, old);
    text_add(&edited, text.bytes, (size_t)(at - text.bytes));
    text_add(&edited, new, strlen(new));
    text_add(&edited, at + strlen(old), strlen(at + strlen(old)));
    store(name, edited.bytes, edited.length);
    text_free(&text);
    text_free(&edited);
}

/* In place of a file, "" is the folder. */
static void expect_refusal(const char *file, const char *text)
{
    struct error error = {0};
    struct plan plan;
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s%s%s", folder, *file ? "/" : "", file);
    ck_assert_msg(!read_back(folder, &plan, &error), "%s was not noticed", text);
    ck_assert_str_eq(error.file, path);
    ck_assert_msg(strstr(error.text, text) != NULL, "%s:%d: %s; wanted: %s", path, error.line, error.text, text);
    plan_free(&plan);
}

static void emit_sample(void)
{
    struct sample sample;
    sample_strategy(&sample, 1, 2, 2, 2, 4);
    ck_assert(sample_plan(&sample));
    ck_assert_msg(emit_sources(&sample.plan, NULL, folder, &sample.error), "%s", sample.error.text);
    sample_free(&sample);
}

/* An edit of the sample's sources; where it is found out, and how, once MANIFEST vouches for it. */
struct edit {
    const char *name, *old, *new, *refused, *text;
};

static const struct edit edits[] = {
    {"first/schedule_prefill.c", "    embed_slice     (r, A);", "                           ",
     "first/schedule_prefill.c", "place in the"},
    {"first/schedule_decode.c", "route           (r, A, LAYER_0);", "route           (r, A, LAYER_1);", "MANIFEST",
     "changed by hand"},
    {"first/schedule_decode.c", "attention       (r, A, LAYER_0);", "abandon         (r, A, LAYER_0);",
     "first/schedule_decode.c", "is no op of this class"},
    {"first/class.h", "    HIDDEN = 32,", "    HIDDEN = 64,", "MANIFEST", "changed by hand"},
    {"first/class.h", "    HIDDEN = 32,", "    HIDDEN = -2,", "first/class.h", "is no number"},
    {"first/class.h", "    HIDDEN = 32,", "", "first/class.h", "has no constant HIDDEN"},
    {"first/memory.h", "    PARTIAL_A_FLAGS = ", "    PARTIAL_A_FLAGS = 1", "MANIFEST", "changed by hand"},
    {"first/memory.h", "    NEXT_STAGE_A_DATA = ", "    NEXT_STAGE_A_DATA = 1", "first/memory.h", "is not where class"},
    {"first/memory.h", "    RESIDUAL_A_OFFSET = ", "    ELSEWHERE_A_OFFSET = ", "first/memory.h",
     "is no buffer of a plan"},
    {"ranks.h", "RANK_MAGIC,    1,", "RANK_MAGIC,    2,", "MANIFEST", "changed by hand"},
    {"ranks.h", "    WORLD = 8,", "    WORLD = 9,", "ranks.h", "does not make this world"},
    {"ranks.h", "    CLASSES = 2,", "    CLASSES = 3,", "ranks.h", "does not make this world"},
    {"ranks.h", "CLASS_NAMES[CLASSES] = {", "CLASS_NAMES[CLASSES] = {}; {", "ranks.h", "a text is missing"},
    {"placement.c", "EXPERT_HOME[PLACEMENT_ROWS]", "EXPERT_AWAY[PLACEMENT_ROWS]", "placement.c",
     "has no \"EXPERT_HOME"},
};

/* ---- the cases */

START_TEST(edits_are_refused)
{
    const struct edit *edit = &edits[_i];
    emit_sample();
    replace(edit->name, edit->old, edit->new);
    expect_refusal(edit->name, "was changed after it was generated; generate it again");
    vouch_for(edit->name);
    expect_refusal(edit->refused, edit->text);
}
END_TEST

/* Nothing that a hand can cut off a file makes the reader crash or pass. */
START_TEST(truncated_files_are_refused)
{
    static const char *const names[] = {"ranks.h", "placement.c", "first/class.h", "last/memory.h",
                                        "first/schedule_prefill.c"};
    emit_sample();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct text text;
        load(names[i], &text);
        for (int eighth = 0; eighth < 8; eighth++) {
            struct error error = {0};
            struct plan plan;
            store(names[i], text.bytes, text.length * (size_t)eighth / 8);
            vouch_for(names[i]);
            ck_assert_msg(!read_back(folder, &plan, &error), "%s cut at %d/8 was not noticed", names[i], eighth);
            ck_assert_ptr_nonnull(error.file);
            plan_free(&plan);
        }
        store(names[i], text.bytes, text.length);
        vouch_for(names[i]);
        text_free(&text);
    }
}
END_TEST

/* What states no fact of the plan is compared with what the plan is emitted as. */
START_TEST(code_without_facts_is_compared)
{
    struct sample sample;
    sample_strategy(&sample, 1, 2, 2, 2, 4);
    ck_assert(sample_plan(&sample));
    ck_assert_msg(emit_sources(&sample.plan, NULL, folder, &sample.error), "%s", sample.error.text);
    sample_free(&sample);
    for (int pass = 0; pass < 2; pass++) {
        struct error error = {0};
        struct plan plan;
        ck_assert_msg(read_back(folder, &plan, &error), "%s: %s", error.file, error.text);
        ck_assert_int_eq(emitted_code_agrees(&plan, folder, &error), pass == 0);
        if (pass == 1) {
            ck_assert_msg(strstr(error.text, "is not what rankc emits for this plan") != NULL, "%s", error.text);
            ck_assert_int_gt(error.line, 1);
        }
        plan_free(&plan);
        if (pass == 0) {
            replace("first/comm.c", "rank_row.tp_group[i]", "rank_row.ep_group[i]");
            vouch_for("first/comm.c");
        }
    }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("readback");
    tcase_add_checked_fixture(cases, make_folder, remove_folder);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, strategies_come_back, 0, sizeof strategies / sizeof *strategies);
    tcase_add_loop_test(cases, grids_come_back, 0, sizeof grids / sizeof *grids);
    tcase_add_test(cases, placements_come_back);
    tcase_add_loop_test(cases, edits_are_refused, 0, sizeof edits / sizeof *edits);
    tcase_add_test(cases, truncated_files_are_refused);
    tcase_add_test(cases, code_without_facts_is_compared);
    return run_case("readback", cases);
}
