/* Finding a description of hardware by its name, and reading it. */
#include "read/hardware_file.h"
#include "base/file.h"
#include "base/home.h"
#include "read/hardware_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

/* Data sheets give memory in GB and may mean GiB, which are 7 % more. */
static const double memory_tolerance = 1.1;

static bool is_own_file(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".lua") == 0;
}

/* `path` as seen from the folder of `file`. */
static bool path_beside(const char *file, const char *path, char out[PATH_ROOM], struct error *error)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    int length = slash && *path != '/' ? (int)(slash + 1 - file) : 0;
    if (snprintf(out, PATH_ROOM, "%.*s%s", length, file ? file : "", path) >= PATH_ROOM)
        return fail(error, path, 0, "the path is too long");
    return true;
}

static bool calibration_path(char out[PATH_ROOM], struct error *error)
{
    char root[PATH_ROOM];
    return cache_root(root, sizeof root, error) && path_join(out, PATH_ROOM, root, "this-machine.lua", error);
}

static bool is_calibrated(void)
{
    struct error ignored;
    char path[PATH_ROOM];
    return calibration_path(path, &ignored) && access(path, R_OK) == 0;
}

static bool find_file(const char *name, const char *relative_to, const struct asker *asker, char out[PATH_ROOM],
                      struct error *error)
{
    if (strcmp(name, this_machine) == 0)
        return calibration_path(out, error);
    if (!is_own_file(name))
        return preset_path(name, asker, out, PATH_ROOM, error);
    if (!path_beside(relative_to, name, out, error))
        return false;
    if (access(out, R_OK) != 0)
        return fail(error, asker->file, asker->line, "%s \"%.40s\" cannot be read: %s; name a file that is there",
                    asker->key, name, strerror(errno));
    return true;
}

/* "strategies/hardware/h100-sxm.lua" is of "h100-sxm". */
static const char *name_of_file(const char *path, struct pool *pool)
{
    const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
    return pool_format(pool, "%.*s", (int)(strlen(file) - strlen(".lua")), file);
}

static bool read_file(const char *path, const struct sandbox_limits *limits, struct pool *pool,
                      const struct hardware **out, struct error *error)
{
    static const struct script_kind kind = {"hardware", "hardware description", "source"};
    struct hardware *hardware = pool_take(pool, 1, sizeof *hardware);
    hardware->path = pool_text(pool, path);
    hardware->name = name_of_file(path, pool);
    struct reader reader = {.kind = &kind, .path = hardware->path, .limits = limits, .pool = pool, .error = error};
    const struct description description = {.reader = &reader, .prefix = "", .out = hardware};
    bool read = script_run(&reader) && description_read(&description);
    hardware->line = reader.call_line;
    script_close(&reader);
    *out = read ? hardware : NULL;
    return read;
}

bool hardware_read(const char *name_or_path, const char *relative_to_file, struct pool *pool,
                   const struct hardware **out, struct error *error)
{
    static const struct asker asker = {.key = "--hardware"};
    char path[PATH_ROOM];
    *out = NULL;
    if (strcmp(name_or_path, this_machine) == 0 && !is_calibrated())
        return fail(error, NULL, 0, "this machine has not been calibrated; run rankc calibrate");
    return find_file(name_or_path, relative_to_file, &asker, path, error) &&
           read_file(path, &sandbox_limits, pool, out, error);
}

/* ---- of a strategy */

static bool read_inline(struct reader *reader)
{
    static const char key[] = "target.hardware";
    struct hardware *hardware = pool_take(reader->pool, 1, sizeof *hardware);
    hardware->name = "written in the strategy";
    hardware->path = reader->path;
    hardware->line = reader_line(reader, key);
    hardware->inline_table = true;
    reader->out->hardware = hardware;
    const struct description description = {.reader = reader, .prefix = key, .out = hardware};
    return description_read(&description);
}

bool hardware_read_named(struct reader *reader, const char *key, const char *name, const struct hardware **out)
{
    const struct asker asker = {reader->path, reader_line(reader, key), key};
    char path[PATH_ROOM];
    if (strcmp(name, this_machine) == 0 && !is_calibrated())
        return reader_fail(reader, key, "this machine has not been calibrated; run rankc calibrate");
    return find_file(name, reader->path, &asker, path, reader->error) &&
           read_file(path, reader->limits, reader->pool, out, reader->error);
}

