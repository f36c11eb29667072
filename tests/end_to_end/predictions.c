/* Predictions beside real runs: a simulation of the very steps of a run puts the same bytes into the same mailboxes,
 * whatever the split; and what is predicted answers the questions of the command line. How near times come is what
 * bench/predictions.c measures: nothing here depends on how fast anything is. */
#include "splittings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHAKESPEARE TEST_SOURCE_DIR "/models/shakespeare-moe"
#define SINGLE      TEST_SOURCE_DIR "/strategies/single.lua"
#define DEMO        TEST_SOURCE_DIR "/strategies/demo-8.lua"

static const char *const prompts[] = {"1,50,400,7,9", "2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24",
                                      "7", "30,31,32"};

static void expect_done(struct outcome *outcome)
{
    expect_outcome(outcome, 0, (const char *const[]){NULL});
}

/* Runs the strategy for real and then in simulation; expects every op of every rank to send what it really sent. */
static void expect_equal_bytes(const char *name, const char *strategy)
{
    char measured[PATH_ROOM], simulated[PATH_ROOM];
    path_in_folder(measured, "measured.json");
    path_in_folder(simulated, "simulated.json");
    struct outcome outcome =
        RANKC("run", strategy, "--trace", measured, "-n", "4", "--json", "--prompt-ids", prompts[0], "--prompt-ids",
              prompts[1], "--prompt-ids", prompts[2], "--prompt-ids", prompts[3]);
    expect_done(&outcome);
    outcome = RANKC("sim", strategy, "--hardware", "h100-sxm", "--like", measured, "-o", simulated);
    expect_done(&outcome);
    json_t *report = rankc_json((const char *const[]){"report", measured, simulated, "--json", NULL});
    const char *kind;
    json_t *bytes;
    uint64_t sum = 0;
    json_object_foreach(json_object_get(report, "bytes"), kind, bytes)
    {
        json_int_t counted = json_integer_value(json_object_get(bytes, "counted"));
        ck_assert_msg(counted == json_integer_value(json_object_get(bytes, "simulated")), "%s, %s: %lld counted", name,
                      kind, (long long)counted);
        sum += (uint64_t)counted;
    }
    ck_assert_msg(json_integer_value(json_object_get(report, "ops_with_other_bytes")) == 0, "%s", name);
    ck_assert_msg(sum > 0 || strcmp(name, "single") == 0 || strcmp(name, "dp-2") == 0, "%s sent nothing", name);
    json_decref(report);
}

START_TEST(bytes_are_equal_however_the_model_is_split)
{
    for (size_t i = 0; i < splitting_count; i++) {
        char strategy[PATH_ROOM];
        write_splitting(strategy, &splittings[i], SHAKESPEARE);
        expect_equal_bytes(splittings[i].name, strategy);
    }
}
END_TEST

START_TEST(the_workload_is_the_command_lines)
{
    json_t *sim = rankc_json((const char *const[]){"sim", SINGLE, "--hardware", "h100-sxm", "--json", "--sequences",
                                                   "3", "--prompt-tokens", "100", "--new-tokens", "7", NULL});
    const json_t *prefill = json_object_get(sim, "prefill"), *decode = json_object_get(sim, "decode");
    /* 300 prompt rows fit two steps of 256; then six more tokens for each sequence. */
    ck_assert_int_eq(json_integer_value(json_object_get(prefill, "steps")), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(decode, "steps")), 6);
    double ttft = json_number_value(json_object_get(sim, "ttft_s"));
    ck_assert_double_eq_tol(ttft, 2 * json_number_value(json_object_get(prefill, "step_s")), 1e-12);
    ck_assert_double_eq_tol(json_number_value(json_object_get(prefill, "tokens_per_s")), 300 / ttft, 1e-6 * 300 / ttft);
    double shares = 0;
    static const char *const names[] = {"compute_share", "communication_share", "exposed_share", "bubble_share"};
    for (size_t i = 0; i < COUNT(names); i++)
        shares += json_number_value(json_object_get(decode, names[i]));
    ck_assert_double_eq_tol(shares, 1, 1e-9);
    json_decref(sim);
}
END_TEST

/* Experts that all rows want make their rank the one that others wait for. */
START_TEST(uneven_routing_takes_longer)
{
    static const char *const routings[] = {"uniform", "zipf:2"};
    double step_s[2];
    for (size_t i = 0; i < COUNT(routings); i++) {
        json_t *sim = rankc_json(
            (const char *const[]){"sim", DEMO, "--hardware", "xeon-8480-2s", "--json", "--routing", routings[i], NULL});
        step_s[i] = json_number_value(json_object_get(json_object_get(sim, "prefill"), "step_s"));
        json_decref(sim);
    }
    ck_assert_double_gt(step_s[1], step_s[0]);
}
END_TEST

