/* The key `calibration` of a description: the numbers that `rankc calibrate` measured. Nobody writes them by hand, so a
 * table that is not as that command writes it is refused with one advice: to calibrate again. */
#include "read/hardware_parts.h"

#include <stdio.h>
#include <string.h>

static const double nanosecond = 1e-9;
static const char *const dtype_words[HARDWARE_DTYPES] = {[DTYPE_BF16] = "bf16", [DTYPE_F32] = "f32"};
static const char *const company_words[COMPANIES] = {[ALONE] = "alone", [TOGETHER] = "together"};

/* Where in the table is being read, for errors: "calibration.line_ns.bf16". */
struct walk {
    const struct description *description;
    char path[KEY_PATH_TEXT];
};

static bool refuse(const struct walk *walk, const char *what)
{
    return reader_fail(walk->description->reader, walk->path, "%s %s; run rankc calibrate again", walk->path, what);
}

/* Pushes the list or table `name` of the one on top. */
static bool enter(struct walk *walk, const char *name)
{
    lua_getfield(walk->description->reader->lua, -1, name);
    size_t length = strlen(walk->path);
    snprintf(walk->path + length, sizeof walk->path - length, ".%s", name);
    return lua_istable(walk->description->reader->lua, -1) || refuse(walk, "is no table");
}

static void leave(struct walk *walk)
{
    lua_pop(walk->description->reader->lua, 1);
    *strrchr(walk->path, '.') = '\0';
}

/* The list on top: `count` numbers from `least` on. */
static bool take_numbers(const struct walk *walk, int count, double least, double factor, double *out)
{
    lua_State *lua = walk->description->reader->lua;
    if (lua_rawlen(lua, -1) != (size_t)count)
        return refuse(walk, "has another length than it should");
    for (int i = 0; i < count; i++) {
        bool number = lua_rawgeti(lua, -1, i + 1) == LUA_TNUMBER;
        double value = lua_tonumber(lua, -1);
        out[i] = value * factor;
        lua_pop(lua, 1);
        if (!number || !(value >= least && value < 1e18))
            return refuse(walk, "holds something that is no measurement");
    }
    return true;
}

static int length_of(struct walk *walk, const char *name)
{
    lua_getfield(walk->description->reader->lua, -1, name);
    int length =
        lua_istable(walk->description->reader->lua, -1) ? (int)lua_rawlen(walk->description->reader->lua, -1) : 0;
    lua_pop(walk->description->reader->lua, 1);
    return length;
}

static bool is_ascending(const double *numbers, int count)
{
    for (int i = 1; i < count; i++)
        if (!(numbers[i] > numbers[i - 1]))
            return false;
    return numbers[0] >= 1;
}

/* `footprint_bytes` and `rows`: what the lists of line_ns stand for. */
static bool read_points(struct walk *walk, struct calibration *out)
{
    double rows[MAX_ROW_POINTS] = {0};
    out->footprints = length_of(walk, "footprint_bytes");
    out->row_points = length_of(walk, "rows");
    if (out->footprints < 1 || out->footprints > MAX_FOOTPRINTS || out->row_points < 1 ||
        out->row_points > MAX_ROW_POINTS)
        return refuse(walk, "has no usable lists footprint_bytes and rows");
    if (!enter(walk, "footprint_bytes") || !take_numbers(walk, out->footprints, 0, 1, out->footprint_bytes))
        return false;
    leave(walk);
    if (!enter(walk, "rows") || !take_numbers(walk, out->row_points, 0, 1, rows))
        return false;
    leave(walk);
    for (int i = 0; i < out->row_points; i++)
        out->rows[i] = (int)rows[i];
    return (is_ascending(out->footprint_bytes, out->footprints) && is_ascending(rows, out->row_points)) ||
           refuse(walk, "has points that do not ascend");
}

