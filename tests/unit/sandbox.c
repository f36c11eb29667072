/* The sandbox: what scripts can reach, in which order things come, and how each limit ends a script. */
#include "base/sandbox.h"
#include "base/nearest.h"

#include "run_case.h"

#include <check.h>
#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static lua_State *lua;
static struct error error;

static void open_sandbox(void)
{
    static const struct sandbox_limits limits = {
        .memory_bytes = 64 << 20, .instructions = 5 * 1000 * 1000, .milliseconds = 5000};
    lua = sandbox_open(&limits);
}

static void close_sandbox(void)
{
    sandbox_close(lua);
}

static bool run_named(const char *name, const char *script)
{
    return sandbox_load(lua, name, script, strlen(script), &error) && sandbox_call(lua, 0, 1, &error);
}

/* Runs a script that returns a text. */
static void expect_text(const char *script, const char *text)
{
    ck_assert_msg(run_named("test.lua", script), "%s: %s", script, error.text);
    ck_assert_msg(lua_type(lua, -1) == LUA_TSTRING, "%s", script);
    ck_assert_str_eq(lua_tostring(lua, -1), text);
    lua_pop(lua, 1);
}

/* Runs a script that fails with this text at this line. */
static void expect_error(const char *script, int line, const char *text)
{
    int top = lua_gettop(lua);
    ck_assert_msg(!run_named("test.lua", script), "%s", script);
    ck_assert_str_eq(error.text, text);
    ck_assert_str_eq(error.file, "test.lua");
    ck_assert_int_eq(error.line, line);
    ck_assert_int_eq(lua_gettop(lua), top);
}

START_TEST(holds_these_words_only)
{
    lua_rawgeti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    ck_assert(luaL_getmetafield(lua, -1, "__index") == LUA_TTABLE);
    static const char *const words[] = {"string", "table",  "math",  "utf8",     "select", "type",
                                        "ipairs", "assert", "pairs", "tonumber", "error",  "tostring"};
    size_t count = 0;
    for (lua_pushnil(lua); lua_next(lua, -2); lua_pop(lua, 1))
        count++;
    ck_assert_uint_eq(count, sizeof words / sizeof *words);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(lua, words[i]);
        ck_assert_msg(lua_rawget(lua, -2) != LUA_TNIL, "%s", words[i]);
        lua_pop(lua, 1);
    }
    lua_pop(lua, 2);
}
END_TEST

START_TEST(nothing_else_can_be_reached)
{
    static const char *const words[] = {
        "os",           "io",           "load",     "loadstring",      "loadfile",    "dofile",
        "require",      "package",      "debug",    "print",           "coroutine",   "pcall",
        "xpcall",       "_G",           "next",     "rawget",          "rawset",      "rawequal",
        "setmetatable", "getmetatable", "warn",     "collectgarbage",  "string.dump", "rawlen",
        "_ENV.os",      "math.random",  "_VERSION", "math.randomseed", "(''):dump()"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char script[64];
        snprintf(script, sizeof script, "return %s", words[i]);
        ck_assert_msg(!run_named("test.lua", script), "%s", words[i]);
        ck_assert_msg(strstr(error.text, "is left out of this Lua"), "%s: %s", words[i], error.text);
    }
    expect_error("x = 1", 1, "\"x\" cannot be set; write local x");
    expect_error("tostring = nil", 1, "\"tostring\" cannot be set; write local tostring");
    expect_error("string.len = nil", 1, "\"string.len\" cannot be set; write local len");
    expect_error("_ENV.string = {}", 1, "\"string\" cannot be set; write local string");
    expect_error("math.x = 1", 1, "\"math.x\" cannot be set; write local x");
    expect_error("local a <close> = {}", 1, "variable 'a' got a non-closable value; correct this line");
    expect_error("return ('x')[1]", 1, "a text has no element of type number; use string.sub");
}
END_TEST

START_TEST(proposes_the_nearest_word)
{
    expect_error("\nreturn sting", 2, "unknown name \"sting\"; did you mean \"string\"?");
    expect_error("return table.cocnat", 1, "unknown name \"table.cocnat\"; did you mean \"table.concat\"?");
    expect_error("return rank", 1, "unknown name \"rank\"; declare it with local before it is used");
    static const char *const words[] = {"dp", "pp", "sequences"};
    ck_assert_str_eq(nearest_word("np", words, 3), "dp");
    ck_assert_str_eq(nearest_word("SEQUENCES", words, 3), "sequences");
    ck_assert_ptr_null(nearest_word("colour", words, 3));
    ck_assert_ptr_null(nearest_word("x", words, 0));
    ck_assert_uint_eq(word_distance("gird", "grid"), 1);
    ck_assert_uint_eq(word_distance("", "grid"), 4);
    ck_assert_uint_eq(word_distance("kitten", "sitting"), 3);
}
END_TEST

