#include "emit/manifest.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

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
