/* The words of the sandbox: which of Lua's own are let in, and the ones that are replaced because Lua's depend on
 * addresses, hash order or the time of day. */
#include "base/nearest.h"
#include "base/sandbox_parts.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

/* ---- texts without addresses */

static void refuse_address(lua_State *lua, int index, const char *function)
{
    int type = lua_type(lua, index);
    if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN && type > LUA_TNIL)
        luaL_error(lua, "%s of a %s would show its address, which differs from run to run; name what is in it",
                   function, luaL_typename(lua, index));
}

static int word_tostring(lua_State *lua)
{
    luaL_checkany(lua, 1);
    refuse_address(lua, 1, "tostring");
    luaL_tolstring(lua, 1, NULL);
    return 1;
}

/* Upvalue 1 is Lua's string.format. */
static int word_format(lua_State *lua)
{
    const char *format = luaL_checkstring(lua, 1);
    for (int i = 2; i <= lua_gettop(lua); i++)
        refuse_address(lua, i, "string.format");
    for (const char *mark = strchr(format, '%'); mark; mark = strchr(mark + 1, '%')) {
        mark++;
        mark += strspn(mark, "-+ #0123456789.");
        if (*mark == 'p')
            return luaL_error(lua, "string.format \"%%p\" would show an address, which differs from run to run; "
                                   "use %%s or %%d");
        if (*mark == '\0')
            break;
    }
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_insert(lua, 1);
    lua_call(lua, lua_gettop(lua) - 1, 1);
    return 1;
}

/* ---- errors */

/* Lua's error, but the position stays out of the text. */
static int word_error(lua_State *lua)
{
    luaL_checkstring(lua, 1);
    int level = (int)luaL_optinteger(lua, 2, 1);
    sandbox_of(lua)->thrown = sandbox_place(lua, level);
    lua_settop(lua, 1);
    return lua_error(lua);
}

static const char *const left_out[] = {
    "os",        "io",     "load",   "loadstring",     "loadfile",     "dofile",   "require", "package", "debug",
    "coroutine", "pcall",  "xpcall", "print",          "setmetatable", "next",     "rawget",  "rawset",  "getmetatable",
    "rawequal",  "rawlen", "warn",   "collectgarbage", "_G",           "_VERSION", "dump",    "random",  "randomseed",
};

static bool is_left_out(const char *word)
{
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (strcmp(word, left_out[i]) == 0)
            return true;
    return false;
}

/* The nearest key of the table at `index`, NULL when none is near. */
static const char *nearest_key(lua_State *lua, int index, const char *word)
{
    const char *nearest = NULL;
    size_t distance = 0;
    for (lua_pushnil(lua); lua_next(lua, index); lua_pop(lua, 1)) {
        if (lua_type(lua, -2) != LUA_TSTRING)
            continue;
        const char *key = lua_tostring(lua, -2);
        size_t this_distance = word_distance(word, key);
        /* lua_next goes in any order: among equals the first by name wins. */
        bool first_of_equals = nearest && this_distance == distance && strcmp(key, nearest) < 0;
        if (!nearest || this_distance < distance || first_of_equals) {
            nearest = key;
            distance = this_distance;
        }
    }
    return nearest && word_is_near(word, distance) ? nearest : NULL;
}

/* __index of the globals and of each library. Upvalues: the library's name with a dot, or ""; its table. */
static int refuse_unknown(lua_State *lua)
{
    const char *prefix = lua_tostring(lua, lua_upvalueindex(1));
    if (lua_type(lua, 2) != LUA_TSTRING)
        return luaL_error(lua, "a text has no element of type %s; use string.sub", luaL_typename(lua, 2));
    const char *word = lua_tostring(lua, 2);
    if (is_left_out(word))
        return luaL_error(lua,
                          "\"%s%s\" is left out of this Lua, so that a script computes the same anywhere; "
                          "do without it",
                          prefix, word);
    const char *nearest = nearest_key(lua, lua_upvalueindex(2), word);
    if (nearest)
        return luaL_error(lua, "unknown name \"%s%s\"; did you mean \"%s%s\"?", prefix, word, prefix, nearest);
    return luaL_error(lua, "unknown name \"%s%s\"; declare it with local before it is used", prefix, word);
}

/* __newindex of the same. */
static int refuse_write(lua_State *lua)
{
    const char *prefix = lua_tostring(lua, lua_upvalueindex(1));
    const char *word = lua_type(lua, 2) == LUA_TSTRING ? lua_tostring(lua, 2) : luaL_typename(lua, 2);
    return luaL_error(lua, "\"%s%s\" cannot be set; write local %s", prefix, word, word);
}

