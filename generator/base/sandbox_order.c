/* pairs and table.sort with one outcome: Lua's own go by hash order and by the time of day. */
#include "base/sandbox_parts.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

/* ---- pairs */

/* A key of a table that is being sorted. */
struct sort_key {
    int type;
    bool whole; /* an integer */
    lua_Integer integer;
    lua_Number number;
    const char *text;
    size_t length;
};

static int type_order(int type)
{
    return type == LUA_TNUMBER ? 0 : type == LUA_TSTRING ? 1 : 2;
}

static int compare_keys(const void *left_key, const void *right_key)
{
    const struct sort_key *left = left_key, *right = right_key;
    if (left->type != right->type)
        return type_order(left->type) - type_order(right->type);
    if (left->type == LUA_TSTRING) {
        size_t shorter = left->length < right->length ? left->length : right->length;
        int order = memcmp(left->text, right->text, shorter);
        return order ? order : (left->length > right->length) - (left->length < right->length);
    }
    if (left->whole && right->whole)
        return (left->integer > right->integer) - (left->integer < right->integer);
    return (left->number > right->number) - (left->number < right->number);
}

static struct sort_key read_key(lua_State *lua, int index)
{
    struct sort_key key = {.type = lua_type(lua, index)};
    if (key.type == LUA_TSTRING) {
        key.text = lua_tolstring(lua, index, &key.length);
    } else if (key.type == LUA_TNUMBER) {
        key.whole = lua_isinteger(lua, index);
        key.integer = lua_tointeger(lua, index);
        key.number = lua_tonumber(lua, index);
    } else if (key.type == LUA_TBOOLEAN) {
        key.whole = true;
        key.integer = lua_toboolean(lua, index);
    } else {
        luaL_error(lua, "pairs cannot order a table whose keys are of type %s; use texts or numbers as keys",
                   luaL_typename(lua, index));
    }
    return key;
}

static void push_key(lua_State *lua, const struct sort_key *key)
{
    if (key->type == LUA_TSTRING)
        lua_pushlstring(lua, key->text, key->length);
    else if (key->type == LUA_TBOOLEAN)
        lua_pushboolean(lua, (int)key->integer);
    else if (key->whole)
        lua_pushinteger(lua, key->integer);
    else
        lua_pushnumber(lua, key->number);
}

/* Pushes a list of the keys of the table at index 1, in order. */
static lua_Integer push_sorted_keys(lua_State *lua)
{
    size_t count = 0;
    for (lua_pushnil(lua); lua_next(lua, 1); lua_pop(lua, 1))
        count++;
    struct sort_key *keys = lua_newuserdatauv(lua, (count + 1) * sizeof *keys, 0);
    size_t read = 0;
    for (lua_pushnil(lua); lua_next(lua, 1); lua_pop(lua, 1))
        keys[read++] = read_key(lua, -2);
    qsort(keys, count, sizeof *keys, compare_keys);
    lua_createtable(lua, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        push_key(lua, &keys[i]);
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
    return (lua_Integer)count;
}

/* Upvalues: the table, the list of its keys, the position in it. A key that was cleared on the way is passed over. */
static int next_pair(lua_State *lua)
{
    lua_Integer position = lua_tointeger(lua, lua_upvalueindex(3));
    for (;;) {
        position++;
        if (lua_rawgeti(lua, lua_upvalueindex(2), position) == LUA_TNIL)
            return 1;
        lua_pushvalue(lua, -1);
        if (lua_rawget(lua, lua_upvalueindex(1)) != LUA_TNIL)
            break;
        lua_pop(lua, 2);
    }
    lua_pushinteger(lua, position);
    lua_replace(lua, lua_upvalueindex(3));
    return 2;
}

int word_pairs(lua_State *lua)
{
    luaL_checkany(lua, 1);
    if (luaL_getmetafield(lua, 1, "__pairs") != LUA_TNIL) { /* a table of the host's, which orders it itself */
        lua_pushvalue(lua, 1);
        lua_call(lua, 1, 3);
        return 3;
    }
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_settop(lua, 1);
    push_sorted_keys(lua);
    lua_replace(lua, 2);
    lua_settop(lua, 2);
    lua_pushinteger(lua, 0);
    lua_pushcclosure(lua, next_pair, 3);
    return 1;
}

/* ---- table.sort */

/* Whether the value at `left` comes before the one at `right`, by the order function at index 2 where there is one. */
static bool comes_before(lua_State *lua, int left, int right)
{
    if (lua_isnil(lua, 2))
        return lua_compare(lua, left, right, LUA_OPLT);
    lua_pushvalue(lua, 2);
    lua_pushvalue(lua, left < 0 ? left - 1 : left);
    lua_pushvalue(lua, right < 0 ? right - 2 : right);
    lua_call(lua, 2, 1);
    bool before = lua_toboolean(lua, -1);
    lua_pop(lua, 1);
    return before;
}

/* Merges the runs [first, middle) and [middle, last) of the list at index `from` into the one at index `to`. */
static void merge_runs(lua_State *lua, int from, int to, lua_Integer first, lua_Integer middle, lua_Integer last)
{
    lua_Integer left = first, right = middle;
    for (lua_Integer out = first; out < last; out++) {
        bool take_right = left >= middle;
        if (!take_right && right < last) {
            lua_geti(lua, from, left);
            lua_geti(lua, from, right);
            take_right = comes_before(lua, -1, -2);
            lua_pop(lua, 2);
        }
        lua_geti(lua, from, take_right ? right++ : left++);
        lua_seti(lua, to, out);
    }
}

/* Lua's own sort picks pivots by the time of day, which shows in the order of equal elements. This one keeps them in
 * order: runs of 1, 2, 4, ... elements are merged from the list into a spare one and back. */
int word_sort(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    if (!lua_isnoneornil(lua, 2))
        luaL_checktype(lua, 2, LUA_TFUNCTION);
    lua_settop(lua, 2);
    lua_Integer count = luaL_len(lua, 1);
    lua_createtable(lua, (int)count, 0);
    int from = 1, to = 3;
    for (lua_Integer run = 1; run < count; run *= 2) {
        for (lua_Integer first = 1; first <= count; first += 2 * run) {
            lua_Integer end = count + 1;
            lua_Integer middle = first + run < end ? first + run : end;
            lua_Integer last = middle + run < end ? middle + run : end;
            merge_runs(lua, from, to, first, middle, last);
        }
        from = to;
        to = 4 - from;
    }
    for (lua_Integer i = 1; from != 1 && i <= count; i++) {
        lua_geti(lua, from, i);
        lua_seti(lua, 1, i);
    }
    return 0;
}
