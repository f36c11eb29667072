/* Which stage holds which layers, and which ep coordinates hold which expert. */
#include "base/sandbox.h"
#include "read/keys.h"

#include <string.h>

/* ---- stages */

static bool equal_stages(struct reader *reader)
{
    struct strategy *out = reader->out;
    int stages = out->grid[AXIS_PP];
    if (out->model.layers % stages != 0)
        return reader_fail(reader, "grid.pp",
                           "%d layers do not divide into %d equal stages; list the layers of each, stages = { ... }",
                           out->model.layers, stages);
    for (int stage = 0; stage < stages; stage++)
        out->stage_layers[stage] = out->model.layers / stages;
    return true;
}

/* The list `stages` is on top of the stack. */
static bool listed_stages(struct reader *reader)
{
    lua_State *lua = reader->lua;
    struct strategy *out = reader->out;
    int stages = out->grid[AXIS_PP];
    if ((lua_Unsigned)stages != lua_rawlen(lua, -1))
        return reader_fail(reader, "stages", "stages lists %s; grid.pp has %s, give one for each",
                           counted((int)lua_rawlen(lua, -1), "number").text, counted(stages, "stage").text);
    int sum = 0;
    for (int stage = 0; stage < stages; stage++) {
        lua_Integer layers;
        char value[VALUE_TEXT];
        lua_rawgeti(lua, -1, stage + 1);
        if (!whole_number(lua, -1, &layers) || layers < 1 || layers > out->model.layers) {
            reader_fail(reader, "stages", "stages gives %s layers to stage %d; give a whole number from 1 to %d",
                        value_text(lua, -1, value), stage, out->model.layers);
            lua_pop(lua, 1);
            return false;
        }
        lua_pop(lua, 1);
        out->stage_layers[stage] = (int)layers;
        sum += (int)layers; /* at most MAX_WORLD * MAX_LAYERS */
    }
    if (sum != out->model.layers)
        return reader_fail(reader, "stages", "stages sums to %d layers; make it the %d that the model has", sum,
                           out->model.layers);
    return true;
}

bool read_stages(struct reader *reader)
{
    struct strategy *out = reader->out;
    out->stage_layers = pool_take(reader->pool, (size_t)out->grid[AXIS_PP], sizeof *out->stage_layers);
    int type = key_push(reader, "stages");
    char value[VALUE_TEXT];
    bool right = false;
    if (type == LUA_TNIL)
        right = equal_stages(reader);
    else if (type == LUA_TTABLE)
        right = listed_stages(reader);
    else
        reader_fail(reader, "stages", "stages is %s; list the layers of each stage, such as { 8, 8 }",
                    value_text(reader->lua, -1, value));
    lua_pop(reader->lua, 1);
    return right;
}

/* ---- experts */

/* Keeps a careless list of replicas from taking gigabytes. */
enum { MOST_HOLDERS = 1 << 24 };

struct placing {
    struct reader *reader;
    struct text holders; /* ints: the holders of each expert one after the other, each list ended by -1 */
    int most;            /* holders of one expert */
    bool right;
};

static bool fail_holder(struct placing *placing, int layer, int expert, lua_State *lua)
{
    char value[VALUE_TEXT];
    return reader_fail(placing->reader, "experts",
                       "experts gives %s for layer %d, expert %d; give an ep coordinate from 0 to %d, or a list of "
                       "different ones",
                       value_text(lua, -1, value), layer, expert, placing->reader->out->grid[AXIS_EP] - 1);
}

/* Takes the value on top of the stack as the next holder of an expert; `first` is where its list starts. */
static bool take_holder(struct placing *placing, lua_State *lua, int layer, int expert, size_t first)
{
    lua_Integer holder;
    if (!whole_number(lua, -1, &holder) || holder < 0 || holder >= placing->reader->out->grid[AXIS_EP])
        return fail_holder(placing, layer, expert, lua);
    size_t count = (placing->holders.length - first) / sizeof(int);
    const int *before = count ? (const int *)(placing->holders.bytes + first) : NULL;
    for (size_t i = 0; i < count; i++)
        if (before[i] == holder)
            return reader_fail(placing->reader, "experts",
                               "experts lists ep coordinate %d twice for layer %d, expert %d; list each once",
                               (int)holder, layer, expert);
    if (placing->holders.length / sizeof(int) > MOST_HOLDERS)
        return reader_fail(placing->reader, "experts", "experts gives more than %d replicas in all; give fewer",
                           MOST_HOLDERS);
    int added = (int)holder;
    text_add(&placing->holders, (const char *)&added, sizeof added);
    return true;
}

