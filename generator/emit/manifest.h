/* The MANIFEST of a generated folder: the plan's hash, and the hash and path of every other file.
 *
 *     plan 1f0c...
 *     9d5e...  CMakeLists.txt
 *     03ab...  first/class.h
 */
#pragma once

#include "base/error.h"
#include "base/text.h"

extern const char manifest_name[]; /* "MANIFEST" */

/* A file to be written: its path below the output folder, and its bytes. */
struct output_file {
    char path[128];
    struct text bytes;
};

/* Adds the manifest of these files to `out`. Sorts them by path. */
void manifest_write(const char *plan_hash, struct output_file *files, int count, struct text *out);

/* The paths that the manifest in `folder` lists: `paths[0..*count)`, each and the list itself to be freed. None where
 * there is no manifest. Refuses a manifest that names anything but "file" and "folder/file". */
bool manifest_paths(const char *folder, char ***paths, int *count, struct error *error);
void manifest_paths_free(char **paths, int count);
