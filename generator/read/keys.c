#include "read/keys.h"
#include "base/nearest.h"
#include "read/key_path.h"

#include <stdio.h>
#include <string.h>

int key_push(struct reader *reader, const char *key)
{
    lua_State *lua = reader->lua;
    lua_pushvalue(lua, KEYS_INDEX);
    while (*key) {
        struct key_part part = key_path_next(&key);
        if (!lua_istable(lua, -1)) {
            lua_pushnil(lua);
        } else if (part.index) {
            lua_rawgeti(lua, -1, part.index);
        } else {
            lua_pushlstring(lua, part.name, part.length);
            lua_rawget(lua, -2);
        }
        lua_remove(lua, -2);
    }
    return lua_type(lua, -1);
}

bool whole_number(lua_State *lua, int index, lua_Integer *value)
{
    int whole = 0;
    if (lua_type(lua, index) == LUA_TNUMBER)
        *value = lua_tointegerx(lua, index, &whole);
    return whole;
}

bool made_by_word(lua_State *lua, int index, const char *word)
{
    lua_getfield(lua, index, "word");
    bool made = lua_type(lua, -1) == LUA_TSTRING && strcmp(lua_tostring(lua, -1), word) == 0;
    lua_pop(lua, 1);
    return made;
}

const char *value_text(lua_State *lua, int index, char out[VALUE_TEXT])
{
    int type = lua_type(lua, index);
    if (type == LUA_TSTRING)
        snprintf(out, VALUE_TEXT, "\"%.40s\"", lua_tostring(lua, index));
    else if (lua_isinteger(lua, index))
        snprintf(out, VALUE_TEXT, "%lld", (long long)lua_tointeger(lua, index));
    else if (type == LUA_TNUMBER)
        snprintf(out, VALUE_TEXT, "%.14g", lua_tonumber(lua, index));
    else if (type == LUA_TBOOLEAN)
        snprintf(out, VALUE_TEXT, "%s", lua_toboolean(lua, index) ? "true" : "false");
    else
        snprintf(out, VALUE_TEXT, "%s%s", type == LUA_TNIL ? "" : "a ", lua_typename(lua, type));
    return out;
}

static bool is_known(const char *word, const char *const *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, known[i]) == 0)
            return true;
    return false;
}

