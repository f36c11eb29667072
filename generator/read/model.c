/* The key `model`: hf "folder", or a table with the keys of a config.json. */
#include "read/config.h"
#include "read/keys.h"
#include "read/lua_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

static bool read_folder(struct reader *reader, const char *folder)
{
    char config[PATH_ROOM];
    if (snprintf(config, sizeof config, "%s/config.json", folder) >= PATH_ROOM)
        return reader_fail(reader, "model", "model has a path that is too long; name a nearer folder");
    if (access(config, R_OK) != 0)
        return reader_fail(reader, "model", "%s cannot be read: %s; name the folder of a checkpoint", config,
                           strerror(errno));
    return config_read(folder, reader->pool, &reader->out->model, reader->error);
}

/* The folder that hf names, seen from the strategy's own folder. */
static bool read_hf(struct reader *reader)
{
    const char *folder = NULL, *path = reader->out->path, *slash = strrchr(path, '/');
    if (!key_text(reader, "model.folder", "../models/name", &folder))
        return false;
    if (!folder)
        return reader_fail(reader, "model", "model names no folder; write hf \"folder\"");
    if (*folder == '/' || !slash)
        return read_folder(reader, folder);
    char whole[PATH_ROOM];
    if (snprintf(whole, sizeof whole, "%.*s/%s", (int)(slash - path), path, folder) >= PATH_ROOM)
        return reader_fail(reader, "model", "model has a path that is too long; name a nearer folder");
    return read_folder(reader, whole);
}

static int line_in_model(const void *context, const char *key)
{
    char path[128];
    snprintf(path, sizeof path, "model.%s", key);
    return reader_line(context, path);
}

/* The table is on top of the stack. */
static bool read_inline(struct reader *reader)
{
    const char *problem;
    json_t *json = json_from_lua(reader->lua, -1, &problem);
    if (!json)
        return reader_fail(reader, "model", "model holds %s; give the keys of a config.json", problem);
    struct config_source source = {.file = reader->out->path, .line_of = line_in_model, .context = reader};
    bool read = json_is_object(json) ? config_from_json(json, &source, &reader->out->model, reader->error)
                                     : reader_fail(reader, "model", "model is a list; give the keys of a config.json");
    json_decref(json);
    return read;
}

bool read_model(struct reader *reader, const char *model_folder_override)
{
    int type = key_push(reader, "model");
    char value[VALUE_TEXT];
    bool read;
    if (type == LUA_TNIL) {
        read = reader_fail(reader, "model", "model is missing; write model = hf \"folder\"");
    } else if (type != LUA_TTABLE) {
        const char *text = value_text(reader->lua, -1, value);
        read = type == LUA_TSTRING
                   ? reader_fail(reader, "model", "model is the text %s; write model = hf %s", text, text)
                   : reader_fail(reader, "model", "model is %s; write model = hf \"folder\"", text);
    } else if (model_folder_override) {
        read = read_folder(reader, model_folder_override);
    } else {
        read = made_by_word(reader->lua, -1, "hf") ? read_hf(reader) : read_inline(reader);
    }
    lua_pop(reader->lua, 1);
    return read;
}