START_TEST(pairs_goes_in_sorted_order)
{
    expect_text("local t, out = { b = 1, [10] = 2, [true] = 3, [-1] = 4, a = 5, [2.5] = 6, [false] = 7, [''] = 8,\n"
                " B = 9, ab = 10, [9007199254740993] = 11, [2^53] = 12 }, {}\n"
                "for key in pairs(t) do out[#out + 1] = tostring(key) end\n"
                "return table.concat(out, ' ')",
                "-1 2.5 10 9007199254740992 9007199254740993  B a ab b false true");
    expect_text("local t, out = { a = 1, b = 2, c = 3 }, ''\n" /* a key that is cleared on the way */
                "for key, value in pairs(t) do t.b = nil out = out .. key .. value end return out",
                "a1c3");
    expect_text("local out = 'empty' for key in pairs {} do out = key end return out", "empty");
    expect_error("for key in pairs { [{}] = 1 } do end", 1,
                 "pairs cannot order a table whose keys are of type table; use texts or numbers as keys");
    expect_error("for key in pairs(nil) do end", 1,
                 "bad argument #1 to 'pairs' (table expected, got nil); correct this line");
}
END_TEST

START_TEST(sort_is_stable)
{
    expect_text("local t = { 5, 3, 9, 1, 7, 2, 8 } table.sort(t) return table.concat(t)", "1235789");
    expect_text("local t = { 1, 2, 3 } table.sort(t, function(a, b) return a > b end) return table.concat(t)", "321");
    expect_text("local t, out = {}, {} for i = 1, 500 do t[i] = { i % 3, i } end\n"
                "table.sort(t, function(a, b) return a[1] < b[1] end)\n"
                "for i = 2, 500 do local a, b = t[i - 1], t[i]\n"
                " assert(a[1] < b[1] or a[1] == b[1] and a[2] < b[2]) end return tostring(t[500][2])",
                "500");
    expect_text("local t = {} table.sort(t) return tostring(#t)", "0");
    expect_error("table.sort { 1, 'x' }", 1, "attempt to compare string with number; correct this line");
}
END_TEST

START_TEST(shows_no_address)
{
    expect_text("return tostring(nil) .. tostring(true) .. tostring(1.5) .. string.format('%s %d %% %q', 'a', 3, 'b')",
                "niltrue1.5a 3 % \"b\"");
    static const char *const scripts[] = {"return tostring {}", "return string.format('%s', print == nil and 1 or {})",
                                          "return ('%s'):format(pairs)", "return string.format('%-10p', 'x')",
                                          "return tostring(pairs)"};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        ck_assert_msg(!run_named("test.lua", scripts[i]), "%s", scripts[i]);
    expect_error("error({})", 1, "bad argument #1 to 'error' (string expected, got table); correct this line");
    expect_error("assert(false, {})", 1, "fails with a value of type table; give error() a text");
}
END_TEST

START_TEST(errors_name_the_line)
{
    expect_error("local t\n\nreturn t.x", 3, "attempt to index a nil value (local 't'); correct this line");
    expect_error("local function f()\n error('what; do this', 2)\nend\nf()\n", 4, "what; do this");
    expect_error("local function f()\n error 'what; do this'\nend\nf()\n", 2, "what; do this");
    expect_error("return 1 +\n", 2, "unexpected symbol near <eof>; correct the Lua syntax");
    expect_error("local function f(n) return 1 + f(n + 1) end\nf(0)", 1,
                 "stack overflow; is there a recursion that does not end?");
    const char *odd = "a:1: b\n/x:99: y.lua"; /* a name that looks like a position is still only a name */
    ck_assert(!run_named(odd, "\nerror 'what; do this'"));
    ck_assert_str_eq(error.file, odd);
    ck_assert_str_eq(error.text, "what; do this");
    ck_assert_int_eq(error.line, 2);
    ck_assert(!run_named(odd, "\n\n]"));
    ck_assert_int_eq(error.line, 3);
    ck_assert_str_eq(error.text, "unexpected symbol near ']'; correct the Lua syntax");
}
END_TEST