/* Takes the value on top of the stack as all holders of an expert. */
static bool take_holders(struct placing *placing, lua_State *lua, int layer, int expert)
{
    static const int end = -1;
    size_t first = placing->holders.length;
    lua_Unsigned count = 1;
    bool right = true;
    if (!lua_istable(lua, -1)) {
        right = take_holder(placing, lua, layer, expert, first);
    } else {
        count = lua_rawlen(lua, -1);
        if (count == 0 || count > (lua_Unsigned)placing->reader->out->grid[AXIS_EP])
            return reader_fail(placing->reader, "experts",
                               "experts lists %llu ep coordinates for layer %d, expert %d; list 1 to %d",
                               (unsigned long long)count, layer, expert, placing->reader->out->grid[AXIS_EP]);
        for (lua_Unsigned i = 1; right && i <= count; i++) {
            lua_rawgeti(lua, -1, (lua_Integer)i);
            right = take_holder(placing, lua, layer, expert, first);
            lua_pop(lua, 1);
        }
    }
    if ((int)count > placing->most)
        placing->most = (int)count;
    text_add(&placing->holders, (const char *)&end, sizeof end);
    return right;
}

/* Called in the sandbox with the record and the function `experts`: one call of the sandbox for all layers. */
static int place_all(lua_State *lua)
{
    struct placing *placing = lua_touserdata(lua, 1);
    const struct model *model = &placing->reader->out->model;
    for (int layer = 0; layer < model->layers; layer++) {
        for (int expert = 0; placing->right && expert < model->experts; expert++) {
            lua_pushvalue(lua, 2);
            lua_pushinteger(lua, layer);
            lua_pushinteger(lua, expert);
            lua_call(lua, 2, 1);
            placing->right = take_holders(placing, lua, layer, expert);
            lua_pop(lua, 1);
        }
    }
    return 0;
}

/* Spreads the lists out to rows of equal room. */
static bool lay_out(struct placing *placing)
{
    struct strategy *out = placing->reader->out;
    size_t experts = (size_t)out->model.layers * (size_t)out->model.experts, room = (size_t)placing->most;
    if (experts * room > MOST_HOLDERS)
        return reader_fail(placing->reader, "experts",
                           "experts gives up to %d replicas to each of %zu experts; give fewer", placing->most,
                           experts);
    out->holder_room = placing->most;
    out->holders = pool_take(placing->reader->pool, experts * room, sizeof *out->holders);
    memset(out->holders, -1, experts * room * sizeof *out->holders);
    const int *next = (const int *)placing->holders.bytes;
    for (size_t expert = 0; expert < experts; expert++, next++)
        for (size_t i = 0; *next >= 0; i++)
            out->holders[expert * room + i] = *next++;
    return true;
}

static bool equal_blocks(struct reader *reader)
{
    struct strategy *out = reader->out;
    int experts = out->model.experts, blocks = out->grid[AXIS_EP];
    if (experts % blocks != 0)
        return reader_fail(reader, "grid.ep",
                           "%d experts do not divide into %d equal blocks; place them, experts = "
                           "function(layer, expert) ... end",
                           experts, blocks);
    out->holder_room = 1;
    out->holders = pool_take(reader->pool, (size_t)out->model.layers * (size_t)experts, sizeof *out->holders);
    for (int i = 0; i < out->model.layers * experts; i++)
        out->holders[i] = i % experts / (experts / blocks);
    return true;
}

bool read_experts(struct reader *reader)
{
    lua_State *lua = reader->lua;
    struct placing placing = {.reader = reader, .right = true};
    lua_pushcfunction(lua, place_all);
    lua_pushlightuserdata(lua, &placing);
    int type = key_push(reader, "experts");
    if (type == LUA_TFUNCTION) {
        bool placed = sandbox_call(lua, 2, 0, reader->error) && placing.right && lay_out(&placing);
        text_free(&placing.holders);
        return placed;
    }
    char value[VALUE_TEXT];
    bool right = type == LUA_TNIL
                     ? equal_blocks(reader)
                     : reader_fail(reader, "experts",
                                   "experts is %s; give a function(layer, expert) that returns an ep coordinate",
                                   value_text(lua, -1, value));
    lua_pop(lua, 3);
    return right;
}
