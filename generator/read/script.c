/* Runs a strategy, or a description of hardware, in the sandbox, up to the table that it returns. */
#include "base/file.h"
#include "base/home.h"
#include "read/keys.h"

#include <lauxlib.h>
#include <string.h>

enum { MOST_SOURCE_BYTES = 1 << 20 };

static int line_word(lua_State *lua)
{
    lua_pushinteger(lua, sandbox_line(lua, (int)luaL_checkinteger(lua, 1)));
    return 1;
}

/* Runs templates/dsl.lua and makes what it returns globals. */
static bool load_words(struct reader *reader)
{
    lua_State *lua = reader->lua;
    char path[4096];
    struct text text = {0};
    bool loaded = home_path("templates/dsl.lua", path, sizeof path, reader->error) &&
                  file_read(path, MOST_SOURCE_BYTES, &text, reader->error) &&
                  sandbox_load(lua, path, text.bytes, text.length, reader->error);
    text_free(&text);
    if (!loaded)
        return false;
    lua_pushcfunction(lua, line_word);
    if (!sandbox_call(lua, 1, 1, reader->error))
        return false;
    for (lua_pushnil(lua); lua_next(lua, 1);)
        sandbox_add(lua, lua_tostring(lua, -2));
    lua_settop(lua, 0);
    return true;
}

/* The last line that holds anything, for what is wrong with the file as a whole. */
static int last_line(const struct text *source)
{
    size_t length = source->length;
    int line = 1;
    while (length > 0 && strchr(" \t\r\n", source->bytes[length - 1]))
        length--;
    for (size_t i = 0; i < length; i++)
        line += source->bytes[i] == '\n';
    return line;
}

/* Leaves the table that the kind's word was given as the only thing on the stack. */
static bool run_source(struct reader *reader)
{
    lua_State *lua = reader->lua;
    const char *path = reader->path, *word = reader->kind->word;
    char value[VALUE_TEXT];
    if (!sandbox_load(lua, path, reader->source.bytes, reader->source.length, reader->error) ||
        !sandbox_call(lua, 0, 1, reader->error))
        return false;
    bool made_by_word_of_kind = false;
    if (lua_istable(lua, 1)) {
        lua_getfield(lua, 1, "line");
        lua_getfield(lua, 1, "keys");
        made_by_word_of_kind = made_by_word(lua, 1, word) && lua_isinteger(lua, 2) && lua_istable(lua, 3);
    }
    if (!made_by_word_of_kind)
        return fail(reader->error, path, last_line(&reader->source),
                    "the file returns %s; end it with return %s { ... }",
                    lua_isnil(lua, 1) ? "nothing" : value_text(lua, 1, value), word);
    reader->call_line = (int)lua_tointeger(lua, 2);
    lua_replace(lua, 1);
    lua_settop(lua, 1);
    return true;
}

bool script_run(struct reader *reader)
{
    reader->lua = sandbox_open(reader->limits);
    return file_read(reader->path, MOST_SOURCE_BYTES, &reader->source, reader->error) && load_words(reader) &&
           run_source(reader);
}

void script_close(struct reader *reader)
{
    sandbox_close(reader->lua);
    text_free(&reader->source);
}