/* The words with commas between, each with `quote` around it. */
static const char *list_words(const char *const *words, size_t count, const char *quote, char *out, size_t room)
{
    size_t used = 0;
    *out = '\0';
    for (size_t i = 0; i < count && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%s%s%s", i ? ", " : "", quote, words[i], quote);
    return out;
}

static bool fail_unknown(struct reader *reader, const char *key, const char *word, const char *const *known,
                         size_t count)
{
    char path[128], whole[80], list[512];
    snprintf(path, sizeof path, "%s%s%.48s", key, *key ? "." : "", word);
    snprintf(whole, sizeof whole, "%s%s", *key ? "" : "a ", *key ? key : reader->kind->whole);
    const char *nearest = nearest_word(word, known, count);
    if (nearest)
        return reader_fail(reader, path, "\"%.48s\" is not a key of %s; did you mean \"%s\"?", word, whole, nearest);
    return reader_fail(reader, path, "\"%.48s\" is not a key of %s; its keys are %s", word, whole,
                       list_words(known, count, "", list, sizeof list));
}

bool key_table(struct reader *reader, const char *key, const char *const *known, size_t count, const char *example)
{
    lua_State *lua = reader->lua;
    int top = lua_gettop(lua), type = key_push(reader, key);
    char value[VALUE_TEXT];
    bool right = type == LUA_TTABLE || type == LUA_TNIL;
    if (!right)
        reader_fail(reader, key, "%s is %s; write %s = %s", key, value_text(lua, -1, value), key, example);
    const char *unknown = NULL; /* the first by name, for lua_next goes in any order */
    if (type == LUA_TTABLE) {
        for (lua_pushnil(lua); right && lua_next(lua, top + 1); lua_pop(lua, 1)) {
            if (lua_type(lua, -2) != LUA_TSTRING) {
                right = reader_fail(reader, key, "%s%s has a value without a name; write %s = %s", *key ? "" : "the ",
                                    *key ? key : reader->kind->whole, *key ? key : reader->kind->some_key, example);
                break;
            }
            const char *word = lua_tostring(lua, -2);
            if (!is_known(word, known, count) && (!unknown || strcmp(word, unknown) < 0))
                unknown = word;
        }
    }
    if (right && unknown)
        right = fail_unknown(reader, key, unknown, known, count);
    lua_settop(lua, top);
    return right;
}

bool key_integer(struct reader *reader, const char *key, int least, int most, int *value)
{
    lua_Integer number = 0;
    char text[VALUE_TEXT];
    bool right = true;
    if (key_push(reader, key) != LUA_TNIL) {
        right = whole_number(reader->lua, -1, &number) && number >= least && number <= most;
        if (right)
            *value = (int)number;
        else
            reader_fail(reader, key, "%s is %s; give a whole number from %d to %d", key,
                        value_text(reader->lua, -1, text), least, most);
    }
    lua_pop(reader->lua, 1);
    return right;
}

bool key_text(struct reader *reader, const char *key, const char *example, const char **value)
{
    char text[VALUE_TEXT];
    bool right = true;
    int type = key_push(reader, key);
    if (type == LUA_TSTRING)
        *value = pool_text(reader->pool, lua_tostring(reader->lua, -1));
    else if (type != LUA_TNIL)
        right = reader_fail(reader, key, "%s is %s; give a text such as \"%s\"", key, value_text(reader->lua, -1, text),
                            example);
    lua_pop(reader->lua, 1);
    return right;
}

/* "s, ms or us" */
static const char *list_units(const struct unit *units, char *out, size_t room)
{
    size_t used = 0;
    for (const struct unit *unit = units; unit->name && used < room; unit++)
        used += (size_t)snprintf(out + used, room - used, "%s%s",
                                 unit == units  ? ""
                                 : unit[1].name ? ", "
                                                : " or ",
                                 unit->name);
    return out;
}

bool key_quantity(struct reader *reader, const struct quantity_key *quantity, double *value)
{
    const char *text = NULL;
    double number;
    char units[128];
    if (!key_text(reader, quantity->key, quantity->example, &text))
        return false;
    if (text && (!quantity_read(text, quantity->units, &number) || number <= 0))
        return reader_fail(reader, quantity->key, "%s is \"%.40s\"; give a number above 0 in %s, such as \"%s\"",
                           quantity->key, text, list_units(quantity->units, units, sizeof units), quantity->example);
    if (text)
        *value = number;
    return true;
}

bool key_bytes(struct reader *reader, const struct quantity_key *quantity, uint64_t *bytes)
{
    static const double most = 1024.0 * 1024 * 1024 * 1024 * 1024;
    double value = (double)*bytes;
    if (!key_quantity(reader, quantity, &value))
        return false;
    if (value != 0 && (value < 1 || value > most))
        return reader_fail(reader, quantity->key, "%s is %.3g bytes; give 1 B to 1024 TiB, such as \"%s\"",
                           quantity->key, value, quantity->example);
    *bytes = (uint64_t)value;
    return true;
}

static size_t count_words(const char *const *words)
{
    size_t count = 0;
    while (words[count])
        count++;
    return count;
}

bool key_word(struct reader *reader, const struct word_key *word, const char **value)
{
    if (!key_text(reader, word->key, word->words[0], value))
        return false;
    size_t count = count_words(word->words);
    if (is_known(*value, word->words, count))
        return true;
    char list[256];
    list_words(word->words, count, "\"", list, sizeof list);
    if (is_known(*value, word->planned, count_words(word->planned)))
        return reader_fail(reader, word->key, "%s \"%s\" has no backend yet; use %s%s", word->key, *value,
                           count > 1 ? "one of " : "", list);
    const char *nearest = nearest_word(*value, word->words, count);
    if (nearest)
        return reader_fail(reader, word->key, "%s \"%.40s\" is unknown; did you mean \"%s\"?", word->key, *value,
                           nearest);
    return reader_fail(reader, word->key, "%s \"%.40s\" is unknown; use %s%s", word->key, *value,
                       count > 1 ? "one of " : "", list);
}
