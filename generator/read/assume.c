/* `claims.assume`: the alternatives of what a document leaves open, each a list.
 *
 *     assume = { context = { 1024, 10240 }, kv = { "f32", "bf16" }, accelerator = { "a100-sxm", "h100-sxm" } }
 *
 * The strategy's own value must be among them, so that its plan is one of the cases. */
#include "base/nearest.h"
#include "claims.h"
#include "hardware.h"
#include "read/hardware_parts.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { KEY_ROOM = 64 };

/* What the strategy itself says. */
static int own_number(const struct strategy *strategy, enum assumption assumption)
{
    bool is_cuda = device_named(strategy->target.device) == DEVICE_CUDA;
    const int own[ASSUMPTIONS_ALL] = {
        [ASSUME_hidden_size] = strategy->model.hidden,
        [ASSUME_top_k] = strategy->model.top_k,
        [ASSUME_context] = strategy->batch.context,
        [ASSUME_sequences] = strategy->batch.sequences * strategy->grid[AXIS_DP] * strategy->grid[AXIS_EP],
        [ASSUME_kv] = is_cuda && strategy->dtype.weights == DTYPE_BF16 ? STORE_BF16 : STORE_F32,
        [ASSUME_weights] = strategy->dtype.weights == DTYPE_F32 ? STORE_F32 : STORE_BF16,
    };
    return own[assumption];
}

/* Whether the model and the batch can be had with this value; `problem` says why not. */
static bool is_possible(const struct strategy *strategy, enum assumption assumption, long long value,
                        const char **problem)
{
    const struct model *model = &strategy->model;
    int lanes = strategy->grid[AXIS_DP] * strategy->grid[AXIS_EP];
    const struct {
        enum assumption of;
        bool wrong;
        const char *problem;
    } rules[] = {
        {assumption, value < 1 || value > INT_MAX / 2, "is out of range; give a whole number of at least 1"},
        {ASSUME_hidden_size, model->heads * value % model->hidden || model->kv_heads * value % model->hidden,
         "gives no whole number of heads of the strategy's size; take a multiple"},
        {ASSUME_hidden_size, value > 0 && (long long)model->hidden * model->expert_hidden % value,
         "leaves experts no whole hidden size of as many parameters; take a factor of both sizes"},
        {ASSUME_top_k, value > model->experts || value > MAX_TOP_K, "is more than a layer has experts; take fewer"},
        {ASSUME_context, value > model->max_positions, "is more than the model has positions; take fewer"},
        {ASSUME_sequences, value % lanes != 0, "does not divide over dp x ep; take a multiple"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].of == assumption && rules[i].wrong) {
            *problem = rules[i].problem;
            return false;
        }
    return true;
}

static bool read_number(struct reader *reader, const char *key, enum assumption assumption, int *number)
{
    char text[VALUE_TEXT];
    const char *problem = "is no whole number; give one such as 1024";
    lua_Integer value;
    if (!whole_number(reader->lua, -1, &value) || !is_possible(reader->out, assumption, value, &problem))
        return reader_fail(reader, key, "%s: %s %s", key, value_text(reader->lua, -1, text), problem);
    *number = (int)value;
    return true;
}

static bool read_storage(struct reader *reader, const char *key, enum assumption assumption, int *number)
{
    char text[VALUE_TEXT];
    int known = assumption == ASSUME_kv ? STORE_ADAM : STORAGES; /* a cache has no gradients */
    for (int i = 0; i < known && lua_type(reader->lua, -1) == LUA_TSTRING; i++)
        if (strcmp(lua_tostring(reader->lua, -1), storage_names[i]) == 0) {
            *number = i;
            return true;
        }
    return reader_fail(reader, key, "%s: %s is nothing it can be stored as; use \"bf16\" or \"f32\"%s", key,
                       value_text(reader->lua, -1, text), assumption == ASSUME_kv ? "" : ", or \"adam\" in training");
}

