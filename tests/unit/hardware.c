/* Descriptions of hardware: what they come to mean, where they are found, and that plans do not depend on them. What
 * they are refused for is in tests/cases/refused/hardware-*. */
#include "base/file.h"
#include "plan/make.h"
#include "read/hardware_file.h"
#include "read/strategy.h"

#include "run_case.h"

#include <check.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct pool pool;
static struct strategy strategy;
static struct error error;
static char folder[32];

static void make_folder(void)
{
    strcpy(folder, "/tmp/rankc-hardware-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("RANKC_CACHE", folder, 1);
    error = (struct error){0};
}

static void remove_folder(void)
{
    static const char *const names[] = {"test.lua", "mine.lua", "this-machine.lua"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
    pool_free(&pool);
}

static void write_text(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert(file_write(path, text, strlen(text), 0644, &error));
}

/* Reads a strategy of the tiny model with these further keys, the first of which is on line 2. */
static bool read_keys(const char *keys)
{
    char text[2048], path[128];
    snprintf(text, sizeof text, "return strategy { model = hf '%s/tests/models/tiny-mixtral',\n%s }", TEST_SOURCE_DIR,
             keys);
    write_text("test.lua", text);
    snprintf(path, sizeof path, "%s/test.lua", folder);
    return strategy_read(path, NULL, &pool, &strategy, &error);
}

#define CHECK_READ(right) ck_assert_msg(right, "%s:%d: %s", error.file, error.line, error.text)

#define RATES                                                                                                          \
    " source = 'a test', memory = { size = '80 GB', bandwidth = { peak = '3 TB/s', sustained = '2.5 TB/s' } },\n"      \
    " flops = { bf16 = { peak = '900 TFLOP/s' }, f32 = { sustained = '60 TFLOP/s' } },\n"
#define LINKS                                                                                                          \
    " links = { { name = 'node', ranks = 2, bandwidth = '450 GB/s', latency = '2 us' },\n"                             \
    "  { name = 'cluster', bandwidth = { peak = '400 Gbit/s' }, latency = '5 us' } },\n"

/* ---- meaning */

static bool is_near(double left, double right)
{
    return left > right * (1 - 1e-12) && left < right * (1 + 1e-12);
}

static void expect_description(const struct hardware *hardware, int first_line)
{
    ck_assert_str_eq(hardware->source, "a test");
    ck_assert_int_eq(hardware->line, first_line);
    ck_assert_uint_eq(hardware->memory_bytes, 80000000000);
    ck_assert(hardware->memory.peak == 3e12 && hardware->memory.sustained == 2.5e12);
    ck_assert(is_near(hardware->flops[DTYPE_BF16].sustained, 720e12) && hardware->flops[DTYPE_BF16].peak == 900e12);
    ck_assert(hardware->flops[DTYPE_F32].sustained == 60e12 && hardware->flops[DTYPE_F32].peak == 0);
    ck_assert_int_eq(hardware->link_count, 2);
    ck_assert_str_eq(hardware->links[0].name, "node");
    ck_assert_int_eq(hardware->links[0].ranks, 2);
    ck_assert_int_eq(hardware->links[0].line, first_line + 3);
    ck_assert_int_eq(hardware->links[1].ranks, INT_MAX);
    ck_assert_int_eq(hardware->links[1].line, first_line + 4);
    ck_assert(hardware->links[0].bandwidth == 450e9 && is_near(hardware->links[1].bandwidth, 40e9));
    ck_assert(is_near(hardware->links[1].latency_s, 5e-6) && is_near(hardware->op_overhead_s, 3e-6));
    ck_assert_int_eq(hardware->processors, 4);
    ck_assert_ptr_null(hardware->calibrated);
}

/* What hardware has to suit. */
static const struct strategy bf16 = {.target.device = "cpu", .dtype.weights = DTYPE_BF16},
                             f32 = {.target.device = "cpu", .dtype.weights = DTYPE_F32};

START_TEST(takes_a_table_in_the_strategy)
{
    CHECK_READ(read_keys("grid = { pp = 2, tp = 2 }, target = { hardware = {\n" RATES LINKS
                         " op_overhead = '3 us', processors = 4 } }"));
    expect_description(strategy.hardware, 2);
    ck_assert(strategy.hardware->inline_table);
    ck_assert_str_eq(strategy.hardware->path, strategy.path);
}
END_TEST

START_TEST(takes_a_file_beside_the_strategy)
{
    write_text("mine.lua", "return hardware {\n" RATES LINKS " op_overhead = '3 us', processors = 4 }");
    CHECK_READ(read_keys("grid = { pp = 2, tp = 2 }, target = { hardware = 'mine.lua' }"));
    expect_description(strategy.hardware, 1);
    ck_assert(!strategy.hardware->inline_table);
    ck_assert_str_eq(strategy.hardware->name, "mine");
    const struct hardware *again;
    CHECK_READ(hardware_read("mine.lua", strategy.path, &pool, &again, &error));
    expect_description(again, 1);
}
END_TEST

START_TEST(takes_what_was_calibrated_where_there_is_any)
{
    const struct hardware *hardware;
    CHECK_READ(read_keys("grid = { tp = 2 }, target = { hardware = 'this-machine' }"));
    ck_assert_ptr_null(strategy.hardware);
    ck_assert(!hardware_read("this-machine", NULL, &pool, &hardware, &error));
    ck_assert_str_eq(error.text, "this machine has not been calibrated; run rankc calibrate");
    write_text("this-machine.lua", "return hardware {\n" RATES LINKS " op_overhead = '3 us', processors = 4 }");
    CHECK_READ(read_keys("grid = { tp = 2 }, target = { hardware = 'this-machine' }")); /* and has an unused level */
    expect_description(strategy.hardware, 1);
    ck_assert_str_eq(strategy.hardware->name, "this-machine");
    CHECK_READ(hardware_read("this-machine", NULL, &pool, &hardware, &error));
    expect_description(hardware, 1);
}
END_TEST

START_TEST(plans_do_not_depend_on_it)
{
    static const char *const keys[] = {"name = 'same', grid = { pp = 2, tp = 2 }, target = { hardware = 'b200' }",
                                       "name = 'same', grid = { pp = 2, tp = 2 }, target = { hardware = {" RATES LINKS
                                       " } }",
                                       "name = 'same', grid = { pp = 2, tp = 2 }"};
    char first[65] = "";
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct plan plan;
        CHECK_READ(read_keys(keys[i]));
        CHECK_READ(plan_make(&strategy, &plan, &error));
        if (i == 0)
            memcpy(first, plan.hash, sizeof first);
        ck_assert_str_eq(plan.hash, first);
        plan_free(&plan);
    }
}
END_TEST

/* ---- which levels are used */

START_TEST(levels_are_used_by_any_group)
{
    static const char *const grids[] = {
        "grid = { pp = 2, tp = 2 }", /* stages over the outer level */
        "grid = { ep = 4 }",         /* one group over both */
        "grid = { ep = 4 }, rank = function(c) return ({ 0, 2, 1, 3 })[c.ep + 1] end",
        "grid = { pp = 4 }", /* neighbours over both in turn */
        "grid = { dp = 2, ep = 2, tp = 2 }, rank = function(c) return c.dp*4 + c.tp*2 + c.ep end"};
    char keys[1024];
    for (size_t i = 0; i < sizeof grids / sizeof *grids; i++) {
        snprintf(keys, sizeof keys, "%s, target = { hardware = {%s%s } }", grids[i], RATES, LINKS);
        CHECK_READ(read_keys(keys));
    }
}
END_TEST

START_TEST(stages_talk_only_to_their_neighbours)
{
    /* Stages 0 1 2 3 are on ranks 0 2 1 3: every step of the pipeline leaves the node. */
    ck_assert(!read_keys("grid = { pp = 4 }, rank = function(c) return ({ 0, 2, 1, 3 })[c.pp + 1] end,\n"
                         " target = { hardware = {\n" RATES LINKS " } }"));
    ck_assert_ptr_nonnull(strstr(error.text, "meet at link level \"node\""));
    ck_assert_int_eq(error.line, 6);
}
END_TEST

/* ---- presets */

START_TEST(every_preset_can_be_read)
{
    glob_t presets;
    ck_assert_int_eq(glob("strategies/hardware/*.lua", 0, NULL, &presets), 0);
    ck_assert_uint_ge(presets.gl_pathc, 10);
    for (size_t i = 0; i < presets.gl_pathc; i++) {
        char name[64];
        const struct hardware *hardware;
        snprintf(name, sizeof name, "%s", strrchr(presets.gl_pathv[i], '/') + 1);
        *strchr(name, '.') = '\0';
        CHECK_READ(hardware_read(name, NULL, &pool, &hardware, &error));
        CHECK_READ(hardware_suits(hardware, &bf16, 65536, &error));
        ck_assert_str_eq(hardware->name, name);
        ck_assert_msg(strstr(hardware->source, "(20") != NULL, "%s: a source has a year", name);
        ck_assert_msg(hardware->flops[DTYPE_BF16].peak > 0 && hardware->memory.peak > 0, "%s", name);
        ck_assert_msg(hardware->links[0].bandwidth > hardware->links[1].bandwidth, "%s", name);
        ck_assert_msg(hardware->links[0].latency_s < hardware->links[1].latency_s, "%s", name);
    }
    globfree(&presets);
}
END_TEST

START_TEST(the_h100_is_what_its_data_sheet_says)
{
    const struct hardware *hardware;
    CHECK_READ(hardware_read("h100-sxm", NULL, &pool, &hardware, &error));
    ck_assert_uint_eq(hardware->memory_bytes, 80000000000);
    ck_assert(hardware->memory.peak == 3.35e12);
    ck_assert(hardware->flops[DTYPE_BF16].peak == 989e12 && hardware->flops[DTYPE_F32].peak == 67e12);
    ck_assert_int_eq(hardware->links[0].ranks, 8);
    ck_assert(is_near(hardware->links[0].bandwidth, 0.8 * 450e9) && is_near(hardware->links[1].bandwidth, 0.8 * 50e9));
}
END_TEST

START_TEST(says_what_a_command_asked_for_and_cannot_have)
{
    const struct hardware *hardware;
    ck_assert(!hardware_read("h100-smx", NULL, &pool, &hardware, &error));
    ck_assert_str_eq(error.text, "--hardware \"h100-smx\" is unknown; did you mean \"h100-sxm\"?");
    ck_assert_ptr_null(hardware);
    ck_assert(!hardware_read("nowhere.lua", NULL, &pool, &hardware, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "--hardware \"nowhere.lua\" cannot be read"));
    CHECK_READ(hardware_read("tpu-v5p", NULL, &pool, &hardware, &error));
    ck_assert(!hardware_suits(hardware, &f32, 1, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "tpu-v5p states no flops of f32"));
    write_text("mine.lua", "return hardware {\n" RATES " }");
    char path[128];
    snprintf(path, sizeof path, "%s/mine.lua", folder);
    CHECK_READ(hardware_read(path, NULL, &pool, &hardware, &error));
    ck_assert(hardware_suits(hardware, &f32, 1, &error));
    ck_assert(!hardware_suits(hardware, &f32, 2, &error));
    ck_assert_str_eq(error.text, "mine has no links for 2 ranks; add links = { ... }");
    const struct strategy gpus = {.target.device = "cuda", .dtype.weights = DTYPE_BF16};
    const struct hardware machine = {.name = "this-machine", .processors = 4, .flops = {{1, 1}, {1, 1}}};
    ck_assert(!hardware_suits(&machine, &gpus, 1, &error));
    ck_assert_str_eq(error.text, "this-machine describes processors, but target.device is \"cuda\"; use a GPU's "
                                 "figures, such as h100-sxm");
}
END_TEST

int main(void)
{
    if (chdir(TEST_SOURCE_DIR) != 0)
        return EXIT_FAILURE;
    TCase *tests = tcase_create("hardware");
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, takes_a_table_in_the_strategy);
    tcase_add_test(tests, takes_a_file_beside_the_strategy);
    tcase_add_test(tests, takes_what_was_calibrated_where_there_is_any);
    tcase_add_test(tests, plans_do_not_depend_on_it);
    tcase_add_test(tests, levels_are_used_by_any_group);
    tcase_add_test(tests, stages_talk_only_to_their_neighbours);
    tcase_add_test(tests, every_preset_can_be_read);
    tcase_add_test(tests, the_h100_is_what_its_data_sheet_says);
    tcase_add_test(tests, says_what_a_command_asked_for_and_cannot_have);
    return run_case("hardware", tests);
}
