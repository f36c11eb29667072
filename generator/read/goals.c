/* `require`: goals that predictions are held to. `claims`: figures to audit, which are only checked here. */
#include "read/keys.h"

#include <string.h>

static bool read_require(struct reader *reader)
{
    static const char *const known[] = {"ttft", "throughput"};
    static const struct quantity_key ttft = {"require.ttft", time_units, "10 s"};
    static const struct quantity_key throughput = {"require.throughput", rate_units, "100 tokens/ms/gpu"};
    struct strategy *out = reader->out;
    const char *text = "";
    if (!key_table(reader, "require", known, 2, "{ ttft = \"10 s\" }") ||
        !key_quantity(reader, &ttft, &out->require.ttft_s) ||
        !key_quantity(reader, &throughput, &out->require.tokens_per_s) ||
        !key_text(reader, throughput.key, throughput.example, &text))
        return false;
    out->require.per_rank = strstr(text, "/gpu") != NULL;
    out->require.ttft_line = reader_line(reader, ttft.key);
    out->require.throughput_line = reader_line(reader, throughput.key);
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
    return read_require(reader) && check_claims(reader);
}
