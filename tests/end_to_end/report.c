/* rankc report: pages that stand alone, and that work in a real browser: drawn in full, driven by the keyboard, narrow
 * as a phone. Without Chromium the pages are made and read, but not opened. */
#include "emit/page/page.h"
#include "hardware.h"
#include "plan/make.h"
#include "predict/audit/audit.h"
#include "predict/workload.h"
#include "read/strategy.h"

#include "support.h" /* last: Check calls a macro fail */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PAGE_BYTES = 2000000, RANKS_SHOWN = 64 };

/* ---- what the pages are about */

/* strategies/moe10b-256.lua with 32 replicas in place of 2, and without the claims, which are about 256 ranks. */
static void write_large_strategy(char path[PATH_ROOM])
{
    size_t length;
    char *text = read_bytes("strategies/moe10b-256.lua", &length);
    char *grid = strstr(text, "dp = 2,"), *claims_key = strstr(text, "  claims = {");
    ck_assert(grid && claims_key && grid < claims_key);
    const char *behind = grid + strlen("dp = 2,");
    struct text large = {0};
    text_format(&large, "%.*sdp = 32,%.*s}\n", (int)(grid - text), text, (int)(claims_key - behind), behind);
    path_in_folder(path, "moe10b-4096.lua");
    write_bytes(path, large.bytes, large.length);
    text_free(&large);
    free(text);
}

/* Round numbers of no device in particular. */
static const struct hardware hardware = {
    .name = "trial",
    .source = "</script><script>throw 1</script>",
    .flops = {{1e15, 6e14}, {6e13, 5e13}},
    .memory = {3e12, 2.5e12},
    .links = {{"node", 8, 4e11, 2e-6, 0}, {"cluster", INT_MAX, 5e10, 5e-6, 0}},
    .link_count = 2,
    .op_overhead_s = 4e-6,
};

/* Claims that no strategy could make, to be held against everything that a page does with them. */
static struct claim stated[] = {
    {.name = "</script><img src=x onerror=\"throw 1\">", .text = "10 B", .figure = {.unit = "B", .factor = 1}},
    {.name = "weights_per_gpu", .text = "40 MB <!--", .figure = {.unit = "MB", .factor = 1}},
};
static struct audit_case computed[] = {{.low = 10, .high = 10}, {.low = 346, .high = 346}};
static struct audit_line judged[] = {
    {.claim = &stated[0], .cases = &computed[0], .case_count = 1, .because = "a & b < c"},
    {.claim = &stated[1],
     .verdict = VERDICT_FALSE,
     .cases = &computed[1],
     .case_count = 1,
     .because = "replicas do not divide the weights",
     .meets = "nothing"},
};
static const struct claims claims = {.list = stated, .count = COUNT(stated)};
static const struct audit audit = {.claims = &claims, .lines = judged};

struct subject {
    struct pool pool;
    struct strategy strategy;
    struct plan plan;
};

static void make_subject(struct subject *subject, const char *path)
{
    struct error error;
    *subject = (struct subject){0};
    ck_assert_msg(strategy_read(path, NULL, &subject->pool, &subject->strategy, &error) &&
                      plan_make(&subject->strategy, &subject->plan, &error),
                  "%s", error.text);
}

static void free_subject(struct subject *subject)
{
    plan_free(&subject->plan);
    pool_free(&subject->pool);
}

static bool emit(const struct subject *subject, struct text *page, struct error *error)
{
    const struct workload workload = usual_workload(&subject->plan);
    const struct page_input input = {.plan = &subject->plan,
                                     .strategy = &subject->strategy,
                                     .hardware = &hardware,
                                     .workload = &workload,
                                     .routing_name = "uniform",
                                     .audit = &audit};
    return emit_page(&input, page, error);
}

/* A page with every section, its texts as hostile as they can be. */
static void make_full_page(const struct subject *subject, const char *path)
{
    struct error error;
    struct text page = {0};
    ck_assert_msg(emit(subject, &page, &error), "%s: %s", error.file, error.text);
    write_bytes(path, page.bytes, page.length);
    text_free(&page);
}

/* ---- pages as text */

