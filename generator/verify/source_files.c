#include "verify/source_files.h"

#include <string.h>

enum { MOST_SOURCE_BYTES = 64 << 20 };

static bool load(struct source_files *files, const char *folder, const struct manifest_line *line, struct error *error)
{
    char path[4096], found[SHA256_TEXT];
    if (!path_join(path, sizeof path, folder, line->name, error))
        return false;
    struct source_file *file = &files->files[files->count++];
    file->name = line->name;
    file->path = pool_text(&files->manifest.pool, path);
    if (!file_read(path, MOST_SOURCE_BYTES, &file->text, error))
        return false;
    sha256_text(file->text.bytes, file->text.length, found);
    if (strcmp(found, line->hash) != 0)
        return fail(error, path, 0, "was changed after it was generated; generate it again");
    if (strlen(file->text.bytes) != file->text.length)
        return fail(error, path, 0, "has a zero byte; generate it again");
    return true;
}

bool source_files_open(struct source_files *files, const char *folder, struct error *error)
{
    *files = (struct source_files){0};
    if (!manifest_read(&files->manifest, folder, error))
        return false;
    const struct manifest *manifest = &files->manifest;
    files->files = pool_take(&files->manifest.pool, (size_t)manifest->count + 1, sizeof *files->files);
    for (int i = 0; i < manifest->count; i++)
        if (!load(files, folder, &manifest->lines[i], error))
            return false;
    return true;
}

void source_files_close(struct source_files *files)
{
    for (int i = 0; i < files->count; i++)
        text_free(&files->files[i].text);
    manifest_free(&files->manifest);
}

const struct source_file *source_files_find(const struct source_files *files, const char *name, struct error *error)
{
    for (int i = 0; i < files->count; i++)
        if (strcmp(files->files[i].name, name) == 0)
            return &files->files[i];
    fail(error, files->manifest.path, 0, "does not list %s; generate again", name);
    return NULL;
}
