#include "verify/source_files.h"

#include <stdio.h>
#include <string.h>

enum { MOST_MANIFEST_BYTES = 1 << 20, MOST_SOURCE_BYTES = 64 << 20, HASH_DIGITS = SHA256_TEXT - 1 };

static const char hex_digits[] = "0123456789abcdef";

static bool load(struct source_files *files, const char *folder, const char *name, const char *hash,
                 struct error *error)
{
    char path[4096], found[SHA256_TEXT];
    if (!path_join(path, sizeof path, folder, name, error))
        return false;
    struct source_file *file = &files->files[files->count++];
    file->name = name;
    file->path = pool_text(&files->pool, path);
    if (!file_read(path, MOST_SOURCE_BYTES, &file->text, error))
        return false;
    sha256_text(file->text.bytes, file->text.length, found);
    if (memcmp(found, hash, HASH_DIGITS) != 0)
        return fail(error, path, 0, "was changed after it was generated; generate it again");
    if (strlen(file->text.bytes) != file->text.length)
        return fail(error, path, 0, "has a zero byte; generate it again");
    return true;
}

/* Lines "hash  name". Ascending names cannot name a file twice. */
static bool load_listed(struct source_files *files, const char *folder, char *lines, struct error *error)
{
    int number = 2;
    for (char *line = lines; *line; number++) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        const char *name = line + HASH_DIGITS + 2;
        if (!end || strspn(line, hex_digits) != HASH_DIGITS || strncmp(line + HASH_DIGITS, "  ", 2) != 0 ||
            !path_is_inside(name))
            return fail(error, files->manifest, number,
                        "is not a hash and the name of a file in this folder; generate it again");
        if (files->count > 0 && strcmp(files->files[files->count - 1].name, name) >= 0)
            return fail(error, files->manifest, number, "%s is out of order; generate it again", name);
        if (!load(files, folder, name, line, error))
            return false;
        line = end + 1;
    }
    return true;
}

static bool read_manifest(struct source_files *files, struct text *text, struct error *error)
{
    if (!file_read(files->manifest, MOST_MANIFEST_BYTES, text, error))
        return false;
    if (strncmp(text->bytes, "plan ", 5) != 0 || strspn(text->bytes + 5, hex_digits) != HASH_DIGITS ||
        text->bytes[5 + HASH_DIGITS] != '\n')
        return fail(error, files->manifest, 1, "is not the hash of a plan; generate it again");
    memcpy(files->plan_hash, text->bytes + 5, HASH_DIGITS);
    return true;
}

bool source_files_open(struct source_files *files, const char *folder, struct error *error)
{
    *files = (struct source_files){0};
    char path[4096];
    if (!path_join(path, sizeof path, folder, "MANIFEST", error))
        return false;
    files->manifest = pool_text(&files->pool, path);
    struct text text = {0};
    bool done = read_manifest(files, &text, error);
    if (done) { /* the names stay in this copy */
        char *lines = pool_text(&files->pool, text.bytes + 5 + HASH_DIGITS + 1);
        size_t most = strlen(lines) / (HASH_DIGITS + 2) + 1;
        files->files = pool_take(&files->pool, most, sizeof *files->files);
        done = load_listed(files, folder, lines, error);
    }
    text_free(&text);
    return done;
}

void source_files_close(struct source_files *files)
{
    for (int i = 0; i < files->count; i++)
        text_free(&files->files[i].text);
    pool_free(&files->pool);
}

const struct source_file *source_files_find(const struct source_files *files, const char *name, struct error *error)
{
    for (int i = 0; i < files->count; i++)
        if (strcmp(files->files[i].name, name) == 0)
            return &files->files[i];
    fail(error, files->manifest, 0, "does not list %s; generate again", name);
    return NULL;
}
