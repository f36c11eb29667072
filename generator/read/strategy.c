/* Runs a strategy in the sandbox and reads the table it returns, key by key. */
#include "read/strategy.h"
#include "read/keys.h"

#include <stdio.h>
#include <string.h>

enum { MOST_NAME_LETTERS = 48, MOST_ROWS = 1 << 20 };

static const uint64_t usual_memory_bytes = (uint64_t)64 << 30;

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const key_names[STRATEGY_KEY_COUNT] = {
#define X(key) [KEY_##key] = #key,
    STRATEGY_KEYS(X)
#undef X
};

/* ---- keys */

static bool read_lines(struct reader *reader)
{
    if (!key_table(reader, "", key_names, STRATEGY_KEY_COUNT, "hf \"folder\""))
        return false;
    for (int key = 0; key < STRATEGY_KEY_COUNT; key++)
        reader->out->lines[key] = reader_line(reader, key_names[key]);
    return true;
}

static bool read_grid(struct reader *reader)
{
    struct strategy *out = reader->out;
    bool absent = key_push(reader, "grid") == LUA_TNIL;
    lua_pop(reader->lua, 1);
    if (absent)
        return reader_fail(reader, "grid", "grid is missing; write grid = { dp = 1, pp = 1, ep = 1, tp = 1 }");
    if (!key_table(reader, "grid", axis_names, AXES, "{ pp = 2, tp = 2 }"))
        return false;
    long long world = 1;
    for (int axis = 0; axis < AXES; axis++) {
        char key[16];
        snprintf(key, sizeof key, "grid.%s", axis_names[axis]);
        out->grid[axis] = 1;
        if (!key_integer(reader, key, 1, MAX_WORLD, &out->grid[axis]))
            return false;
        world *= out->grid[axis];
        if (world > MAX_WORLD)
            return reader_fail(reader, "grid", "grid has more than %d ranks; make an axis smaller", MAX_WORLD);
    }
    out->world = (int)world;
    return true;
}

static bool is_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return length > 0 && length <= MOST_NAME_LETTERS && !name[length];
}

static bool read_name(struct reader *reader)
{
    struct strategy *out = reader->out;
    if (!key_text(reader, "name", "demo-8", &out->name))
        return false;
    if (out->name)
        return is_name(out->name) ||
               reader_fail(reader, "name", "name is \"%.60s\"; use 1 to %d of the letters a-z, 0-9 and -", out->name,
                           MOST_NAME_LETTERS);
    const char *slash = strrchr(out->path, '/'), *file = slash ? slash + 1 : out->path;
    size_t length = strlen(file);
    if (length > 4 && strcmp(file + length - 4, ".lua") == 0)
        length -= 4;
    out->name = pool_format(reader->pool, "%.*s", (int)length, file);
    return is_name(out->name) ||
           reader_fail(reader, "name",
                       "the file's name \"%.60s\" cannot name a strategy; write name = \"...\" with "
                       "the letters a-z, 0-9 and -",
                       out->name);
}

static bool read_memory(struct reader *reader)
{
    static const struct quantity_key memory = {"target.memory", memory_units, "64 GiB"};
    reader->out->target.memory_bytes = usual_memory_bytes;
    return key_bytes(reader, &memory, &reader->out->target.memory_bytes);
}

static bool read_target(struct reader *reader)
{
    static const char *const known[] = {"device", "transport", "threads", "memory", "ranks_per_node", "hardware"};
    static const char *const devices[] = {"cpu", "cuda", NULL}, *const none[] = {NULL};
    static const char *const transports[] = {"shm", "nccl", NULL}, *const planned_transports[] = {"mpi", NULL};
    static const struct word_key device = {"target.device", devices, none};
    static const struct word_key transport = {"target.transport", transports, planned_transports};
    struct strategy *out = reader->out;
    out->target.device = devices[0];
    out->target.threads = 1;
    out->target.ranks_per_node = out->world;
    if (!key_table(reader, "target", known, COUNT(known), "{ device = \"cpu\" }") ||
        !key_word(reader, &device, &out->target.device))
        return false;
    bool is_cuda = device_named(out->target.device) == DEVICE_CUDA;
    const char *own_transport = out->target.transport = transports[is_cuda];
    if (!key_word(reader, &transport, &out->target.transport) ||
        !key_integer(reader, "target.threads", 1, 1024, &out->target.threads) ||
        !key_integer(reader, "target.ranks_per_node", 1, MAX_WORLD, &out->target.ranks_per_node) ||
        !read_memory(reader))
        return false;
    if (out->target.threads > 1)
        return reader_fail(reader, "target.threads", "target.threads %d has no backend yet; use 1",
                           out->target.threads);
    if (strcmp(out->target.transport, own_transport) != 0)
        return reader_fail(reader, "target.transport",
                           "target.transport is \"%s\"; ranks on device \"%s\" talk over \"%s\"", out->target.transport,
                           out->target.device, own_transport);
    if (!is_cuda && out->target.ranks_per_node < out->world)
        return reader_fail(reader, "target.ranks_per_node",
                           "target.ranks_per_node is %d; transport \"shm\" needs all %d ranks on one node",
                           out->target.ranks_per_node, out->world);
    return true;
}

static int at_most(int left, int right)
{
    return left < right ? left : right;
}

static int share(int rows, int micro_batches)
{
    return (rows + micro_batches - 1) / micro_batches;
}

