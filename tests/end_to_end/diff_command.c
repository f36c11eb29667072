/* rankc diff: strategies and folders, its forms, and what it refuses. */
#include "support.h"

#include <string.h>

#define OLD "tests/cases/diff/spread-experts.old.lua"
#define NEW "tests/cases/diff/spread-experts.new.lua"

START_TEST(a_strategy_and_its_sources_are_one_plan)
{
    struct outcome outcome = RANKC("diff", "strategies/demo-8.lua", "generated/demo-8");
    ck_assert_int_eq(outcome.status, 0);
    ck_assert_msg(strncmp(outcome.out, "The plans are identical: ", 25) == 0, "%s", outcome.out);
    ck_assert_ptr_eq(strchr(outcome.out, '\n') + 1, outcome.out + strlen(outcome.out));
    outcome_free(&outcome);
}
END_TEST

/* What a folder does not say is which line of a strategy a figure is from; all else is read back. */
START_TEST(folders_say_all_but_the_strategy)
{
    static const char *const keys[] = {"changes", "ranks", "fetch", "groups", "classes"};
    char folder[PATH_ROOM];
    path_in_folder(folder, "old");
    struct outcome outcome = RANKC("gen", OLD, "-o", folder);
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    json_t *strategies = rankc_json((const char *const[]){"diff", OLD, NEW, "--json", NULL});
    json_t *mixed = rankc_json((const char *const[]){"diff", folder, NEW, "--json", NULL});
    for (size_t i = 0; i < COUNT(keys); i++)
        ck_assert_msg(json_equal(json_object_get(strategies, keys[i]), json_object_get(mixed, keys[i])),
                      "%s differ between a strategy and its sources", keys[i]);
    ck_assert(json_is_array(json_object_get(strategies, "keys")));
    ck_assert(json_is_null(json_object_get(mixed, "keys")));
    ck_assert(json_is_null(json_object_get(mixed, "times")));
    ck_assert(json_is_string(json_object_get(mixed, "no_times")));
    json_decref(strategies);
    json_decref(mixed);
}
END_TEST

START_TEST(what_is_refused_prints_no_report)
{
    static const struct {
        const char *arguments[6];
        int status;
        const char *words;
    } cases[] = {
        {{"diff", OLD, "tests/cases/refused/grid-huge.lua"}, 1, "grid-huge.lua:"},
        {{"diff", "nowhere.lua", NEW}, 1, "nowhere.lua: error: cannot be opened"},
        {{"diff", "strategies", NEW}, 1, "strategies/MANIFEST"},
        {{"diff", OLD}, 2, "OLD NEW"},
        {{"diff", OLD, NEW, "--json", "--markdown"}, 2, "choose one"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct outcome outcome = run_program(RANKC_BINARY, cases[i].arguments);
        ck_assert_str_eq(outcome.out, "");
        expect_outcome(&outcome, cases[i].status, (const char *const[]){cases[i].words, NULL});
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_strategy_and_its_sources_are_one_plan, folders_say_all_but_the_strategy,
                                  what_is_refused_prints_no_report};
    return run_suite("diff_command", tests, COUNT(tests));
}