/* ---- making it */

/* Gives the table on top of the stack a metatable that refuses what the table does not have; puts in its place an empty
 * table that shows it and refuses each write. A script holds the latter, so that it can replace no word either. */
static void guard(lua_State *lua, const char *prefix)
{
    int table = lua_gettop(lua);
    lua_createtable(lua, 0, 1);
    lua_pushstring(lua, prefix);
    lua_pushvalue(lua, table);
    lua_pushcclosure(lua, refuse_unknown, 2);
    lua_setfield(lua, -2, "__index");
    lua_setmetatable(lua, table);

    lua_createtable(lua, 0, 0);
    lua_createtable(lua, 0, 2);
    lua_pushvalue(lua, table);
    lua_setfield(lua, -2, "__index");
    lua_pushstring(lua, prefix);
    lua_pushcclosure(lua, refuse_write, 1);
    lua_setfield(lua, -2, "__newindex");
    lua_setmetatable(lua, -2);
    lua_replace(lua, table);
}

static void drop(lua_State *lua, const char *name)
{
    lua_pushnil(lua);
    lua_setfield(lua, -2, name);
}

static void add_function(lua_State *lua, const char *name, lua_CFunction function)
{
    lua_pushcfunction(lua, function);
    lua_setfield(lua, -2, name);
}

/* Each leaves a library on the stack, and changes what must be changed. */
static void open_string(lua_State *lua)
{
    luaL_requiref(lua, LUA_STRLIBNAME, luaopen_string, 0);
    drop(lua, "dump");
    lua_getfield(lua, -1, "format");
    lua_pushcclosure(lua, word_format, 1);
    lua_setfield(lua, -2, "format");
}

static void open_table(lua_State *lua)
{
    luaL_requiref(lua, LUA_TABLIBNAME, luaopen_table, 0);
    add_function(lua, "sort", word_sort);
}

static void open_math(lua_State *lua)
{
    luaL_requiref(lua, LUA_MATHLIBNAME, luaopen_math, 0);
    drop(lua, "random");
    drop(lua, "randomseed");
}

static void open_utf8(lua_State *lua)
{
    luaL_requiref(lua, LUA_UTF8LIBNAME, luaopen_utf8, 0);
}

void sandbox_make_words(lua_State *lua)
{
    static const struct {
        const char *name, *prefix;
        void (*open)(lua_State *);
    } libraries[] = {
        {"string", "string.", open_string},
        {"table", "table.", open_table},
        {"math", "math.", open_math},
        {"utf8", "utf8.", open_utf8},
    };
    static const char *const let_in[] = {"select", "type", "tonumber", "ipairs", "assert"};

    lua_createtable(lua, 0, 16);
    int words = lua_gettop(lua);
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        libraries[i].open(lua);
        guard(lua, libraries[i].prefix);
        lua_setfield(lua, words, libraries[i].name);
    }
    luaL_requiref(lua, LUA_GNAME, luaopen_base, 0);
    for (size_t i = 0; i < sizeof let_in / sizeof *let_in; i++) {
        lua_getfield(lua, -1, let_in[i]);
        lua_setfield(lua, words, let_in[i]);
    }
    lua_pop(lua, 1);
    add_function(lua, "tostring", word_tostring);
    add_function(lua, "pairs", word_pairs);
    add_function(lua, "error", word_error);
    guard(lua, "");

    /* The globals that Lua made are dropped with everything that hangs on them. */
    lua_rawseti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_pushnil(lua);
    lua_setfield(lua, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
}

/* Calls the function that is upvalue 1. */
static int call_word(lua_State *lua)
{
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_insert(lua, 1);
    lua_call(lua, lua_gettop(lua) - 1, LUA_MULTRET);
    return lua_gettop(lua);
}

void sandbox_add(lua_State *lua, const char *name)
{
    /* `return strategy {...}` is a tail call, which would leave no trace of the line that made it; a tail call of a C
     * function does. */
    if (lua_isfunction(lua, -1) && !lua_iscfunction(lua, -1))
        lua_pushcclosure(lua, call_word, 1);
    lua_rawgeti(lua, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    luaL_getmetafield(lua, -1, "__index");
    lua_pushstring(lua, name);
    lua_pushvalue(lua, -4);
    lua_rawset(lua, -3);
    lua_pop(lua, 3);
}