static int occurrences(const char *text, const char *word)
{
    int count = 0;
    for (; (text = strstr(text, word)); text += strlen(word))
        count++;
    return count;
}

static void expect_self_contained(const char *path)
{
    static const char *const loading[] = {"src=", "@import", "url(", "fetch(", "XMLHttpRequest", "https://", "import("};
    size_t length;
    char *page = read_bytes(path, &length);
    ck_assert_uint_lt(length, MOST_PAGE_BYTES);
    ck_assert_uint_eq(strlen(page), length);
    for (size_t i = 0; i < COUNT(loading); i++)
        ck_assert_msg(occurrences(page, loading[i]) == (i == 0 ? occurrences(page, "img src=x") : 0), "%s: %s", path,
                      loading[i]);
    ck_assert_int_eq(occurrences(page, "href="), 1); /* the empty icon, so that none is asked for */
    ck_assert_int_eq(occurrences(page, "href=\"data:,\""), 1);
    ck_assert_int_eq(occurrences(page, "http://"), 1); /* a name, not an address: */
    ck_assert_int_eq(occurrences(page, "\"http://www.w3.org/2000/svg\""), 1);
    ck_assert_int_eq(occurrences(page, "<script"), 2); /* the data and the script, whatever texts hold */
    ck_assert_int_eq(occurrences(page, "</script"), 2);
    ck_assert_int_eq(occurrences(page, "</style"), 1);
    free(page);
}

static void expect_same_bytes(const char *left, const char *right)
{
    size_t left_length, right_length;
    char *first = read_bytes(left, &left_length), *second = read_bytes(right, &right_length);
    ck_assert_msg(left_length == right_length && memcmp(first, second, left_length) == 0, "%s and %s differ", left,
                  right);
    free(first);
    free(second);
}

START_TEST(pages_are_self_contained_and_the_same_each_time)
{
    char large[PATH_ROOM], page[PATH_ROOM], again[PATH_ROOM];
    write_large_strategy(large);
    const char *const strategies[] = {"strategies/demo-8.lua", "strategies/moe10b-256.lua", "strategies/single.lua",
                                      large};
    for (size_t i = 0; i < COUNT(strategies); i++) {
        path_in_folder(page, "page-%zu.html", i);
        path_in_folder(again, "again-%zu.html", i);
        struct outcome outcome = RANKC("report", strategies[i], "-o", page);
        expect_outcome(&outcome, 0, (const char *const[]){NULL});
        outcome = RANKC("report", strategies[i], "-o", again);
        expect_outcome(&outcome, 0, (const char *const[]){NULL});
        expect_self_contained(page);
        expect_same_bytes(page, again);
    }
}
END_TEST

START_TEST(bad_input_leaves_no_page)
{
    char page[PATH_ROOM];
    path_in_folder(page, "none.html");
    struct outcome outcome = RANKC("report", "strategies/demo-8.lua");
    expect_outcome(&outcome, 2, (const char *const[]){"-o HTML", NULL});
    outcome = RANKC("report", "tests/cases/refused/grid-missing.lua", "-o", page);
    expect_outcome(&outcome, 1, (const char *const[]){"grid-missing.lua:", NULL});
    outcome = RANKC("report", "strategies/demo-8.lua", "-o", page, "--routing", "sideways");
    expect_outcome(&outcome, 1, (const char *const[]){"sideways", NULL});
    FILE *file = fopen(page, "r");
    ck_assert_ptr_null(file);
}
END_TEST

START_TEST(texts_that_are_not_utf8_are_refused)
{
    struct subject subject;
    make_subject(&subject, "strategies/demo-8.lua");
    struct error error;
    struct text page = {0};
    stated[1].text = "40 MB\xff"; /* each test runs in a process of its own */
    ck_assert(!emit(&subject, &page, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "\"claims\" is not UTF-8"));
    ck_assert_ptr_nonnull(strstr(error.file, "demo-8.lua"));
    text_free(&page);
    free_subject(&subject);
}
END_TEST

/* ---- pages in a browser */

