/* Emission: the plan as templates see it, and what becomes of the output folder, also when something goes wrong. */
#include "base/file.h"
#include "base/manifest.h"
#include "base/sandbox.h"
#include "emit/sources.h"
#include "emit/tables.h"
#include "emit/template.h"
#include "emit/words.h"
#include "plan/make.h"
#include "read/strategy.h"

#include "run_case.h"

#include <check.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef TEST_SOURCE_DIR
#define TEST_SOURCE_DIR "."
#endif

static struct pool pool;
static struct plan plan; /* of strategies/demo-8.lua */
static char scratch[64];

static void make_plan(const char *path, struct plan *out)
{
    struct strategy strategy;
    struct error error;
    ck_assert_msg(strategy_read(path, NULL, &pool, &strategy, &error) && plan_make(&strategy, out, &error), "%s",
                  error.text);
}

static void set_up(void)
{
    strcpy(scratch, "/tmp/rankc-emit-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scratch));
    make_plan(TEST_SOURCE_DIR "/strategies/demo-8.lua", &plan);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static void tear_down(void)
{
    plan_free(&plan);
    pool_free(&pool);
    nftw(scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* "<scratch>/name", in one of a few buffers. */
static const char *in_scratch(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
    return path;
}

static void emit(const char *folder)
{
    struct error error;
    ck_assert_msg(emit_sources(&plan, NULL, folder, &error), "%s: %s", error.file, error.text);
}

static void write_file(const char *path, const char *text)
{
    struct error error;
    ck_assert_msg(file_write(path, text, strlen(text), 0644, &error), "%s: %s", error.file, error.text);
}

static bool exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

/* Everything below a folder as text: a path, a time of change and a hash a line. */
static struct text shown;
static bool with_times;
static size_t prefix;

static int show_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)walk;
    text_format(&shown, "%s", path + prefix);
    if (type == FTW_F) {
        struct text bytes = {0};
        struct error error;
        char hash[SHA256_TEXT];
        ck_assert(file_read(path, 1 << 24, &bytes, &error));
        sha256_text(bytes.bytes, bytes.length, hash);
        text_format(&shown, " %s", hash);
        if (with_times)
            text_format(&shown, " %lld.%09ld", (long long)status->st_mtim.tv_sec, status->st_mtim.tv_nsec);
        text_free(&bytes);
    }
    text_format(&shown, "\n");
    return 0;
}

static int compare_lines(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Sorted; in the test's pool. */
static const char *contents(const char *folder, bool times)
{
    char *lines[256];
    size_t count = 0;
    shown = (struct text){0};
    with_times = times;
    prefix = strlen(folder);
    nftw(folder, show_entry, 16, FTW_PHYS);
    for (char *line = strtok(shown.bytes, "\n"); line; line = strtok(NULL, "\n"))
        lines[count++] = line;
    qsort(lines, count, sizeof *lines, compare_lines);
    struct text sorted = {0};
    for (size_t i = 0; i < count; i++)
        text_format(&sorted, "%s\n", lines[i]);
    const char *kept = pool_text(&pool, sorted.bytes);
    text_free(&sorted);
    text_free(&shown);
    return kept;
}

/* ---- the plan as templates see it */

/* Runs a one-line template over the plan and its first class. */
static bool run_line(const char *template, struct text *out, struct error *error)
{
    write_file(in_scratch("template"), template);
    struct facts facts;
    struct templates templates;
    facts_make(&plan, &facts);
    templates_open(&templates);
    words_add(templates.lua);
    tables_add_plan(templates.lua, &facts);
    tables_choose(templates.lua, &facts, 0, PREFILL);
    bool done = template_run(&templates, in_scratch("template"), out, error);
    templates_close(&templates);
    facts_free(&facts);
    return done;
}

static void expect_line(const char *template, const char *expected)
{
    struct text out = {0};
    struct error error;
    ck_assert_msg(run_line(template, &out, &error), "%s", error.text);
    ck_assert_str_eq(out.bytes, expected);
    text_free(&out);
}

static void expect_refusal(const char *template, const char *message)
{
    struct text out = {0};
    struct error error;
    ck_assert_msg(!run_line(template, &out, &error), "accepted: %s", template);
    ck_assert_int_eq(error.line, 1);
    ck_assert_msg(strstr(error.text, message), "\"%s\" lacks \"%s\"", error.text, message);
    text_free(&out);
}

START_TEST(templates_see_the_plan)
{
    expect_line("${plan.name} ${plan.world} ${plan.grid.tp} ${#plan.hash}", "demo-8 8 2 64");
    expect_line("${#plan.ranks} ${plan.ranks[8].pp} ${plan.ranks[8].class} ${plan.ranks[1].previous}", "8 1 last -1");
    expect_line("${join(plan.ranks[8].ep_group, ' ')} ${plan.ranks[8].experts}", "5 7 stage1-ep1-tp1.experts");
    expect_line("${class.name} ${class.shape.hidden} ${class.span} ${class.weights}", "first 128 layers 0-7 bf16");
    expect_line("${class.shapes[1].name} ${class.shapes[1].value}", "WORLD 8");
    expect_line("${plan.classes[2].tensors[1].name} ${class.tensors[1].name}", "INPUT_NORM EMBEDDING");
    expect_line("${schedule.ops[1].call} ${tostring(schedule.ops[1].layer)}", "rotary nil");
    expect_line("${class.schedules[2].phase} ${class.schedules[2].rows} ${schedule.rows}", "decode 4 128");
    expect_line("${tostring(plan.ranks[9])}", "nil");
}
END_TEST

START_TEST(templates_only_read_the_plan)
{
    expect_refusal("//% plan.name = 'other'", "only read");
    expect_refusal("//% plan.grid.tp = 4", "only read");
    expect_refusal("//% plan.ranks[1] = 4", "only read");
    expect_refusal("//% plan.ranks[1].rank = 4", "only read");
    expect_refusal("//% class.shape.hidden = 4", "only read");
    expect_refusal("//% schedule.ops[1].extra = 4", "only read");
}
END_TEST

START_TEST(unknown_names_are_errors)
{
    expect_refusal("//% if class.first then end", "a class has no \"first\"");
    expect_refusal("${class.shape.hiden}", "did you mean \"hidden\"?");
    expect_refusal("${plan.ranks.count}", "use #list");
    expect_refusal("${plan.grids.tp}", "did you mean \"grid\"?");
    expect_refusal("${join(plan.ranks, ',')}", "is a list of ranks");
    expect_refusal("${widest(plan.ranks, 'size')}", "a rank has no \"size\"");
    expect_refusal("${right(1.5, 3)}", "type float");
}
END_TEST

START_TEST(words_set_out_numbers)
{
    expect_line("[${left('ab', 4)}] [${right(7, 3)}] [${left('abc', 2)}]", "[ab  ] [  7] [abc]");
    expect_line("${thousands(0)} ${thousands(999)} ${thousands(1234567)} ${thousands(-123456)}",
                "0 999 1,234,567 -123,456");
    expect_line("${mib(0)} ${mib(1 << 30)} ${mib(1572864)}", "0.00 MiB 1,024.00 MiB 1.50 MiB");
    expect_line("${widest(plan.ranks, 'previous')} ${widest(plan.classes, 'name')}", "2 5");
    expect_line("${join(class.members, ', ', 2, 3, 4)}", "   1,    2");
}
END_TEST

static void expect_ranges(const int *numbers, int count, int most, const char *expected)
{
    struct text out = {0};
    text_add(&out, "", 0);
    ranges_text(&out, numbers, count, most);
    ck_assert_str_eq(out.bytes, expected);
    text_free(&out);
}

START_TEST(ranges_are_short)
{
    expect_ranges((int[]){5}, 0, 0, "");
    expect_ranges((int[]){5}, 1, 0, "5");
    expect_ranges((int[]){0, 1}, 2, 0, "0-1");
    expect_ranges((int[]){0, 2}, 2, 0, "0, 2");
    expect_ranges((int[]){0, 2, 4, 5, 6, 9}, 6, 0, "0-4 by 2, 5-6, 9");
    expect_ranges((int[]){3, 2, 1}, 3, 0, "3, 2, 1");
    expect_ranges((int[]){0, 10, 30, 70}, 4, 2, "0, ..., 70");
    expect_ranges((int[]){0, 10}, 2, 2, "0, 10");
}
END_TEST

/* ---- the output folder */

START_TEST(the_same_plan_gives_the_same_bytes)
{
    emit(in_scratch("a"));
    emit(in_scratch("deep/er/b"));
    const char *files = contents(in_scratch("a"), false);
    ck_assert_str_eq(files, contents(in_scratch("deep/er/b"), false));
    ck_assert_ptr_nonnull(strstr(files, "/first/schedule_prefill.c "));
    ck_assert_ptr_nonnull(strstr(files, "/last/memory.h "));
    ck_assert_ptr_null(strstr(files, ".rankc-"));
}
END_TEST

START_TEST(the_manifest_names_every_file)
{
    emit(in_scratch("out"));
    struct manifest manifest;
    struct error error;
    ck_assert(manifest_read(&manifest, in_scratch("out"), &error));
    ck_assert_str_eq(manifest.plan_hash, plan.hash);
    ck_assert_int_ge(manifest.count, 11);
    for (int i = 0; i < manifest.count; i++) {
        char path[256], hash[SHA256_TEXT];
        struct text bytes = {0};
        snprintf(path, sizeof path, "out/%s", manifest.lines[i].name);
        ck_assert(file_read(in_scratch(path), 1 << 24, &bytes, &error));
        sha256_text(bytes.bytes, bytes.length, hash);
        ck_assert_str_eq(manifest.lines[i].hash, hash);
        text_free(&bytes);
    }
    manifest_free(&manifest);
}
END_TEST

START_TEST(what_does_not_change_is_not_written)
{
    emit(in_scratch("out"));
    const char *before = contents(in_scratch("out"), true);
    emit(in_scratch("out"));
    ck_assert_str_eq(before, contents(in_scratch("out"), true));
    write_file(in_scratch("out/first/class.h"), "edited");
    emit(in_scratch("out"));
    ck_assert_str_ne(before, contents(in_scratch("out"), true)); /* the file's time */
    emit(in_scratch("fresh"));
    ck_assert_str_eq(contents(in_scratch("fresh"), false), contents(in_scratch("out"), false));
}
END_TEST

START_TEST(stale_files_go_and_others_stay)
{
    emit(in_scratch("out"));
    write_file(in_scratch("out/notes.txt"), "mine");
    write_file(in_scratch("out/last/notes.txt"), "mine");
    plan_free(&plan);
    make_plan(TEST_SOURCE_DIR "/strategies/single.lua", &plan);
    emit(in_scratch("out"));
    ck_assert(!exists(in_scratch("out/first"))); /* emptied */
    ck_assert(!exists(in_scratch("out/last/class.h")));
    ck_assert(exists(in_scratch("out/last/notes.txt")));
    ck_assert(exists(in_scratch("out/notes.txt")));
    ck_assert(exists(in_scratch("out/only/class.h")));
}
END_TEST

START_TEST(a_stale_file_behind_a_link_stays)
{
    emit(in_scratch("out"));
    ck_assert_int_eq(rename(in_scratch("out/last"), in_scratch("elsewhere")), 0);
    ck_assert_int_eq(symlink("../elsewhere", in_scratch("out/last")), 0);
    plan_free(&plan);
    make_plan(TEST_SOURCE_DIR "/strategies/single.lua", &plan);
    emit(in_scratch("out"));
    ck_assert(exists(in_scratch("elsewhere/class.h")));
}
END_TEST

START_TEST(a_manifest_that_points_elsewhere_is_refused)
{
    static const char *const paths[] = {"../victim", "/etc/passwd", "a/../../victim", "a/b/c", ".git", "a//b",
                                        "",          "a/"};
    char hash[SHA256_TEXT], manifest[256];
    sha256_text("", 0, hash);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct error error;
        ck_assert(folder_make(in_scratch("out"), &error));
        write_file(in_scratch("victim"), "precious");
        snprintf(manifest, sizeof manifest, "plan %s\n%s  %s\n", hash, hash, paths[i]);
        write_file(in_scratch("out/MANIFEST"), manifest);
        ck_assert_msg(!emit_sources(&plan, NULL, in_scratch("out"), &error), "%s", paths[i]);
        ck_assert_int_eq(error.line, 2);
        ck_assert_str_eq(error.file, in_scratch("out/MANIFEST"));
        ck_assert(exists(in_scratch("victim")));
        ck_assert(!exists(in_scratch("out/PLAN.txt")));
    }
}
END_TEST

/* Emits in a child that `hinder` has put in trouble; what the error says, in the test's pool. */
static const char *emit_hindered(const char *folder, void (*hinder)(void))
{
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct error error = {0};
        hinder();
        bool done = emit_sources(&plan, NULL, folder, &error);
        char line[4096];
        int length = snprintf(line, sizeof line, "%s: %s", error.file, error.text);
        _exit(write(ends[1], line, (size_t)length) != length || done);
    }
    close(ends[1]);
    char line[4096] = "";
    ck_assert_int_gt(read(ends[0], line, sizeof line - 1), 0);
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "succeeded or died: %s", line);
    return pool_text(&pool, line);
}

