/* The template engine: what it leaves alone, what it replaces, and where its errors point. */
#include "emit/template.h"
#include "base/file.h"
#include "base/sandbox.h"

#include "run_case.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A template in a file of its own, run once. */
struct outcome {
    char path[64];
    bool done;
    struct text out;
    struct error error;
};

static void run(struct outcome *outcome, const char *template, size_t length)
{
    *outcome = (struct outcome){.path = "/tmp/rankc-template-XXXXXX"};
    int file = mkstemp(outcome->path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, template, length), (ssize_t)length);
    close(file);
    struct templates templates;
    templates_open(&templates);
    lua_pushinteger(templates.lua, 42);
    sandbox_add(templates.lua, "answer");
    outcome->done = template_run(&templates, outcome->path, &outcome->out, &outcome->error);
    templates_close(&templates);
    unlink(outcome->path);
}

static void expect_bytes(const char *template, size_t length, const char *expected, size_t expected_length)
{
    struct outcome outcome;
    run(&outcome, template, length);
    ck_assert_msg(outcome.done, "%s:%d: %s", outcome.error.file, outcome.error.line, outcome.error.text);
    ck_assert_uint_eq(outcome.out.length, expected_length);
    ck_assert_mem_eq(outcome.out.bytes ? outcome.out.bytes : "", expected, expected_length);
    text_free(&outcome.out);
}

static void expect(const char *template, const char *expected)
{
    expect_bytes(template, strlen(template), expected, strlen(expected));
}

static void expect_error(const char *template, int line, const char *message)
{
    struct outcome outcome;
    run(&outcome, template, strlen(template));
    ck_assert_msg(!outcome.done, "accepted: %s", template);
    ck_assert_str_eq(outcome.error.file, outcome.path);
    ck_assert_msg(outcome.error.line == line, "line %d, not %d: %s", outcome.error.line, line, outcome.error.text);
    ck_assert_msg(strstr(outcome.error.text, message), "\"%s\" lacks \"%s\"", outcome.error.text, message);
    text_free(&outcome.out);
}

START_TEST(text_without_marks_is_left_alone)
{
    static const char bytes[] = "int a; // %\n\t\"q\\n\" 'x' %d $x $ {y} }}\r\n\n  \xc3\xa9\0z\n]] --[[ no feed";
    expect_bytes(bytes, sizeof bytes - 1, bytes, sizeof bytes - 1);
    expect("", "");
    expect("\n", "\n");
    expect("a mark inside a line //% is text\n", "a mark inside a line //% is text\n");
}
END_TEST

START_TEST(code_lines_emit_nothing)
{
    expect("//% for i = 1, 2 do\nrow ${i}\n    //% if i == 1 then\n\n\t//% end\n//% end\n", "row 1\n\nrow 2\n");
    expect("//% local sum = 1 +\n//%   2\n${sum}\n", "3\n");
    expect("//%\n//%-- a comment\nx\n", "x\n");
}
END_TEST

START_TEST(inserts_take_strings_and_integers)
{
    expect("${answer}${-7}${'a'}\n", "42-7a\n");
    expect("[${({1, 2})[2]}]\n", "[2]\n");
    expect("${\"}\"}${'{'}${\"\\\"}\"}\n", "}{\"}\n");
    expect("${[[}]]}${[==[]]}]==]}\n", "}]]}\n");
    expect("${ #\"abc\" }${#{1, {2}}}\n", "32\n");
    expect("${'line\\nfeed'}\n", "line\nfeed\n");
    expect("${'no mark: ${answer}'}\n", "no mark: ${answer}\n");
    expect("$${answer} $$${answer} $$ {\n", "${answer} $${answer} $$ {\n");
}
END_TEST

START_TEST(other_values_are_refused)
{
    expect_error("\n\n${answer / 1}\n", 3, "${answer / 1} is 42.0, a float; insert");
    expect_error("//% local t = {}\n${1}${t.x}\n", 2, "${t.x} is a value of type nil; insert");
    expect_error("${true} then ${1}\n", 1, "${true} is a value of type boolean");
    expect_error("x ${true}\n", 1, "${true} is a value of type boolean");
    expect_error("$${ ${{}}\n", 1, "${{}} is a value of type table");
    expect_error("//% for i = 1, 2 do\n${i > 1 and {} or i}\n//% end\n", 2,
                 "${i > 1 and {} or i} is a value of type table");
}
END_TEST

START_TEST(marks_that_do_not_end_are_refused)
{
    expect_error("a\n${answer\n}\n", 2, "${ has no } on its line");
    expect_error("${'}\n", 1, "${ has no } on its line");
    expect_error("${{}\n", 1, "${ has no } on its line");
    expect_error("a\n\n${  }\n", 3, "${} is empty");
    expect_error("${answer --[[ x ]]}\n", 1, "a comment inside ${}");
    expect_error("${answer, 2}\n", 1, "correct the Lua syntax");
}
END_TEST

START_TEST(errors_in_code_name_the_line_of_the_template)
{
    expect_error("a\n${answer}\n//% local x = 1 + {}\n", 3, "attempt to perform arithmetic");
    expect_error("a\n//% if answer then\nb\n", 3, "'end' expected");
    expect_error("a\n//% x = = 2\n", 2, "unexpected symbol");
    expect_error("a\n${answr}\n", 2, "did you mean \"answer\"?");
    expect_error("a\n//% error('the plan is odd; mend it')\n", 2, "the plan is odd; mend it");
    expect_error("//% io.write('x')\n", 1, "left out of this Lua");
}
END_TEST

START_TEST(a_template_is_compiled_once)
{
    char path[] = "/tmp/rankc-template-XXXXXX";
    close(mkstemp(path));
    struct error error;
    ck_assert(file_write(path, "${answer}\n", 10, 0644, &error));
    struct templates templates;
    templates_open(&templates);
    struct text out = {0};
    for (int answer = 1; answer <= 2; answer++) {
        lua_pushinteger(templates.lua, answer);
        sandbox_add(templates.lua, "answer");
        ck_assert(template_run(&templates, path, &out, &error));
        unlink(path); /* it is not read again */
    }
    ck_assert_str_eq(out.bytes, "1\n2\n");
    ck_assert(!template_run(&templates, "/nowhere/template.h", &out, &error));
    ck_assert_str_eq(error.file, "/nowhere/template.h");
    text_free(&out);
    templates_close(&templates);
}
END_TEST

int main(void)
{
    TCase *engine = tcase_create("engine");
    tcase_add_test(engine, text_without_marks_is_left_alone);
    tcase_add_test(engine, code_lines_emit_nothing);
    tcase_add_test(engine, inserts_take_strings_and_integers);
    tcase_add_test(engine, other_values_are_refused);
    tcase_add_test(engine, marks_that_do_not_end_are_refused);
    tcase_add_test(engine, errors_in_code_name_the_line_of_the_template);
    tcase_add_test(engine, a_template_is_compiled_once);
    return run_case("template", engine);
}
