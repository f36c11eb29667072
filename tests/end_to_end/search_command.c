/* `rankc search`: what it writes is what check accepts, and what it cannot do it says. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL TEST_SOURCE_DIR "/models/shakespeare-moe"

static json_t *member(const json_t *json, const char *name)
{
    json_t *value = json_object_get(json, name);
    ck_assert_msg(value != NULL, "no \"%s\"", name);
    return value;
}

/* Every member of the Pareto set is a file; rankc check accepts it, and its ledger is what the search said. */
START_TEST(written_strategies_are_accepted)
{
    char folder[PATH_ROOM], path[PATH_ROOM + 64];
    path_in_folder(folder, "found");
    json_t *found = rankc_json((const char *const[]){"search", MODEL, "--ranks", "6", "--memory", "64 MiB",
                                                     "--hardware", "h100-sxm", "--json", "-o", folder, NULL});
    const json_t *best = member(found, "best");
    ck_assert_uint_gt(json_array_size(best), 1);
    for (size_t i = 0; i < json_array_size(best); i++) {
        const json_t *one = json_array_get(best, i);
        snprintf(path, sizeof path, "%s/%s.lua", folder, json_string_value(member(one, "name")));
        struct outcome checked = RANKC("check", path);
        expect_outcome(&checked, 0, (const char *const[]){NULL});
        json_t *plan = rankc_json((const char *const[]){"plan", path, "--json", NULL});
        json_int_t most = 0;
        size_t index;
        json_t *class;
        json_array_foreach(member(plan, "classes"), index, class)
        {
            json_int_t bytes = json_integer_value(member(class, "ledger_bytes"));
            most = bytes > most ? bytes : most;
        }
        ck_assert_int_eq(most, json_integer_value(member(one, "memory_bytes")));
        json_decref(plan);
    }
    json_decref(found);
}
END_TEST

/* A written strategy, searched again with its own ranks and memory, stands where the search put it. */
START_TEST(a_written_strategy_stands_where_it_was_found)
{
    char folder[PATH_ROOM], path[PATH_ROOM + 64];
    path_in_folder(folder, "again");
    json_t *found =
        rankc_json((const char *const[]){"search", "--model", MODEL "/config.json", "--ranks", "4", "--memory",
                                         "64 MiB", "--hardware", "h100-sxm", "--json", "-o", folder, NULL});
    const json_t *first = json_array_get(member(found, "best"), 0);
    snprintf(path, sizeof path, "%s/%s.lua", folder, json_string_value(member(first, "name")));
    json_t *again = rankc_json((const char *const[]){"search", path, "--json", NULL}), *own = member(again, "own");
    ck_assert_int_eq(json_integer_value(member(own, "rank_by_throughput")), 1);
    ck_assert(json_equal(member(own, "ttft_s"), member(first, "ttft_s")));
    ck_assert(json_equal(member(own, "decode"), member(first, "decode")));
    ck_assert_ptr_null(json_object_get(own, "beaten_by"));
    json_decref(again);
    json_decref(found);
}
END_TEST

START_TEST(goals_leave_only_what_meets_them)
{
    json_t *all = rankc_json((const char *const[]){"search", MODEL, "--ranks", "4", "--memory", "64 MiB", "--hardware",
                                                   "h100-sxm", "--json", NULL});
    const json_t *best = member(all, "best"), *last = json_array_get(best, json_array_size(best) - 1);
    char goal[64];
    double tokens = json_real_value(member(member(last, "decode"), "tokens_per_s_per_rank"));
    snprintf(goal, sizeof goal, "throughput=%.3ftokens/s/gpu", tokens + 1);
    json_t *some = rankc_json((const char *const[]){"search", MODEL, "--ranks", "4", "--memory", "64 MiB", "--hardware",
                                                    "h100-sxm", "--json", "--require", goal, NULL});
    size_t index, meeting = 0;
    json_t *one;
    json_array_foreach(member(some, "best"), index, one) meeting += json_is_true(member(one, "meets_goals"));
    ck_assert_uint_eq(json_array_size(member(some, "best")), json_array_size(best));
    ck_assert_uint_lt(meeting, json_array_size(best));
    ck_assert_uint_gt(meeting, 0);
    json_decref(some);
    json_decref(all);
}
END_TEST