static void fill_disk(void)
{
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 8000, .rlim_max = 8000});
}

static void become_nobody(void)
{
    if (getuid() == 0 && setuid(65534) != 0)
        _exit(2);
}

START_TEST(a_full_disk_leaves_the_folder_as_it_was)
{
    plan.name = "earlier";
    emit(in_scratch("out"));
    const char *before = contents(in_scratch("out"), true);
    plan.name = "demo-8";
    const char *message = emit_hindered(in_scratch("out"), fill_disk);
    ck_assert_msg(strstr(message, "/out/PLAN.txt: cannot be written: File too large"), "%s", message);
    ck_assert_str_eq(before, contents(in_scratch("out"), true));
}
END_TEST

START_TEST(a_read_only_folder_is_an_error)
{
    plan.name = "earlier";
    emit(in_scratch("out"));
    chmod(scratch, 0755);
    chmod(in_scratch("out"), 0555);
    const char *before = contents(in_scratch("out"), true);
    plan.name = "demo-8";
    const char *message = emit_hindered(in_scratch("out"), become_nobody);
    ck_assert_msg(strstr(message, "/out: cannot be written; give another output folder: Permission denied"), "%s",
                  message);
    ck_assert_str_eq(before, contents(in_scratch("out"), true));
    chmod(in_scratch("out"), 0755);
}
END_TEST