static bool read_batch(struct reader *reader)
{
    static const char *const known[] = {"sequences", "context", "prefill_rows", "micro_batches", "logit_rows"};
    struct strategy *out = reader->out;
    out->batch.sequences = 8;
    out->batch.context = at_most(512, out->model.max_positions);
    out->batch.prefill_rows = 256;
    out->batch.micro_batches = 1;
    if (!key_table(reader, "batch", known, COUNT(known), "{ sequences = 8, context = 512 }") ||
        !key_integer(reader, "batch.sequences", 1, 65536, &out->batch.sequences) ||
        !key_integer(reader, "batch.context", 1, out->model.max_positions, &out->batch.context) ||
        !key_integer(reader, "batch.prefill_rows", 1, MOST_ROWS, &out->batch.prefill_rows) ||
        !key_integer(reader, "batch.micro_batches", 1, MAX_MICRO_BATCHES, &out->batch.micro_batches))
        return false;
    if (out->batch.prefill_rows < out->batch.micro_batches)
        return reader_fail(reader, "batch.prefill_rows",
                           "batch.prefill_rows is %d; %d micro-batches need at least a row each",
                           out->batch.prefill_rows, out->batch.micro_batches);
    int decode_rows = share(out->batch.sequences, out->batch.micro_batches);
    int prefill_rows = share(out->batch.prefill_rows, out->batch.micro_batches);
    int most = prefill_rows > decode_rows ? prefill_rows : decode_rows;
    out->batch.logit_rows = usual_logit_rows(out->batch.sequences, out->batch.prefill_rows, out->batch.micro_batches);
    return key_integer(reader, "batch.logit_rows", decode_rows, most, &out->batch.logit_rows);
}

static bool read_dtype(struct reader *reader)
{
    static const char *const known[] = {"weights", "activations", "kv"};
    static const char *const weights[] = {"bf16", "f32", NULL}, *const planned_weights[] = {"f16", "fp8", NULL};
    static const char *const values[] = {"f32", "bf16", NULL}, *const planned_values[] = {"f16", "fp8", NULL};
    static const struct word_key words[] = {
        {"dtype.weights", weights, planned_weights},
        {"dtype.activations", values, planned_values},
        {"dtype.kv", values, planned_values},
    };
    bool is_cuda = device_named(reader->out->target.device) == DEVICE_CUDA;
    const char *chosen[] = {"bf16", NULL, NULL};
    if (!key_table(reader, "dtype", known, COUNT(known), "{ weights = \"bf16\" }") ||
        !key_word(reader, &words[0], &chosen[0]))
        return false;
    /* Processors sum and keep everything in f32; GPUs multiply and keep values of the weights' dtype. */
    const char *usual = is_cuda ? chosen[0] : "f32";
    for (size_t i = 1; i < COUNT(words); i++) {
        chosen[i] = usual;
        if (!key_word(reader, &words[i], &chosen[i]))
            return false;
        if (strcmp(chosen[i], usual) != 0)
            return reader_fail(reader, words[i].key, "%s is \"%s\"; with %s weights on device \"%s\", write \"%s\"",
                               words[i].key, chosen[i], chosen[0], reader->out->target.device, usual);
    }
    reader->out->dtype.weights = strcmp(chosen[0], "f32") == 0 ? DTYPE_F32 : DTYPE_BF16;
    return true;
}

/* "exact", or a table made by capacity(factor). */
static bool read_dispatch(struct reader *reader)
{
    static const char *const words[] = {"exact", NULL}, *const planned[] = {NULL};
    static const struct word_key word = {"dispatch", words, planned};
    lua_State *lua = reader->lua;
    const char *name = words[0];
    int type = key_push(reader, "dispatch");
    bool right = true;
    if (type == LUA_TTABLE) {
        right = made_by_word(lua, -1, "capacity");
        lua_getfield(lua, -1, "factor");
        double factor = lua_type(lua, -1) == LUA_TNUMBER ? lua_tonumber(lua, -1) : 0;
        right = right && factor > 0 && factor <= 1024;
        if (right)
            reader->out->capacity_factor = factor;
        else
            reader_fail(reader, "dispatch",
                        "dispatch has no usable capacity; write capacity(1.25), a number above 0 and "
                        "at most 1024");
        lua_pop(lua, 1);
    }
    lua_pop(lua, 1);
    return right && (type == LUA_TTABLE || key_word(reader, &word, &name));
}

/* ---- the whole */

bool strategy_read_within(const struct sandbox_limits *limits, const char *path, const char *model_folder_override,
                          struct pool *pool, struct strategy *out, struct error *error)
{
    *out = (struct strategy){.path = pool_text(pool, path)};
    static const struct script_kind kind = {"strategy", "strategy", "model"};
    struct reader reader = {
        .kind = &kind, .path = out->path, .limits = limits, .pool = pool, .out = out, .error = error};
    bool read = script_run(&reader) && read_lines(&reader) && read_name(&reader) && read_grid(&reader) &&
                read_target(&reader) && read_dtype(&reader) && read_dispatch(&reader) && read_goals(&reader) &&
                read_model(&reader, model_folder_override) && read_batch(&reader) && read_stages(&reader) &&
                read_experts(&reader) && read_rank_formula(&reader) && read_hardware(&reader) && read_claims(&reader);
    script_close(&reader);
    return read;
}

bool strategy_read(const char *path, const char *model_folder_override, struct pool *pool, struct strategy *out,
                   struct error *error)
{
    return strategy_read_within(&sandbox_limits, path, model_folder_override, pool, out, error);
}
