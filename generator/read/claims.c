/* The key `claims`: figures that a document states, one by one, by the name of their quantity.
 *
 *     claims = {
 *       parameters = "10 B",
 *       throughput = {                                          -- two figures of one quantity, each with a label
 *         achieved = { "12.0 tokens/ms/gpu", mfu = "60 %" },    -- a figure with a condition
 *         required = ">= 100 tokens/ms/gpu",
 *       },
 *       assume = { top_k = { 2, 4 } },                          -- what the document leaves open: assume.c
 *     }
 */
#include "claims.h"
#include "base/nearest.h"
#include "published.h"
#include "read/claim_text.h"
#include "read/keys.h"
#include "read/source_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_ROOM = 192, LIST_ROOM = 512, MOST_CLAIMS = 256 };

/* The names of one table of the strategy, in the order of their lines. */
struct names {
    struct name {
        char text[49];
        int line;
    } list[MOST_CLAIMS];
    int count;
};

/* "claims.throughput" and "mfu": "claims.throughput.mfu". */
static void join(char out[KEY_ROOM], const char *key, const char *name)
{
    snprintf(out, KEY_ROOM, "%.*s.%s", KEY_ROOM / 2, key, name);
}

static int by_line(const void *left, const void *right)
{
    const struct name *one = left, *other = right;
    return one->line != other->line ? one->line - other->line : strcmp(one->text, other->text);
}

