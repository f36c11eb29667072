#include "emit/bind.h"
#include "base/nearest.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char list_metatable[] = "rankc list";

struct list {
    const struct kind *kind;
    struct item first;
    int count;
};

const struct kind kind_numbers = {"number", sizeof(int), NULL, 0};

/* ---- items
 *
 * An item is an empty table whose metatable holds the fields and is its own __index; so a field is found without a call
 * into C, and an assignment always meets __newindex. What the fields lack is looked up in the metatable's metatable,
 * one for each kind. */

static int refuse_write(lua_State *lua)
{
    return luaL_error(lua, "writes to the plan, which templates only read; keep what you need in a local");
}

static int missing_field(lua_State *lua)
{
    enum { MOST_FIELDS = 64 };
    const struct kind *kind = lua_touserdata(lua, lua_upvalueindex(1));
    const char *wanted = luaL_tolstring(lua, 2, NULL), *names[MOST_FIELDS];
    for (int i = 0; i < kind->field_count && i < MOST_FIELDS; i++) {
        names[i] = kind->fields[i].name;
        if (strcmp(names[i], wanted) == 0)
            return 0; /* a field that has no value here */
    }
    const char *nearest = nearest_word(wanted, names, (size_t)kind->field_count);
    if (nearest)
        return luaL_error(lua, "a %s has no \"%s\"; did you mean \"%s\"?", kind->name, wanted, nearest);
    return luaL_error(lua, "a %s has no \"%s\"; its fields are in generator/emit/tables.c", kind->name, wanted);
}

/* The metatable that all field tables of a kind share. */
static void push_kind(lua_State *lua, const struct kind *kind)
{
    if (lua_rawgetp(lua, LUA_REGISTRYINDEX, kind) == LUA_TTABLE)
        return;
    lua_pop(lua, 1);
    lua_createtable(lua, 0, 1);
    lua_pushlightuserdata(lua, (void *)kind);
    lua_pushcclosure(lua, missing_field, 1);
    lua_setfield(lua, -2, "__index");
    lua_pushvalue(lua, -1);
    lua_rawsetp(lua, LUA_REGISTRYINDEX, kind);
}

static void push_field(lua_State *lua, const struct field *field, const struct item *item)
{
    const unsigned char *at = (const unsigned char *)item->at + field->offset;
    switch (field->type) {
    case FIELD_INT:
        lua_pushinteger(lua, *(const int *)at);
        break;
    case FIELD_OPTIONAL:
        if (*(const int *)at < 0)
            lua_pushnil(lua);
        else
            lua_pushinteger(lua, *(const int *)at);
        break;
    case FIELD_SIZE:
        lua_pushinteger(lua, (lua_Integer) * (const uint64_t *)at);
        break;
    case FIELD_TEXT:
        lua_pushstring(lua, *(const char *const *)at);
        break;
    case FIELD_FLAG:
        lua_pushboolean(lua, *(const bool *)at);
        break;
    case FIELD_MADE:
        field->push(lua, item);
        break;
    }
}

void push_item(lua_State *lua, const struct kind *kind, const struct item *item)
{
    if (kind == &kind_numbers) {
        lua_pushinteger(lua, *(const int *)item->at);
        return;
    }
    luaL_checkstack(lua, 8, "a plan is nested too deep");
    lua_createtable(lua, 0, 0);
    lua_createtable(lua, 0, kind->field_count + 2);
    for (int i = 0; i < kind->field_count; i++) {
        push_field(lua, &kind->fields[i], item);
        lua_setfield(lua, -2, kind->fields[i].name);
    }
    lua_pushvalue(lua, -1);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, refuse_write);
    lua_setfield(lua, -2, "__newindex");
    push_kind(lua, kind);
    lua_setmetatable(lua, -2);
    lua_setmetatable(lua, -2);
}

/* ---- lists */

static struct item item_at(const struct list *list, int index)
{
    struct item item = list->first;
    item.at = (const unsigned char *)item.at + (size_t)index * list->kind->size;
    item.index = index;
    return item;
}

static int list_get(lua_State *lua)
{
    const struct list *list = lua_touserdata(lua, 1);
    if (!lua_isinteger(lua, 2))
        return luaL_error(lua, "a list of the plan has no \"%s\"; use #list, ipairs(list) or a number",
                          luaL_tolstring(lua, 2, NULL));
    lua_Integer index = lua_tointeger(lua, 2) - 1;
    if (index < 0 || index >= list->count)
        return 0;
    struct item item = item_at(list, (int)index);
    push_item(lua, list->kind, &item);
    return 1;
}

static int list_length(lua_State *lua)
{
    const struct list *list = lua_touserdata(lua, 1);
    lua_pushinteger(lua, list->count);
    return 1;
}

void push_list(lua_State *lua, const struct kind *kind, const void *first, int count, const struct item *owner)
{
    struct list *list = lua_newuserdatauv(lua, sizeof *list, 0);
    *list = (struct list){kind, *owner, count};
    list->first.at = first;
    if (luaL_newmetatable(lua, list_metatable)) {
        lua_pushcfunction(lua, list_get);
        lua_setfield(lua, -2, "__index");
        lua_pushcfunction(lua, list_length);
        lua_setfield(lua, -2, "__len");
        lua_pushcfunction(lua, refuse_write);
        lua_setfield(lua, -2, "__newindex");
    }
    lua_setmetatable(lua, -2);
}

/* ---- lists as arguments of words */

static const struct list *list_argument(lua_State *lua, int argument)
{
    const struct list *list = luaL_testudata(lua, argument, list_metatable);
    if (!list)
        luaL_error(lua, "argument %d is a value of type %s; give a list of the plan", argument,
                   luaL_typename(lua, argument));
    return list;
}

const int *numbers_argument(lua_State *lua, int argument, int *count)
{
    const struct list *list = list_argument(lua, argument);
    if (list->kind != &kind_numbers)
        luaL_error(lua, "argument %d is a list of %ss; give a list of numbers", argument, list->kind->name);
    *count = list->count;
    return list->first.at;
}

size_t widest_field(lua_State *lua, int argument, const char *name)
{
    const struct list *list = list_argument(lua, argument);
    const struct field *field = list->kind->fields, *end = field + list->kind->field_count;
    while (field < end && strcmp(field->name, name) != 0)
        field++;
    if (field == end)
        luaL_error(lua, "a %s has no \"%s\" to measure; name one of its fields", list->kind->name, name);
    size_t widest = 0;
    for (int i = 0; i < list->count; i++) {
        size_t length = 0;
        struct item item = item_at(list, i);
        push_field(lua, field, &item);
        if (!lua_isnil(lua, -1))
            lua_tolstring(lua, -1, &length);
        lua_pop(lua, 1);
        widest = length > widest ? length : widest;
    }
    return widest;
}
