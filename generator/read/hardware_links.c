/* `links` of a description of hardware: the levels of its network, innermost first. Each but the last joins so many
 * consecutive ranks, and a level is made of whole levels of the one before. */
#include "read/hardware_parts.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { MOST_NAME_LETTERS = 48 };

static const char example[] = "{ name = \"node\", ranks = 8, bandwidth = \"450 GB/s\", latency = \"2 us\" }";

/* A level that is being read, and the paths of its keys. */
struct level {
    const struct description *description;
    int index, count;
    struct link_level *out;
};

static const char *level_key(const struct level *level, const char *key, char out[KEY_PATH_TEXT])
{
    snprintf(out, KEY_PATH_TEXT, "links[%d]%s%s", level->index + 1, *key ? "." : "", key);
    return out;
}

static const char *level_path(const struct level *level, const char *key, char out[KEY_PATH_TEXT])
{
    char within[KEY_PATH_TEXT];
    return description_path(level->description, level_key(level, key, within), out);
}

static bool fail_missing(const struct level *level, const char *key, const char *value)
{
    char path[KEY_PATH_TEXT];
    level_path(level, key, path);
    return reader_fail(level->description->reader, path, "%s is missing; write %s = %s", path, key, value);
}

static bool read_name(const struct level *level)
{
    char path[KEY_PATH_TEXT];
    struct reader *reader = level->description->reader;
    if (!key_text(reader, level_path(level, "name", path), "node", &level->out->name))
        return false;
    const char *name = level->out->name;
    if (!name)
        return fail_missing(level, "name", "\"node\"");
    if (!*name || strlen(name) > MOST_NAME_LETTERS)
        return reader_fail(reader, path, "%s has %zu letters; give 1 to %d", path, strlen(name), MOST_NAME_LETTERS);
    for (const struct link_level *other = level->description->out->links; other < level->out; other++)
        if (strcmp(other->name, name) == 0)
            return reader_fail(reader, path, "%s is \"%s\", as another level's is; give each its own name", path, name);
    return true;
}

static bool read_ranks(const struct level *level)
{
    char path[KEY_PATH_TEXT];
    struct reader *reader = level->description->reader;
    bool is_last = level->index == level->count - 1;
    int ranks = 0;
    if (!key_integer(reader, level_path(level, "ranks", path), 2, MAX_WORLD, &ranks))
        return false;
    if (is_last && ranks)
        return reader_fail(reader, path, "%s is %d; the last level joins all ranks: leave ranks out, or add a level",
                           path, ranks);
    if (!is_last && !ranks)
        return reader_fail(reader, path, "%s is missing; only the last level, which joins all ranks, goes without",
                           path);
    level->out->ranks = is_last ? INT_MAX : ranks;
    int inner = level->index > 0 ? level->out[-1].ranks : 1;
    if (!is_last && (ranks <= inner || ranks % inner != 0))
        return reader_fail(reader, path, "%s is %d; give a multiple of the %d ranks of the level before it", path,
                           ranks, inner);
    return true;
}

/* A text is the rate that is reached; a table states the line rate, or both. */
static bool read_bandwidth(const struct level *level)
{
    char key[KEY_PATH_TEXT], path[KEY_PATH_TEXT];
    struct reader *reader = level->description->reader;
    struct quantity_key bandwidth = {level_key(level, "bandwidth", key), bandwidth_units, "450 GB/s"};
    int type = key_push(reader, level_path(level, "bandwidth", path));
    lua_pop(reader->lua, 1);
    if (type == LUA_TNIL)
        return fail_missing(level, "bandwidth", "\"450 GB/s\"");
    struct rate rate = {0};
    if (type == LUA_TTABLE) {
        if (!description_read_rate(level->description, &bandwidth, &rate))
            return false;
    } else {
        bandwidth.key = path;
        if (!key_quantity(reader, &bandwidth, &rate.sustained))
            return false;
    }
    level->out->bandwidth = rate.sustained;
    return true;
}

static bool read_latency(const struct level *level)
{
    char path[KEY_PATH_TEXT];
    const struct quantity_key latency = {level_path(level, "latency", path), time_units, "2 us"};
    return key_quantity(level->description->reader, &latency, &level->out->latency_s) &&
           (level->out->latency_s > 0 || fail_missing(level, "latency", "\"2 us\""));
}

static bool read_level(const struct level *level)
{
    static const char *const known[] = {"name", "ranks", "bandwidth", "latency"};
    char path[KEY_PATH_TEXT];
    level_path(level, "", path);
    level->out->line = reader_line(level->description->reader, path);
    return key_table(level->description->reader, path, known, COUNT(known), example) && read_name(level) &&
           read_ranks(level) && read_bandwidth(level) && read_latency(level);
}

/* The number of items of the list on top of the stack; -1 when it is no list. */
static int list_length(lua_State *lua)
{
    lua_Integer length = (lua_Integer)lua_rawlen(lua, -1), seen = 0, index;
    for (lua_pushnil(lua); lua_next(lua, -2); lua_pop(lua, 1), seen++)
        if (!whole_number(lua, -2, &index) || index < 1 || index > length) {
            lua_pop(lua, 2);
            return -1;
        }
    return seen == length && length <= INT_MAX ? (int)length : -1;
}

bool description_read_links(const struct description *description)
{
    struct reader *reader = description->reader;
    char path[KEY_PATH_TEXT], value[VALUE_TEXT];
    int type = key_push(reader, description_path(description, "links", path)), count = 0;
    value_text(reader->lua, -1, value);
    if (type != LUA_TNIL)
        count = type == LUA_TTABLE ? list_length(reader->lua) : -1;
    lua_pop(reader->lua, 1);
    if (count < 0)
        return reader_fail(reader, path, "%s is %s; give a list of levels, links = { %s }", path,
                           type == LUA_TTABLE ? "no list" : value, example);
    if (count > MAX_LINK_LEVELS)
        return reader_fail(reader, path, "%s has %d levels; give at most %d", path, count, MAX_LINK_LEVELS);
    description->out->link_count = count;
    for (int i = 0; i < count; i++) {
        const struct level level = {description, i, count, &description->out->links[i]};
        if (!read_level(&level))
            return false;
    }
    return true;
}