static bool is_plain(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= 48 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

/* The names in the table at `key`; the figure of a claim, its value without a name, is left out where `figure` allows
 * one. A name that the source gives twice is refused, for Lua would drop the first. */
static bool read_names(struct reader *reader, const char *key, bool figure, struct names *names)
{
    lua_State *lua = reader->lua;
    int top = lua_gettop(lua);
    char path[KEY_ROOM];
    bool right = true;
    key_push(reader, key);
    names->count = 0;
    for (lua_pushnil(lua); right && lua_next(lua, top + 1); lua_pop(lua, 1)) {
        if (figure && lua_isinteger(lua, -2) && lua_tointeger(lua, -2) == 1)
            continue;
        if (lua_type(lua, -2) != LUA_TSTRING)
            right = reader_fail(reader, key, "%s has a value without a name; write name = value", key);
        else if (strlen(lua_tostring(lua, -2)) >= sizeof names->list->text)
            right = reader_fail(reader, key, "%s has a name of more than 48 letters; shorten it", key);
        else if (names->count == MOST_CLAIMS)
            right = reader_fail(reader, key, "%s has more than %d names; split the document", key, MOST_CLAIMS);
        else
            snprintf(names->list[names->count++].text, sizeof names->list->text, "%s", lua_tostring(lua, -2));
        if (!right)
            break;
    }
    lua_settop(lua, top);
    for (int i = 0; right && i < names->count; i++) {
        join(path, key, names->list[i].text);
        names->list[i].line = reader_line(reader, path);
    }
    qsort(names->list, (size_t)names->count, sizeof *names->list, by_line);
    for (int i = 0; right && i < names->count; i++) {
        join(path, key, names->list[i].text);
        int again =
            source_line_again(reader->source.bytes, reader->source.length, reader->kind->word, reader->call_line, path);
        if (again)
            right = fail(reader->error, reader->path, again,
                         "%s is stated at line %d already; give the figures of one quantity labels that differ: "
                         "{ one = ..., other = ... }",
                         path, names->list[i].line);
    }
    return right;
}

/* ---- one figure */

static bool read_figure(struct reader *reader, const char *key, struct claim *claim)
{
    const struct quantity_info *info = &quantity_table[claim->quantity];
    char units[LIST_ROOM];
    switch (figure_read(claim->text, info->dimension, &claim->figure)) {
    case FIGURE_RIGHT:
        return true;
    case FIGURE_BACKWARDS:
        return reader_fail(reader, key, "%s is \"%.40s\", a range that does not rise; write the smaller number first",
                           key, claim->text);
    case FIGURE_UNIT:
        return reader_fail(reader, key, "%s is \"%.40s\"; %s is stated in %s", key, claim->text, info->name,
                           dimension_unit_list(info->dimension, units, sizeof units));
    case FIGURE_NO_NUMBER:
        break;
    }
    return reader_fail(reader, key,
                       "%s is \"%.40s\"; give a number, a range such as 2-4, or a bound such as >= 2, "
                       "in %s",
                       key, claim->text, dimension_unit_list(info->dimension, units, sizeof units));
}

static bool read_mfu(struct reader *reader, const char *key, struct claim *claim)
{
    const char *text = NULL;
    struct figure mfu;
    if (!key_text(reader, key, "60 %", &text))
        return false;
    if (figure_read(text, IN_SHARE, &mfu) != FIGURE_RIGHT || mfu.least != mfu.most || mfu.least <= 0 || mfu.least > 1)
        return reader_fail(reader, key, "%s is \"%.40s\"; give a share of the peak above 0 and at most 100 %%", key,
                           text);
    claim->mfu = mfu.least;
    return true;
}

static bool read_charged(struct reader *reader, const char *key, struct claim *claim)
{
    static const char *const words[] = {"active", "all", NULL}, *const planned[] = {NULL};
    const char *word = NULL;
    if (!key_word(reader, &(struct word_key){key, words, planned}, &word))
        return false;
    claim->charged_all = strcmp(word, "all") == 0;
    return true;
}

/* Conditions under which a figure is stated, and the quantities that can have them. */
static const struct condition {
    const char *name;
    bool (*read)(struct reader *reader, const char *key, struct claim *claim);
} conditions[] = {{"mfu", read_mfu}, {"charged", read_charged}};

static bool read_condition(struct reader *reader, const char *key, const char *name, struct claim *claim)
{
    char path[KEY_ROOM];
    join(path, key, name);
    if (claim->quantity != QUANTITY_throughput && claim->quantity != QUANTITY_ttft)
        return reader_fail(reader, path, "\"%s\" is no condition of %s; only throughput and ttft have conditions", name,
                           quantity_table[claim->quantity].name);
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        if (strcmp(name, conditions[i].name) == 0)
            return conditions[i].read(reader, path, claim);
    return reader_fail(reader, path, "\"%s\" is no condition of a figure; the conditions are mfu and charged", name);
}

static bool read_conditions(struct reader *reader, const char *key, struct claim *claim)
{
    struct names names;
    bool right = read_names(reader, key, true, &names);
    for (int i = 0; right && i < names.count; i++)
        right = read_condition(reader, key, names.list[i].text, claim);
    return right;
}

/* The value at `key`: a text, or a table whose first value is one. NULL: neither. */
static const char *figure_text(struct reader *reader, const char *key, bool *has_conditions)
{
    lua_State *lua = reader->lua;
    const char *text = NULL;
    *has_conditions = key_push(reader, key) == LUA_TTABLE;
    if (*has_conditions)
        lua_rawgeti(lua, -1, 1);
    if (lua_type(lua, -1) == LUA_TSTRING)
        text = pool_text(reader->pool, lua_tostring(lua, -1));
    lua_pop(lua, *has_conditions ? 2 : 1);
    return text;
}

static bool add_claim(struct reader *reader, const char *key, enum quantity quantity, const char *label,
                      struct claims *claims)
{
    bool has_conditions;
    const char *text = figure_text(reader, key, &has_conditions);
    if (!text)
        return reader_fail(reader, key, "%s has no figure; write \"10 GB\", or { \"10 GB\", condition = ... }", key);
    if (claims->count == MOST_CLAIMS)
        return reader_fail(reader, key, "claims has more than %d figures; split the document", MOST_CLAIMS);
    struct claim *claim = &claims->list[claims->count++];
    *claim = (struct claim){.name = pool_text(reader->pool, key + strlen("claims.")),
                            .quantity = quantity,
                            .label = label ? pool_text(reader->pool, label) : NULL,
                            .text = text,
                            .line = reader_line(reader, key)};
    return read_figure(reader, key, claim) && (!has_conditions || read_conditions(reader, key, claim));
}

/* ---- one quantity */

static bool check_label(struct reader *reader, const char *key, enum label kind, const char *label)
{
    char list[LIST_ROOM];
    if (!is_plain(label))
        return reader_fail(reader, key, "%s has a label of other letters than a-z, 0-9 and _; rename it", key);
    if (kind == AXIS_LABEL) {
        for (int axis = 0; axis < AXES; axis++)
            if (strcmp(label, axis_names[axis]) == 0)
                return true;
        return reader_fail(reader, key, "\"%s\" is no axis of the grid; use dp, pp, ep or tp", label);
    }
    if (kind == PUBLISHED_LABEL && !published_system(label))
        return reader_fail(reader, key, "\"%s\" is no system whose publications are known; use %s", label,
                           published_systems(list, sizeof list));
    return true;
}

static bool add_labelled(struct reader *reader, const char *key, enum quantity quantity, struct claims *claims)
{
    struct names names;
    bool right = read_names(reader, key, false, &names);
    for (int i = 0; right && i < names.count; i++) {
        char path[KEY_ROOM];
        join(path, key, names.list[i].text);
        right = check_label(reader, path, quantity_table[quantity].label, names.list[i].text) &&
                add_claim(reader, path, quantity, names.list[i].text, claims);
    }
    return right;
}

/* A figure, or a table of labelled figures. */
static bool add_quantity(struct reader *reader, const char *key, enum quantity quantity, struct claims *claims)
{
    bool is_table, has_figure = figure_text(reader, key, &is_table) != NULL;
    if (is_table && !has_figure)
        return add_labelled(reader, key, quantity, claims);
    if (quantity_table[quantity].label != ANY_LABEL)
        return reader_fail(reader, key, "%s needs a label: %s = { %s = ... }", key, quantity_table[quantity].name,
                           quantity_table[quantity].label == AXIS_LABEL ? "dp" : "switch_transformer");
    return add_claim(reader, key, quantity, NULL, claims);
}

static bool find_quantity(struct reader *reader, const char *key, const char *name, enum quantity *quantity)
{
    const char *known[QUANTITY_COUNT];
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        known[i] = quantity_table[i].name;
        *quantity = i;
        if (strcmp(known[i], name) == 0)
            return true;
    }
    const char *nearest = nearest_word(name, known, QUANTITY_COUNT);
    if (nearest)
        return reader_fail(reader, key, "\"%s\" is no quantity that can be claimed; did you mean \"%s\"?", name,
                           nearest);
    return reader_fail(reader, key, "\"%s\" is no quantity that can be claimed; rankc audit --help lists them", name);
}

bool read_claims(struct reader *reader)
{
    char value[VALUE_TEXT], path[KEY_ROOM];
    int type = key_push(reader, "claims");
    bool right = type == LUA_TTABLE || type == LUA_TNIL ||
                 reader_fail(reader, "claims", "claims is %s; give a table of named figures",
                             value_text(reader->lua, -1, value));
    lua_pop(reader->lua, 1);
    if (!right || type == LUA_TNIL)
        return right;
    struct claims *claims = pool_take(reader->pool, 1, sizeof *claims);
    claims->list = pool_take(reader->pool, MOST_CLAIMS, sizeof *claims->list);
    struct names names;
    right = read_names(reader, "claims", false, &names) && read_assumptions(reader, claims);
    for (int i = 0; right && i < names.count; i++) {
        enum quantity quantity;
        if (strcmp(names.list[i].text, "assume") == 0)
            continue;
        join(path, "claims", names.list[i].text);
        right =
            find_quantity(reader, path, names.list[i].text, &quantity) && add_quantity(reader, path, quantity, claims);
    }
    reader->out->claims = claims;
    return right;
}