/* One alternative, on top of the stack. */
static bool read_alternative(struct reader *reader, const char *key, enum assumption assumption, struct claims *claims)
{
    struct alternatives *list = &claims->assume[assumption];
    char text[VALUE_TEXT];
    int number = list->count;
    if (list->count == MOST_ALTERNATIVES)
        return reader_fail(reader, key, "%s lists more than %d alternatives; take fewer", key, MOST_ALTERNATIVES);
    if (assumption == ASSUME_accelerator) {
        if (lua_type(reader->lua, -1) != LUA_TSTRING)
            return reader_fail(reader, key, "%s: %s is no name; give one such as \"h100-sxm\"", key,
                               value_text(reader->lua, -1, text));
        if (!hardware_read_named(reader, key, lua_tostring(reader->lua, -1), &claims->accelerators[number]))
            return false;
    } else if (assumption == ASSUME_kv || assumption == ASSUME_weights) {
        if (!read_storage(reader, key, assumption, &number))
            return false;
    } else if (!read_number(reader, key, assumption, &number)) {
        return false;
    }
    const char *word = lua_tostring(reader->lua, -1);
    if (assumption < ASSUME_kv)
        word = pool_format(reader->pool, "%d", number);
    for (int i = 0; i < list->count; i++)
        if (strcmp(list->words[i], word) == 0)
            return reader_fail(reader, key, "%s lists %s twice; leave one out", key, word);
    list->words[list->count] = pool_text(reader->pool, word);
    list->numbers[list->count++] = number;
    return true;
}

/* Without alternatives, the strategy's own value is the only one. */
static void take_own(struct reader *reader, enum assumption assumption, struct alternatives *list)
{
    int own = own_number(reader->out, assumption);
    bool stored = assumption == ASSUME_kv || assumption == ASSUME_weights;
    list->line = reader->out->lines[KEY_claims];
    list->count = 1;
    list->numbers[0] = own;
    if (assumption == ASSUME_accelerator)
        list->words[0] = reader->out->hardware ? reader->out->hardware->name : "none named";
    else
        list->words[0] = stored ? storage_names[own] : pool_format(reader->pool, "%d", own);
}

static bool find_own(struct reader *reader, const char *key, enum assumption assumption, struct alternatives *list)
{
    char own[16];
    int number = own_number(reader->out, assumption);
    if (assumption == ASSUME_accelerator)
        return true;
    for (list->own = 0; list->own < list->count; list->own++)
        if (list->numbers[list->own] == number)
            return true;
    snprintf(own, sizeof own, "%d", number);
    return reader_fail(reader, key, "%s leaves out %s, which is what the strategy is planned with; add it", key,
                       assumption < ASSUME_kv ? own : storage_names[number]);
}

static lua_Integer count_pairs(lua_State *lua, int index)
{
    lua_Integer count = 0;
    int table = lua_absindex(lua, index);
    for (lua_pushnil(lua); lua_next(lua, table); lua_pop(lua, 1))
        count++;
    return count;
}

static bool read_list(struct reader *reader, enum assumption assumption, struct claims *claims)
{
    lua_State *lua = reader->lua;
    struct alternatives *list = &claims->assume[assumption];
    int top = lua_gettop(lua);
    char key[KEY_ROOM], text[VALUE_TEXT];
    snprintf(key, sizeof key, "claims.assume.%s", assumption_names[assumption]);
    int type = key_push(reader, key);
    bool right = type == LUA_TTABLE || type == LUA_TNIL ||
                 reader_fail(reader, key, "%s is %s; give a list of alternatives", key, value_text(lua, -1, text));
    if (right && type == LUA_TTABLE) {
        lua_Integer length = (lua_Integer)lua_rawlen(lua, -1);
        list->line = reader_line(reader, key);
        if (length == 0 || count_pairs(lua, -1) != length)
            right = reader_fail(reader, key, "%s is no list of alternatives; write %s = { first, second }", key,
                                assumption_names[assumption]);
        for (lua_Integer i = 1; right && i <= length; i++) {
            lua_rawgeti(lua, top + 1, i);
            right = read_alternative(reader, key, assumption, claims);
            lua_settop(lua, top + 1);
        }
        right = right && find_own(reader, key, assumption, list);
    } else if (right) {
        take_own(reader, assumption, list);
    }
    lua_settop(lua, top);
    return right;
}

bool read_assumptions(struct reader *reader, struct claims *claims)
{
    if (!key_table(reader, "claims.assume", assumption_names, ASSUMPTIONS_ALL, "{ context = { 1024, 10240 } }"))
        return false;
    int combinations = 1;
    for (int assumption = 0; assumption < ASSUMPTIONS_ALL; assumption++) {
        if (!read_list(reader, assumption, claims))
            return false;
        combinations *= claims->assume[assumption].count;
        if (combinations > MOST_COMBINATIONS)
            return reader_fail(reader, "claims.assume", "claims.assume has more than %d combinations; assume less",
                               MOST_COMBINATIONS);
    }
    if (!claims->accelerators[0])
        claims->accelerators[0] = reader->out->hardware;
    return true;
}