static bool read_company(struct walk *walk, int dtype, int company, struct calibration *out)
{
    lua_State *lua = walk->description->reader->lua;
    if (!enter(walk, company_words[company]))
        return false;
    for (int level = 0; level < out->footprints; level++) {
        if (lua_rawgeti(lua, -1, level + 1) != LUA_TTABLE)
            return refuse(walk, "lacks a list");
        if (!take_numbers(walk, out->row_points, 0, nanosecond, out->line_s[dtype][company][level]))
            return false;
        lua_pop(lua, 1);
    }
    leave(walk);
    return true;
}

static bool read_lines(struct walk *walk, struct calibration *out)
{
    if (!enter(walk, "line_ns"))
        return false;
    for (int dtype = 0; dtype < HARDWARE_DTYPES; dtype++) {
        if (!enter(walk, dtype_words[dtype]))
            return false;
        for (int company = 0; company < COMPANIES; company++)
            if (!read_company(walk, dtype, company, out))
                return false;
        leave(walk);
    }
    leave(walk);
    return true;
}

static bool read_starts(struct walk *walk, struct calibration *out)
{
    if (!enter(walk, "start_ns"))
        return false;
    for (int dtype = 0; dtype < HARDWARE_DTYPES; dtype++) {
        if (!enter(walk, dtype_words[dtype]))
            return false;
        for (int company = 0; company < COMPANIES; company++) {
            if (!enter(walk, company_words[company]) ||
                !take_numbers(walk, out->footprints, 0, nanosecond, out->start_s[dtype][company]))
                return false;
            leave(walk);
        }
        leave(walk);
    }
    leave(walk);
    return true;
}

static bool read_ops(struct walk *walk, struct calibration *out)
{
    if (!enter(walk, "op_ns"))
        return false;
    for (int kind = 0; kind < OP_KINDS; kind++) {
        if (!enter(walk, op_table[kind].function) || !take_numbers(walk, OP_FEATURES, 0, nanosecond, out->op_s[kind]))
            return false;
        leave(walk);
    }
    leave(walk);
    return true;
}

static bool read_waiting(struct walk *walk, struct calibration *out)
{
    if (!enter(walk, "byte_ps") || !take_numbers(walk, out->footprints, -1e18, 1e-12, out->byte_s))
        return false;
    leave(walk);
    return true;
}

static bool read_times(struct walk *walk, struct calibration *out)
{
    static const struct {
        const char *field;
        size_t offset;
    } times[] = {
#define X(field, text) {#field, offsetof(struct calibration, field)},
        CALIBRATION_TIMES(X)
#undef X
    };
    lua_State *lua = walk->description->reader->lua;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char key[32]; /* "wake_s" is called "wake_ns" */
        snprintf(key, sizeof key, "%.*sns", (int)strlen(times[i].field) - 1, times[i].field);
        bool number = lua_getfield(lua, -1, key) == LUA_TNUMBER;
        double seconds = lua_tonumber(lua, -1) * nanosecond;
        lua_pop(lua, 1);
        if (!number || !(seconds >= 0 && seconds < 1))
            return reader_fail(walk->description->reader, walk->path,
                               "%s.%s is no time that can be; run rankc calibrate again", walk->path, key);
        memcpy((char *)out + times[i].offset, &seconds, sizeof seconds);
    }
    return true;
}

bool description_read_calibration(const struct description *description)
{
    struct walk walk = {.description = description};
    struct reader *reader = description->reader;
    int top = lua_gettop(reader->lua);
    description_path(description, "calibration", walk.path);
    int type = key_push(reader, walk.path);
    bool read = type == LUA_TNIL || type == LUA_TTABLE || refuse(&walk, "is no table");
    if (read && type == LUA_TTABLE) {
        struct calibration *out = pool_take(reader->pool, 1, sizeof *out);
        read = read_points(&walk, out) && read_lines(&walk, out) && read_starts(&walk, out) && read_ops(&walk, out) &&
               read_waiting(&walk, out) && read_times(&walk, out);
        description->out->calibrated = out;
    }
    lua_settop(reader->lua, top);
    return read;
}