START_TEST(what_was_counted_can_be_the_routing)
{
    char load[PATH_ROOM];
    path_in_folder(load, "load.json");
    struct outcome outcome = RANKC("run", DEMO, "-n", "4", "--load", load, "--prompt-ids", prompts[1]);
    expect_done(&outcome);
    outcome = RANKC("sim", DEMO, "--hardware", "h100-sxm", "--routing", load);
    expect_done(&outcome);
    write_bytes(load, "{\"layers\": []}", 14);
    outcome = RANKC("sim", DEMO, "--hardware", "h100-sxm", "--routing", load);
    expect_outcome(&outcome, 1, (const char *const[]){"has 0 layers", NULL});
    outcome = RANKC("sim", TEST_SOURCE_DIR "/strategies/moe10b-256.lua", "--hardware", "h100-sxm", "--routing", DEMO);
    expect_outcome(&outcome, 1, (const char *const[]){"rankc run --load", NULL});
}
END_TEST

START_TEST(bad_questions_are_refused)
{
    static const struct {
        const char *option, *value, *words;
        int status;
    } cases[] = {
        {"--hardware", "h100-sxn", "h100-sxm", 1},      {"--routing", "zipf:", "exponent", 1},
        {"--routing", "zipf:-1", "exponent", 1},        {"--routing", "no-such-file.json", "no-such-file.json", 1},
        {"--sequences", "9", "batch.sequences", 1},     {"--prompt-tokens", "600", "context", 1},
        {"--prompt-tokens", "0", "--prompt-tokens", 2}, {"--like", "no-such-trace.json", "-o TRACE", 2},
        {"--new-tokens", "1.9", "whole number", 2},     {"--temperature", "1", "takes no --temperature", 2},
        {"-o", "/dev/null", "not a regular file", 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool own_hardware = strcmp(cases[i].option, "--hardware") == 0;
        struct outcome outcome =
            RANKC("sim", DEMO, cases[i].option, cases[i].value, own_hardware ? "--json" : "--hardware=h100-sxm");
        expect_outcome(&outcome, cases[i].status, (const char *const[]){cases[i].words, NULL});
    }
    struct outcome outcome = RANKC("sim", DEMO);
    expect_outcome(&outcome, 1, (const char *const[]){"rankc calibrate", NULL});
}
END_TEST

/* `require` is held against the prediction, at its line. */
START_TEST(requirements_are_checked)
{
    char strategy[PATH_ROOM];
    write_strategy(strategy, "hurried", SHAKESPEARE,
                   "  grid = { tp = 2 },\n  target = { hardware = \"h100-sxm\" },\n  require = { ttft = \"1 us\" },");
    struct outcome outcome = RANKC("check", strategy);
    expect_outcome(&outcome, 1,
                   (const char *const[]){"hurried.lua:6: error: the time to first token", "not 1e-06 s", NULL});
    write_strategy(strategy, "hurried", SHAKESPEARE,
                   "  grid = { tp = 2 },\n  target = { hardware = \"h100-sxm\" },\n"
                   "  require = { throughput = \"1000 tokens/ms/gpu\" },");
    outcome = RANKC("gen", strategy, "-o", "/nonexistent");
    expect_outcome(&outcome, 1, (const char *const[]){"hurried.lua:6: error: throughput is predicted", NULL});
    write_strategy(strategy, "patient", SHAKESPEARE,
                   "  grid = { tp = 2 },\n  target = { hardware = \"h100-sxm\" },\n"
                   "  require = { ttft = \"10 s\", throughput = \"1 tokens/s\" },");
    outcome = RANKC("check", strategy);
    expect_done(&outcome);
    write_strategy(strategy, "asked", SHAKESPEARE, "  grid = { tp = 2 },\n  require = { ttft = \"1 us\" },");
    outcome = RANKC("sim", strategy, "--hardware", "h100-sxm");
    expect_outcome(&outcome, 0, (const char *const[]){"asked.lua:5: warning: the time to first token", NULL});
    write_strategy(strategy, "anywhere", SHAKESPEARE, "  grid = { tp = 2 },\n  require = { ttft = \"10 s\" },");
    outcome = RANKC("check", strategy);
    expect_outcome(&outcome, 0, (const char *const[]){"anywhere.lua:5: warning: require is not checked", NULL});
}
END_TEST

/* What calibrate writes is a description that predictions take; the numbers are this machine's own. */
START_TEST(this_machine_can_be_calibrated)
{
    struct outcome outcome = RANKC("calibrate");
    expect_done(&outcome);
    json_t *sim = rankc_json((const char *const[]){"sim", DEMO, "--json", NULL});
    ck_assert_str_eq(json_string_value(json_object_get(sim, "hardware")), "this-machine");
    ck_assert_double_gt(json_number_value(json_object_get(sim, "ttft_s")), 0);
    json_decref(sim);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {bytes_are_equal_however_the_model_is_split,
                                  the_workload_is_the_command_lines,
                                  uneven_routing_takes_longer,
                                  what_was_counted_can_be_the_routing,
                                  bad_questions_are_refused,
                                  requirements_are_checked,
                                  this_machine_can_be_calibrated};
    /* Last, and not under the sanitizers, which would have it measure themselves. */
    return run_suite("predictions", tests, COUNT(tests) - sanitized);
}