/* Its name, or NULL. */
static const char *find_browser(void)
{
    static char name[PATH_ROOM];
    struct outcome outcome =
        run_program("/bin/sh", (const char *const[]){"-c",
                                                     "command -v chromium || command -v chromium-browser || "
                                                     "command -v google-chrome",
                                                     NULL});
    snprintf(name, sizeof name, "%.*s", (int)strcspn(outcome.out, "\n"), outcome.out);
    outcome_free(&outcome);
    return name[0] ? name : NULL;
}

/* Opens the page with tests/cases/report/drive.html behind it, and gives what that wrote. */
static json_t *drive(const char *browser, const char *page)
{
    char driven[PATH_ROOM], address[PATH_ROOM + 16], profile[PATH_ROOM], profile_option[PATH_ROOM + 32];
    size_t length;
    char *bytes = read_bytes(page, &length), *script = read_bytes("tests/cases/report/drive.html", &length);
    struct text text = {0};
    text_format(&text, "%s%s", bytes, script);
    path_in_folder(driven, "driven.html");
    write_bytes(driven, text.bytes, text.length);
    text_free(&text);
    free(bytes);
    free(script);
    path_in_folder(profile, "profile");
    snprintf(profile_option, sizeof profile_option, "--user-data-dir=%s", profile);
    snprintf(address, sizeof address, "file://%s", driven);
    struct outcome outcome = run_program(
        browser, (const char *const[]){"--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                                       "--disable-background-networking", "--disable-component-update",
                                       "--enable-logging=stderr", "--window-size=1280,900",
                                       "--virtual-time-budget=5000", "--dump-dom", profile_option, address, NULL});
    ck_assert_int_eq(outcome.status, 0);
    const char *console = strstr(outcome.error, "CONSOLE");
    ck_assert_msg(!console, "%.1000s", console);
    char *begin = strstr(outcome.out, "<pre id=\"result\">"), *end = begin ? strstr(begin, "</pre>") : NULL;
    ck_assert_msg(end != NULL, "the page did not draw itself: %.1000s", outcome.error);
    begin += strlen("<pre id=\"result\">");
    json_error_t why;
    json_t *result = json_loadb(begin, (size_t)(end - begin), 0, &why);
    ck_assert_msg(result != NULL, "%s: %.*s", why.text, (int)(end - begin), begin);
    outcome_free(&outcome);
    return result;
}

static int number(const json_t *result, const char *name)
{
    const json_t *value = json_object_get(result, name);
    ck_assert_msg(json_is_integer(value), "%s is missing", name);
    return (int)json_integer_value(value);
}

static const char *word(const json_t *result, const char *name)
{
    const char *value = json_string_value(json_object_get(result, name));
    ck_assert_msg(value != NULL, "%s is missing", name);
    return value;
}

static int ledger_lines(const struct plan *plan)
{
    int lines = 0;
    for (int i = 0; i < plan->class_count; i++)
        lines += plan->classes[i].ledger_count;
    return lines;
}

/* What every page shows, with hardware or without. */
static void expect_plan_shown(const json_t *result, const struct plan *plan)
{
    static const char *const true_ones[] = {"ready", "focused", "outlined", "stays", "cleared"};
    for (size_t i = 0; i < COUNT(true_ones); i++)
        ck_assert_msg(json_is_true(json_object_get(result, true_ones[i])), "%s", true_ones[i]);
    ck_assert_str_eq(word(result, "errors"), "");
    ck_assert_int_eq(number(result, "cells"), plan->world);
    ck_assert_int_eq(number(result, "narrowCells"), plan->world);
    ck_assert_int_eq(number(result, "bars"), plan->class_count);
    ck_assert_int_eq(number(result, "meters"), plan->class_count);
    ck_assert_int_eq(number(result, "parts"), ledger_lines(plan));
    ck_assert_int_eq(number(result, "unnamed"), 0);
    ck_assert_msg(json_array_size(json_object_get(result, "wide")) == 0, "wider than a phone: %s",
                  json_dumps(json_object_get(result, "wide"), 0));
    ck_assert_str_eq(word(result, "rank"), "1");
    ck_assert_int_eq(atoi(word(result, "last")), plan->world - 1);
    for (int axis = 0; axis < AXES; axis++) {
        ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(result, "groups"), (size_t)axis)),
                         plan->grid[axis]);
        ck_assert_int_eq(number(json_object_get(result, "colours"), axis_names[axis]), plan->grid[axis]);
    }
    ck_assert_int_eq(number(json_object_get(result, "colours"), "class"), plan->class_count);
    ck_assert_int_gt(number(result, "sent"), 0);
}

