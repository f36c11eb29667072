/* `require` and `claims`: goals and figures for the passes that predict. Until those exist they are only checked. */
#include "read/keys.h"
#include "read/units.h"

static bool check_quantity(struct reader *reader, const char *key, const struct unit *units, const char *example)
{
    const char *text = NULL;
    double value;
    if (!key_text(reader, key, example, &text))
        return false;
    if (text && (!quantity_read(text, units, &value) || value <= 0))
        return reader_fail(reader, key, "%s is \"%.40s\"; give a number and a unit, such as \"%s\"", key, text,
                           example);
    return true;
}

static bool check_claims(struct reader *reader)
{
    lua_State *lua = reader->lua;
    int top = lua_gettop(lua), type = key_push(reader, "claims");
    char value[VALUE_TEXT];
    bool right = true;
    if (type != LUA_TNIL && type != LUA_TTABLE)
        right =
            reader_fail(reader, "claims", "claims is %s; give a table of named figures", value_text(lua, -1, value));
    else if (type == LUA_TTABLE)
        for (lua_pushnil(lua); right && lua_next(lua, top + 1); lua_pop(lua, 1))
            if (lua_type(lua, -2) != LUA_TSTRING)
                right = reader_fail(reader, "claims", "claims has a value without a name; write name = value");
    lua_settop(lua, top);
    return right;
}

bool read_goals(struct reader *reader)
{
    static const char *const known[] = {"ttft", "throughput"};
    return key_table(reader, "require", known, 2, "{ ttft = \"10 s\" }") &&
           check_quantity(reader, "require.ttft", time_units, "10 s") &&
           check_quantity(reader, "require.throughput", rate_units, "100 tokens/ms/gpu") && check_claims(reader);
}