static bool read_named(struct reader *reader, const char *name)
{
    return (strcmp(name, this_machine) == 0 && !is_calibrated()) ||
           hardware_read_named(reader, "target.hardware", name, &reader->out->hardware);
}

static bool suits_asker(const struct hardware *hardware, const struct strategy *strategy, int world,
                        const struct asker *asker, struct error *error)
{
    enum dtype weights = strategy->dtype.weights;
    bool is_cuda = device_named(strategy->target.device) == DEVICE_CUDA;
    if (is_cuda && (hardware->calibrated || hardware->processors > 0))
        return fail(error, asker->file, asker->line,
                    "%s describes processors, but target.device is \"cuda\"; use a GPU's figures, such as h100-sxm",
                    asker->key);
    if (hardware->flops[weights].sustained <= 0)
        return fail(error, asker->file, asker->line,
                    "%s states no flops of %s, in which the weights are; add flops.%s or use other hardware",
                    asker->key, hardware_dtypes[weights], hardware_dtypes[weights]);
    if (world > 1 && hardware->link_count == 0)
        return fail(error, asker->file, asker->line, "%s has no links for %d ranks; add links = { ... }", asker->key,
                    world);
    return true;
}

bool hardware_suits(const struct hardware *hardware, const struct strategy *strategy, int world, struct error *error)
{
    const struct asker asker = {hardware->path, hardware->line, hardware->name};
    return suits_asker(hardware, strategy, world, &asker, error);
}

/* A device of a rank's own must hold what the plan is allowed to use. */
static bool memory_suits(struct reader *reader)
{
    const struct strategy *out = reader->out;
    const struct hardware *hardware = out->hardware;
    double have = (double)hardware->memory_bytes, need = (double)out->target.memory_bytes;
    return hardware->processors > 0 || have == 0 || need <= have * memory_tolerance ||
           reader_fail(reader, "target.memory",
                       "target.memory is %.1f GB, but a device of target.hardware has %.1f GB; write memory = "
                       "\"%.0f GB\" or use other hardware",
                       need / 1e9, have / 1e9, have / 1e9);
}

/* out->hardware stays NULL where nothing is stated, or nothing was calibrated. */
static bool read_either(struct reader *reader)
{
    static const char key[] = "target.hardware";
    char value[VALUE_TEXT];
    const char *name = NULL;
    int type = key_push(reader, key);
    bool by_word = type == LUA_TTABLE && made_by_word(reader->lua, -1, "hardware");
    value_text(reader->lua, -1, value);
    lua_pop(reader->lua, 1);
    if (by_word)
        return reader_fail(reader, key, "%s is made by the word hardware; write hardware = { ... } without it", key);
    if (type == LUA_TTABLE)
        return read_inline(reader);
    if (type != LUA_TNIL && type != LUA_TSTRING)
        return reader_fail(reader, key, "%s is %s; give a name such as \"h100-sxm\", a .lua file or a table", key,
                           value);
    return key_text(reader, key, "h100-sxm", &name) && (!name || read_named(reader, name));
}

/* Presets and what was measured describe more than one strategy needs; what was written for it must be used by it. */
static bool is_written_for_strategy(struct reader *reader)
{
    bool own = key_push(reader, "target.hardware") == LUA_TTABLE || is_own_file(lua_tostring(reader->lua, -1));
    lua_pop(reader->lua, 1);
    return own;
}

bool read_hardware(struct reader *reader)
{
    struct strategy *out = reader->out;
    if (!read_either(reader))
        return false;
    const struct hardware *hardware = out->hardware;
    if (!hardware)
        return true;
    const struct asker asker = {reader->path, reader_line(reader, "target.hardware"), "target.hardware"};
    return suits_asker(hardware, out, out->world, &asker, reader->error) && memory_suits(reader) &&
           (!is_written_for_strategy(reader) || hardware_links_are_used(hardware, out, reader->error));
}
