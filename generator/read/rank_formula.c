/* The rank formula: the function `rank` is asked for every coordinate, and must number the world one to one. */
#include "base/sandbox.h"
#include "read/keys.h"

#include <stdio.h>

struct formula {
    struct reader *reader;
    int *owner; /* [world] 1 + the index of the coordinate that has this rank; 0: none yet */
    bool right;
};

/* "(dp 0, pp 1, ep 0, tp 1)" of an index into rank_of. */
enum { COORDINATE_TEXT = 96 };
static const char *coordinate_text(const int grid[AXES], int index, char out[COORDINATE_TEXT])
{
    int at[AXES];
    for (int axis = AXES - 1; axis >= 0; axis--) {
        at[axis] = index % grid[axis];
        index /= grid[axis];
    }
    snprintf(out, COORDINATE_TEXT, "(dp %d, pp %d, ep %d, tp %d)", at[AXIS_DP], at[AXIS_PP], at[AXIS_EP], at[AXIS_TP]);
    return out;
}

/* Takes the value on top of the stack as the rank of a coordinate. */
static bool take_rank(struct formula *formula, lua_State *lua, int index)
{
    struct strategy *out = formula->reader->out;
    char here[COORDINATE_TEXT], there[COORDINATE_TEXT], value[VALUE_TEXT];
    coordinate_text(out->grid, index, here);
    lua_Integer rank;
    if (!whole_number(lua, -1, &rank) || rank < 0 || rank >= out->world)
        return reader_fail(formula->reader, "rank", "rank formula gives %s to %s; give a whole number from 0 to %d",
                           value_text(lua, -1, value), here, out->world - 1);
    if (formula->owner[rank])
        return reader_fail(formula->reader, "rank", "rank formula gives rank %d to both %s and %s; make it one-to-one",
                           (int)rank, coordinate_text(out->grid, formula->owner[rank] - 1, there), here);
    formula->owner[rank] = index + 1;
    out->rank_of[index] = (int)rank;
    return true;
}

/* Called in the sandbox with the formula's record and its function: one call of the sandbox for the whole world. The
 * argument table is made once. */
static int ask_all(lua_State *lua)
{
    struct formula *formula = lua_touserdata(lua, 1);
    const int *grid = formula->reader->out->grid;
    lua_createtable(lua, 0, AXES);
    for (int index = 0; formula->right && index < formula->reader->out->world; index++) {
        int rest = index;
        for (int axis = AXES - 1; axis >= 0; axis--) {
            lua_pushinteger(lua, rest % grid[axis]);
            lua_setfield(lua, 3, axis_names[axis]);
            rest /= grid[axis];
        }
        lua_pushvalue(lua, 2);
        lua_pushvalue(lua, 3);
        lua_call(lua, 1, 1);
        formula->right = take_rank(formula, lua, index);
        lua_pop(lua, 1);
    }
    return 0;
}

bool read_rank_formula(struct reader *reader)
{
    lua_State *lua = reader->lua;
    struct strategy *out = reader->out;
    out->rank_of = pool_take(reader->pool, (size_t)out->world, sizeof *out->rank_of);
    lua_pushcfunction(lua, ask_all);
    struct formula formula = {.reader = reader, .right = true};
    lua_pushlightuserdata(lua, &formula);
    int type = key_push(reader, "rank");
    if (type == LUA_TFUNCTION) {
        formula.owner = pool_take(reader->pool, (size_t)out->world, sizeof *formula.owner);
        return sandbox_call(lua, 2, 0, reader->error) && formula.right;
    }
    char value[VALUE_TEXT];
    for (int index = 0; index < out->world; index++)
        out->rank_of[index] = index;
    if (type != LUA_TNIL)
        formula.right = reader_fail(reader, "rank", "rank is %s; give a function(c) of c.dp, c.pp, c.ep and c.tp",
                                    value_text(lua, -1, value));
    lua_pop(lua, 3);
    return formula.right;
}