START_TEST(the_table_is_for_people)
{
    struct outcome found = RANKC("search", TEST_SOURCE_DIR "/strategies/demo-8.lua", "--hardware", "h100-sxm");
    static const char *const words[] = {"demo-8 on 8 ranks of h100-sxm, 2 GiB each",
                                        "Held constant: 16 sequences of 512",
                                        "20 grids",
                                        "decode/s/rank",
                                        "headroom",
                                        "demo-8 as it is, dp 1 pp 2 ep 2 tp 2",
                                        "by throughput"};
    ck_assert_int_eq(found.status, 0);
    for (size_t i = 0; i < COUNT(words); i++)
        ck_assert_msg(strstr(found.out, words[i]) != NULL, "no \"%s\" in:\n%s", words[i], found.out);
    outcome_free(&found);
}
END_TEST

/* ---- refusals */

static const struct refusal_case {
    int status;
    const char *arguments[12], *words[4];
} refusals[] = {
    {2, {"search"}, {"MODEL is missing"}},
    {2, {"search", MODEL, "--memory", "1 GiB", "--hardware", "h100-sxm"}, {"--ranks N is missing"}},
    {2, {"search", MODEL, "--ranks", "4", "--hardware", "h100-sxm"}, {"--memory M is missing"}},
    {2, {"search", MODEL, "--model", MODEL, "--ranks", "4", "--memory", "1 GiB"}, {"two models are given"}},
    {1, {"search", MODEL, "--ranks", "4", "--memory", "1 GiB"}, {"nothing is known about the hardware", "--hardware"}},
    {1, {"search", MODEL, "--ranks", "4", "--memory", "1 GiB", "--hardware", "h100-sxn"}, {"h100-sxm"}},
    {1, {"search", MODEL, "--ranks", "4", "--memory", "1 gib", "--hardware", "h100-sxm"}, {"--memory \"1 gib\""}},
    {1, {"search", MODEL, "--ranks", "4", "--memory", "1 TiB", "--hardware", "h100-sxm"}, {"1099.5 GB", "80.0 GB"}},
    {1,
     {"search", MODEL, "--ranks", "4", "--memory", "1 GiB", "--hardware", "h100-sxm", "--require", "ttft=fast"},
     {"--require \"ttft=fast\" is no goal"}},
    {1,
     {"search", MODEL, "--ranks", "4", "--memory", "1 GiB", "--hardware", "h100-sxm", "--require", "speed=1s"},
     {"--require \"speed=1s\" is no goal"}},
    {1,
     {"search", MODEL, "--ranks", "4", "--memory", "1 GiB", "--hardware", "h100-sxm", "--require", "ttft=1us"},
     {"no split of 4 ranks meets", "the best ttft is"}},
    {1,
     {"search", MODEL, "--ranks", "4", "--memory", "1 MiB", "--hardware", "h100-sxm"},
     {"none of 52 candidates fits into 1 MiB", "which lacks", "give more --memory"}},
    {1,
     {"search", MODEL, "--ranks", "97", "--memory", "1 GiB", "--hardware", "h100-sxm", "--sequences", "8"},
     {"no grid of 97 ranks splits this model", "dp x ep does not divide the sequences"}},
    {1,
     {"search", MODEL, "--ranks", "4", "--memory", "1 GiB", "--hardware", "h100-sxm", "--routing", "zipf:-1"},
     {"zipf:1.1"}},
    {1, {"search", "/nowhere", "--ranks", "4", "--memory", "1 GiB", "--hardware", "h100-sxm"}, {"/nowhere"}},
};

START_TEST(refusals_say_what_to_do)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct outcome outcome = run_program(RANKC_BINARY, refusals[i].arguments);
        ck_assert_str_eq(outcome.out, "");
        expect_outcome(&outcome, refusals[i].status, refusals[i].words);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {written_strategies_are_accepted, a_written_strategy_stands_where_it_was_found,
                                  goals_leave_only_what_meets_them, the_table_is_for_people, refusals_say_what_to_do};
    return run_suite("search_command", tests, COUNT(tests));
}
