#include "base/manifest.h"

#include <string.h>
#include <unistd.h>

enum { MOST_MANIFEST_BYTES = 1 << 20, HASH_DIGITS = SHA256_TEXT - 1 };

static bool is_hash(const char *text)
{
    return strspn(text, "0123456789abcdef") == HASH_DIGITS;
}

/* "hash  name". Ascending names cannot name a file twice. */
static bool take_line(struct manifest *manifest, const char *line, struct error *error)
{
    int number = manifest->count + 2;
    const char *name = line + HASH_DIGITS + 2;
    if (!is_hash(line) || strncmp(line + HASH_DIGITS, "  ", 2) != 0 || !path_is_inside(name))
        return fail(error, manifest->path, number,
                    "is not a hash and the name of a file in this folder; generate into an empty folder");
    if (manifest->count > 0 && strcmp(manifest->lines[manifest->count - 1].name, name) >= 0)
        return fail(error, manifest->path, number, "%s is out of order; generate into an empty folder", name);
    struct manifest_line *taken = &manifest->lines[manifest->count++];
    taken->name = name;
    memcpy(taken->hash, line, HASH_DIGITS);
    return true;
}

/* Cuts `text` into lines, which stay where they are. */
static bool take_lines(struct manifest *manifest, char *text, struct error *error)
{
    char *end = strchr(text, '\n');
    if (strncmp(text, "plan ", 5) != 0 || !is_hash(text + 5) || end != text + 5 + HASH_DIGITS)
        return fail(error, manifest->path, 1, "is not the hash of a plan; generate into an empty folder");
    memcpy(manifest->plan_hash, text + 5, HASH_DIGITS);
    size_t most = strlen(text) / (HASH_DIGITS + 2) + 1;
    manifest->lines = pool_take(&manifest->pool, most, sizeof *manifest->lines);
    for (char *line = end + 1; *line; line = end + 1) {
        end = strchr(line, '\n');
        if (!end)
            return fail(error, manifest->path, manifest->count + 2, "has no end; generate into an empty folder");
        *end = '\0';
        if (!take_line(manifest, line, error))
            return false;
    }
    return true;
}

bool manifest_is_in(const char *folder)
{
    char path[4096];
    struct error ignored;
    return path_join(path, sizeof path, folder, MANIFEST_NAME, &ignored) && access(path, F_OK) == 0;
}

bool manifest_read(struct manifest *manifest, const char *folder, struct error *error)
{
    *manifest = (struct manifest){0};
    char path[4096];
    if (!path_join(path, sizeof path, folder, MANIFEST_NAME, error))
        return false;
    manifest->path = pool_text(&manifest->pool, path);
    struct text text = {0};
    bool done = file_read(path, MOST_MANIFEST_BYTES, &text, error);
    done = done && take_lines(manifest, pool_text(&manifest->pool, text.bytes ? text.bytes : ""), error);
    text_free(&text);
    return done;
}

void manifest_free(struct manifest *manifest)
{
    pool_free(&manifest->pool);
}