START_TEST(a_file_in_the_place_of_the_folder_is_an_error)
{
    write_file(in_scratch("out"), "a file");
    struct error error;
    ck_assert(!emit_sources(&plan, NULL, in_scratch("out"), &error));
    ck_assert_str_eq(error.file, in_scratch("out"));
    write_file(in_scratch("plain"), "a file");
    ck_assert(!emit_sources(&plan, NULL, in_scratch("plain/out"), &error));
    ck_assert_ptr_nonnull(strstr(error.text, "folder"));
}
END_TEST

START_TEST(a_template_that_fails_leaves_the_folder_as_it_was)
{
    struct error error;
    emit(in_scratch("out"));
    const char *before = contents(in_scratch("out"), true);
    ck_assert(folder_make(in_scratch("home/templates"), &error));
    write_file(in_scratch("home/templates/PLAN.txt"), "fine\n\n${1.5}\n");
    setenv("RANKC_HOME", in_scratch("home"), 1);
    bool done = emit_sources(&plan, NULL, in_scratch("out"), &error);
    unsetenv("RANKC_HOME");
    ck_assert(!done);
    ck_assert_str_eq(error.file, in_scratch("home/templates/PLAN.txt"));
    ck_assert_int_eq(error.line, 3);
    ck_assert_str_eq(before, contents(in_scratch("out"), true));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("emit");
    TCase *tables = tcase_create("tables"), *folder = tcase_create("folder");
    tcase_add_checked_fixture(tables, set_up, tear_down);
    tcase_add_test(tables, templates_see_the_plan);
    tcase_add_test(tables, templates_only_read_the_plan);
    tcase_add_test(tables, unknown_names_are_errors);
    tcase_add_test(tables, words_set_out_numbers);
    tcase_add_test(tables, ranges_are_short);
    tcase_add_checked_fixture(folder, set_up, tear_down);
    tcase_add_test(folder, the_same_plan_gives_the_same_bytes);
    tcase_add_test(folder, the_manifest_names_every_file);
    tcase_add_test(folder, what_does_not_change_is_not_written);
    tcase_add_test(folder, stale_files_go_and_others_stay);
    tcase_add_test(folder, a_stale_file_behind_a_link_stays);
    tcase_add_test(folder, a_manifest_that_points_elsewhere_is_refused);
    tcase_add_test(folder, a_full_disk_leaves_the_folder_as_it_was);
    tcase_add_test(folder, a_read_only_folder_is_an_error);
    tcase_add_test(folder, a_file_in_the_place_of_the_folder_is_an_error);
    tcase_add_test(folder, a_template_that_fails_leaves_the_folder_as_it_was);
    suite_add_tcase(suite, tables);
    suite_add_tcase(suite, folder);
    return run_whole_suite(suite);
}