static void expect_prediction_shown(const json_t *result, const struct plan *plan, int claim_count)
{
    int lanes = plan->world < RANKS_SHOWN ? plan->world : RANKS_SHOWN;
    ck_assert_int_eq(number(result, "claims"), claim_count);
    ck_assert_int_eq(number(result, "sections"), 7);
    ck_assert_int_eq(number(result, "points"), 4 * PHASES); /* attention, routing, experts, head */
    ck_assert_int_eq(number(result, "lanes"), lanes);
    ck_assert_int_gt(number(result, "boxes"), lanes * plan->classes[0].schedules[PREFILL].count / 2);
    ck_assert_int_gt(number(result, "decode"), lanes * plan->classes[0].schedules[DECODE].count / 2);
    ck_assert_int_eq(number(result, "zoom"), 2);
    ck_assert_ptr_nonnull(strstr(word(result, "op"), "op 2: "));
}

START_TEST(pages_work_in_a_browser)
{
    char large[PATH_ROOM], page[PATH_ROOM];
    const char *browser = find_browser();
    if (!browser) {
        puts("chromium is not installed: pages were not opened in a browser, that part was not run");
        return;
    }
    write_large_strategy(large);
    const char *const strategies[] = {"strategies/demo-8.lua", "strategies/moe10b-256.lua", large};
    for (size_t i = 0; i < COUNT(strategies); i++) {
        struct subject subject;
        make_subject(&subject, strategies[i]);
        path_in_folder(page, "full-%zu.html", i);
        make_full_page(&subject, page);
        expect_self_contained(page);
        json_t *result = drive(browser, page);
        expect_plan_shown(result, &subject.plan);
        expect_prediction_shown(result, &subject.plan, claims.count);
        ck_assert_ptr_nonnull(strstr(word(result, "notes"), hardware.source));
        json_decref(result);
        free_subject(&subject);
    }
}
END_TEST

START_TEST(claims_and_presets_are_shown)
{
    char page[PATH_ROOM];
    const char *browser = find_browser();
    if (!browser)
        return;
    struct subject subject;
    make_subject(&subject, "strategies/moe10b-256.lua");
    path_in_folder(page, "audited.html");
    struct outcome outcome = RANKC("report", "strategies/moe10b-256.lua", "-o", page, "--hardware", "h100-sxm");
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    json_t *result = drive(browser, page);
    expect_plan_shown(result, &subject.plan);
    expect_prediction_shown(result, &subject.plan, subject.strategy.claims->count);
    json_decref(result);
    free_subject(&subject);
}
END_TEST

START_TEST(without_hardware_the_page_says_so)
{
    char page[PATH_ROOM];
    const char *browser = find_browser();
    if (!browser)
        return;
    struct subject subject;
    make_subject(&subject, "strategies/demo-8.lua");
    path_in_folder(page, "plain.html");
    struct outcome outcome = RANKC("report", "strategies/demo-8.lua", "-o", page);
    expect_outcome(&outcome, 0, (const char *const[]){NULL});
    json_t *result = drive(browser, page);
    expect_plan_shown(result, &subject.plan);
    ck_assert_int_eq(number(result, "sections"), 6);
    ck_assert_int_eq(occurrences(word(result, "notes"), "no hardware is known"), 3);
    json_decref(result);
    free_subject(&subject);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {pages_are_self_contained_and_the_same_each_time,
                                  bad_input_leaves_no_page,
                                  texts_that_are_not_utf8_are_refused,
                                  pages_work_in_a_browser,
                                  claims_and_presets_are_shown,
                                  without_hardware_the_page_says_so};
    return run_suite("report", tests, COUNT(tests));
}
