/* The MANIFEST of a generated folder, as it is read back: the plan's hash, then the hash and name of every other file
 * in ascending order of the names.
 *
 *     plan 1f0c...
 *     9d5e...  CMakeLists.txt
 *     03ab...  first/class.h
 */
#pragma once

#include "base/file.h"
#include "base/pool.h"

#define MANIFEST_NAME "MANIFEST"

struct manifest_line {
    const char *name; /* below the folder: "first/class.h" */
    char hash[SHA256_TEXT];
};

struct manifest {
    struct pool pool;
    const char *path; /* its own, for errors */
    char plan_hash[SHA256_TEXT];
    struct manifest_line *lines;
    int count;
};

/* Whether the folder has one. */
bool manifest_is_in(const char *folder);

/* Refuses a folder without a manifest, one that names anything but "file" and "folder/file", and one that names a file
 * twice. Looks at no file. Free it, whether it succeeds or not. */
bool manifest_read(struct manifest *manifest, const char *folder, struct error *error);
void manifest_free(struct manifest *manifest);
