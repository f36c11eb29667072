#include "emit/words.h"
#include "base/sandbox.h"
#include "emit/bind.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *shown_argument(lua_State *lua, int argument, size_t *length)
{
    if (lua_type(lua, argument) != LUA_TSTRING && !lua_isinteger(lua, argument))
        luaL_error(lua, "argument %d is a value of type %s; give a string or an integer", argument,
                   lua_type(lua, argument) == LUA_TNUMBER ? "float" : luaL_typename(lua, argument));
    return lua_tolstring(lua, argument, length);
}

static void add_blanks(luaL_Buffer *buffer, size_t length, lua_Integer width)
{
    for (lua_Integer i = (lua_Integer)length; i < width; i++)
        luaL_addchar(buffer, ' ');
}

static int word_left(lua_State *lua)
{
    size_t length;
    const char *text = shown_argument(lua, 1, &length);
    lua_Integer width = luaL_checkinteger(lua, 2);
    luaL_Buffer buffer;
    luaL_buffinit(lua, &buffer);
    luaL_addlstring(&buffer, text, length);
    add_blanks(&buffer, length, width);
    luaL_pushresult(&buffer);
    return 1;
}

static int word_right(lua_State *lua)
{
    size_t length;
    const char *text = shown_argument(lua, 1, &length);
    lua_Integer width = luaL_checkinteger(lua, 2);
    luaL_Buffer buffer;
    luaL_buffinit(lua, &buffer);
    add_blanks(&buffer, length, width);
    luaL_addlstring(&buffer, text, length);
    luaL_pushresult(&buffer);
    return 1;
}

/* Puts commas into the first `length` digits; what follows (a fraction) is kept. */
static void push_grouped(lua_State *lua, const char *digits, size_t length)
{
    luaL_Buffer buffer;
    luaL_buffinit(lua, &buffer);
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            luaL_addchar(&buffer, ',');
        luaL_addchar(&buffer, digits[i]);
    }
    luaL_addstring(&buffer, digits + length);
    luaL_pushresult(&buffer);
}

static int word_thousands(lua_State *lua)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%lld", luaL_checkinteger(lua, 1));
    push_grouped(lua, digits, (size_t)length);
    return 1;
}

static int word_counted(lua_State *lua)
{
    lua_pushstring(lua, counted((int)luaL_checkinteger(lua, 1), luaL_checkstring(lua, 2)).text);
    return 1;
}

static int word_mib(lua_State *lua)
{
    char shown[48];
    int length = snprintf(shown, sizeof shown, "%.2f MiB", (double)luaL_checkinteger(lua, 1) / (1024.0 * 1024.0));
    push_grouped(lua, shown, (size_t)length - strlen(".00 MiB"));
    return 1;
}

static int word_join(lua_State *lua)
{
    int count;
    const int *numbers = numbers_argument(lua, 1, &count);
    const char *between = luaL_checkstring(lua, 2);
    lua_Integer first = luaL_optinteger(lua, 3, 1), last = luaL_optinteger(lua, 4, count);
    int width = (int)luaL_optinteger(lua, 5, 0);
    luaL_Buffer buffer;
    luaL_buffinit(lua, &buffer);
    for (lua_Integer i = first > 1 ? first : 1; i <= last && i <= count; i++) {
        char number[64];
        if (i > first)
            luaL_addstring(&buffer, between);
        luaL_addlstring(&buffer, number,
                        (size_t)snprintf(number, sizeof number, "%*d", width < 32 ? width : 32, numbers[i - 1]));
    }
    luaL_pushresult(&buffer);
    return 1;
}

/* How many numbers from the first on go up by the same step; a step of more than one needs three to be a run. */
static int run_length(const int *numbers, int count)
{
    int step = count > 1 ? numbers[1] - numbers[0] : 0, length = 1;
    while (step > 0 && length < count && numbers[length] - numbers[length - 1] == step)
        length++;
    return step > 1 && length < 3 ? 1 : length;
}

static void add_run(struct text *out, const int *numbers, int length)
{
    text_format(out, "%d", numbers[0]);
    if (length > 1)
        text_format(out, "-%d", numbers[length - 1]);
    if (length > 1 && numbers[1] - numbers[0] > 1)
        text_format(out, " by %d", numbers[1] - numbers[0]);
}

void ranges_text(struct text *out, const int *numbers, int count, int most_runs)
{
    for (int i = 0, run = 1, length; i < count; i += length, run++) {
        length = run_length(numbers + i, count - i);
        if (run == most_runs && i + length < count) {
            text_format(out, ", ..., %d", numbers[count - 1]);
            return;
        }
        if (run > 1)
            text_format(out, ", ");
        add_run(out, numbers + i, length);
    }
}

static int word_ranges(lua_State *lua)
{
    int count;
    const int *numbers = numbers_argument(lua, 1, &count);
    int most_runs = (int)luaL_optinteger(lua, 2, 0);
    struct text shown = {0};
    ranges_text(&shown, numbers, count, most_runs);
    lua_pushlstring(lua, shown.length ? shown.bytes : "", shown.length);
    text_free(&shown);
    return 1;
}

static int word_widest(lua_State *lua)
{
    lua_pushinteger(lua, (lua_Integer)widest_field(lua, 1, luaL_checkstring(lua, 2)));
    return 1;
}

void words_add(lua_State *lua)
{
    static const struct {
        const char *name;
        lua_CFunction function;
    } words[] = {
        {"left", word_left}, {"right", word_right},   {"thousands", word_thousands}, {"mib", word_mib},
        {"join", word_join}, {"widest", word_widest}, {"ranges", word_ranges},       {"counted", word_counted},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        lua_pushcfunction(lua, words[i].function);
        sandbox_add(lua, words[i].name);
    }
}