START_TEST(memory_is_limited_while_a_script_runs)
{
    expect_error("\nlocal t = ('x'):rep(1 << 30)", 2, "needs more than 64 MiB of memory; build less");
    expect_error("local t = {}\nfor i = 1, 1e9 do t[i] = ('n'):rep(1000) .. i end", 2,
                 "needs more than 64 MiB of memory; build less");
    expect_text("return 'alive'", "alive");
    lua_newuserdatauv(lua, 96 << 20, 0); /* the host is not limited */
    lua_pop(lua, 1);
}
END_TEST

START_TEST(instructions_are_limited_over_all_calls)
{
    expect_text("for i = 1, 3e6 do end return 'first'", "first");
    expect_error("\n\nfor i = 1, 3e6 do end", 3,
                 "runs more than 5000000 instructions; is there a loop that does not end?");
}
END_TEST

START_TEST(compiled_lua_is_refused)
{
    expect_error("\x1bLua", 1, "is compiled Lua; give its source");
}
END_TEST

static volatile sig_atomic_t alarms;

static void count_alarm(int signal_number)
{
    (void)signal_number;
    alarms++;
}

START_TEST(the_alarm_is_given_back)
{
    struct sigaction action = {.sa_handler = count_alarm};
    sigset_t blocked, now;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    sigaction(SIGALRM, &action, NULL);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    expect_text("return 'done'", "done");
    struct itimerval timer;
    getitimer(ITIMER_REAL, &timer);
    ck_assert_int_eq(timer.it_value.tv_sec + timer.it_value.tv_usec, 0);
    sigprocmask(SIG_UNBLOCK, &blocked, &now);
    ck_assert(sigismember(&now, SIGALRM));
    raise(SIGALRM);
    ck_assert_int_eq(alarms, 1);
}
END_TEST

/* The process ends inside sandbox_call; Check sees its exit status. */
START_TEST(the_clock_ends_the_process)
{
    static const struct sandbox_limits limits = {
        .memory_bytes = 16 << 20, .instructions = 1LL << 60, .milliseconds = 50};
    sandbox_close(lua);
    lua = sandbox_open(&limits);
    freopen("/dev/null", "w", stderr);
    static const char *const scripts[] = {"local f = string.find(('a'):rep(30000), ('.-'):rep(20) .. 'b')",
                                          "table.move({}, 1, 1 << 60, 2)", "while true do end"};
    run_named("test.lua", scripts[_i]);
    exit(77);
}
END_TEST

static int give_line(lua_State *state)
{
    lua_pushinteger(state, sandbox_line(state, 1) * 100 + sandbox_line(state, 2));
    return 1;
}

START_TEST(words_of_the_host_know_their_lines)
{
    lua_pushcfunction(lua, give_line);
    sandbox_add(lua, "line");
    expect_text("local function f()\n return line() + 0\nend\n\nreturn tostring(f())", "205");
    /* A word written in Lua keeps its caller's line even in a tail call. */
    ck_assert(run_named("words.lua", "return function() error('wrong; do this', 2) end"));
    sandbox_add(lua, "word");
    expect_error("\n\nreturn word()", 3, "wrong; do this");
    expect_error("return wrd()", 1, "unknown name \"wrd\"; did you mean \"word\"?");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("sandbox");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, open_sandbox, close_sandbox);
    tcase_add_test(tests, holds_these_words_only);
    tcase_add_test(tests, nothing_else_can_be_reached);
    tcase_add_test(tests, proposes_the_nearest_word);
    tcase_add_test(tests, pairs_goes_in_sorted_order);
    tcase_add_test(tests, sort_is_stable);
    tcase_add_test(tests, shows_no_address);
    tcase_add_test(tests, errors_name_the_line);
    tcase_add_test(tests, memory_is_limited_while_a_script_runs);
    tcase_add_test(tests, instructions_are_limited_over_all_calls);
    tcase_add_test(tests, compiled_lua_is_refused);
    tcase_add_test(tests, the_alarm_is_given_back);
    tcase_add_loop_exit_test(tests, the_clock_ends_the_process, EXIT_REFUSED, 0, 3);
    tcase_add_test(tests, words_of_the_host_know_their_lines);
    return run_case("sandbox", tests);
}
