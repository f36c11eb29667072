/* rankc audit as it is called: false claims are findings, refused strategies are errors. */
#include "support.h"

#include <stdio.h>
#include <string.h>

static char path[PATH_ROOM];

static void claim(const char *claims)
{
    char keys[512];
    snprintf(keys, sizeof keys, "grid = { tp = 4 }, batch = { context = 64 }, claims = { %s },", claims);
    write_strategy(path, "claims", TEST_SOURCE_DIR "/models/shakespeare-moe", keys);
}

START_TEST(false_claims_are_findings)
{
    claim("gpus = '5', layers = '16'");
    struct outcome outcome = RANKC("audit", path);
    ck_assert_int_eq(outcome.status, 0);
    ck_assert_str_eq(outcome.error, "");
    ck_assert_ptr_nonnull(strstr(outcome.out, "2 claims: 1 holds, 1 false, 0 unsupported, 0 that depend"));
    outcome_free(&outcome);
    json_t *audit = rankc_json((const char *const[]){"audit", path, "--json", NULL});
    json_t *first = json_array_get(json_object_get(audit, "claims"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(first, "claim")), "gpus");
    ck_assert_str_eq(json_string_value(json_object_get(first, "verdict")), "false");
    json_decref(audit);
}
END_TEST

START_TEST(a_strategy_without_claims_has_nothing_to_find)
{
    write_strategy(path, "silent", TEST_SOURCE_DIR "/models/shakespeare-moe", "grid = { tp = 2 },");
    struct outcome outcome = RANKC("audit", path);
    ck_assert_int_eq(outcome.status, 0);
    ck_assert_ptr_nonnull(strstr(outcome.out, "0 claims"));
    outcome_free(&outcome);
}
END_TEST

/* Half the hidden size has two heads, which four tp ranks cannot split. */
START_TEST(an_alternative_that_cannot_be_planned_is_refused)
{
    claim("kv_per_gpu = '1 GB', assume = { hidden_size = { 128, 64 } }");
    struct outcome outcome = RANKC("audit", path);
    expect_outcome(&outcome, 1,
                   (const char *const[]){"claims.lua:4: error: hidden_size 64", "cannot be planned", NULL});
}
END_TEST

START_TEST(help_lists_what_can_be_claimed_and_assumed)
{
    struct outcome outcome = RANKC("audit", "--help");
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    outcome = RANKC("audit", "--help");
    ck_assert_ptr_nonnull(strstr(outcome.out, "  weights_per_gpu: weights of the fullest GPU\n"));
    ck_assert_ptr_nonnull(strstr(outcome.out, "  top_k: experts of a token\n"));
    outcome_free(&outcome);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {false_claims_are_findings, a_strategy_without_claims_has_nothing_to_find,
                                  an_alternative_that_cannot_be_planned_is_refused,
                                  help_lists_what_can_be_claimed_and_assumed};
    return run_suite("audit-command", tests, COUNT(tests));
}
