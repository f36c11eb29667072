#include "read/lua_json.h"

enum { MOST_DEPTH = 8 };

static json_t *convert(lua_State *lua, int depth, const char **problem);

static json_t *convert_list(lua_State *lua, int depth, const char **problem)
{
    json_t *list = json_array();
    lua_Integer count = (lua_Integer)lua_rawlen(lua, -1);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(lua, -1, i);
        json_t *item = convert(lua, depth + 1, problem);
        lua_pop(lua, 1);
        if (!item || json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *convert_object(lua_State *lua, int depth, const char **problem)
{
    json_t *object = json_object();
    int table = lua_gettop(lua);
    for (lua_pushnil(lua); lua_next(lua, table); lua_pop(lua, 1)) {
        json_t *item = NULL;
        if (lua_type(lua, -2) != LUA_TSTRING)
            *problem = "a table with both names and positions";
        else
            item = convert(lua, depth + 1, problem);
        if (!item || json_object_set_new(object, lua_tostring(lua, -2), item) != 0) {
            *problem = *problem ? *problem : "text that is not UTF-8";
            json_decref(object);
            lua_settop(lua, table);
            return NULL;
        }
    }
    return object;
}

/* The value on top of the stack. */
static json_t *convert(lua_State *lua, int depth, const char **problem)
{
    lua_Integer integer;
    int whole;
    json_t *json = NULL;
    if (depth > MOST_DEPTH || !lua_checkstack(lua, 8)) {
        *problem = "tables nested more than 8 deep";
        return NULL;
    }
    switch (lua_type(lua, -1)) {
    case LUA_TTABLE:
        return lua_rawlen(lua, -1) > 0 ? convert_list(lua, depth, problem) : convert_object(lua, depth, problem);
    case LUA_TSTRING:
        json = json_string(lua_tostring(lua, -1));
        *problem = json ? NULL : "text that is not UTF-8";
        return json;
    case LUA_TBOOLEAN:
        return json_boolean(lua_toboolean(lua, -1));
    case LUA_TNUMBER:
        integer = lua_tointegerx(lua, -1, &whole);
        json = whole ? json_integer(integer) : json_real(lua_tonumber(lua, -1));
        *problem = json ? NULL : "a number that is not finite";
        return json;
    default:
        *problem = "a function";
        return NULL;
    }
}

json_t *json_from_lua(lua_State *lua, int index, const char **problem)
{
    *problem = NULL;
    lua_pushvalue(lua, index);
    json_t *json = convert(lua, 0, problem);
    lua_pop(lua, 1);
    return json;
}
