#include "emit/manifest.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char manifest_name[] = "MANIFEST";

enum { MOST_MANIFEST_BYTES = 1 << 20, HASH_DIGITS = SHA256_TEXT - 1 };

static int compare_paths(const void *left, const void *right)
{
    const struct output_file *a = left, *b = right;
    return strcmp(a->path, b->path);
}

void manifest_write(const char *plan_hash, struct output_file *files, int count, struct text *out)
{
    qsort(files, (size_t)count, sizeof *files, compare_paths);
    text_format(out, "plan %s\n", plan_hash);
    for (int i = 0; i < count; i++) {
        char hash[SHA256_TEXT];
        sha256_text(files[i].bytes.bytes, files[i].bytes.length, hash);
        text_format(out, "%s  %s\n", hash, files[i].path);
    }
}

static void add_path(char ***paths, int *count, const char *path)
{
    char **grown = realloc(*paths, (size_t)(*count + 1) * sizeof *grown);
    char *copy = strdup(path);
    if (!grown || !copy) {
        fputs("error: out of memory\n", stderr);
        exit(EXIT_REFUSED);
    }
    grown[(*count)++] = copy;
    *paths = grown;
}

static bool read_lines(const char *path, char *bytes, char ***paths, int *count, struct error *error)
{
    int number = 1;
    for (char *line = strtok(bytes, "\n"); line; line = strtok(NULL, "\n"), number++) {
        bool first = number == 1;
        const char *name = line + HASH_DIGITS + 2;
        bool right = first ? strncmp(line, "plan ", 5) == 0
                           : strspn(line, "0123456789abcdef") == HASH_DIGITS && strncmp(name - 2, "  ", 2) == 0 &&
                                 path_is_inside(name);
        if (!right)
            return fail(error, path, number,
                        "is not a line that rankc wrote; give another output folder, or remove "
                        "this one");
        if (!first)
            add_path(paths, count, name);
    }
    return true;
}

bool manifest_paths(const char *folder, char ***paths, int *count, struct error *error)
{
    *paths = NULL;
    *count = 0;
    char path[4096];
    if (!path_join(path, sizeof path, folder, manifest_name, error))
        return false;
    if (access(path, F_OK) != 0)
        return true;
    struct text text = {0};
    bool read = file_read(path, MOST_MANIFEST_BYTES, &text, error) && read_lines(path, text.bytes, paths, count, error);
    text_free(&text);
    if (!read) {
        manifest_paths_free(*paths, *count);
        *paths = NULL;
        *count = 0;
    }
    return read;
}

void manifest_paths_free(char **paths, int count)
{
    for (int i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
}
