/* The files of a generated folder, each with the bytes that its MANIFEST vouches for. */
#pragma once

#include "base/manifest.h"

struct source_file {
    const char *name; /* below the folder: "first/class.h" */
    const char *path; /* of the file, for errors */
    struct text text;
};

struct source_files {
    struct manifest manifest;
    struct source_file *files; /* in ascending order of their names */
    int count;
};

/* Reads all of them. Refuses what manifest_read refuses, and a file that is missing or has another hash. Close it,
 * whether it succeeds or not. */
bool source_files_open(struct source_files *files, const char *folder, struct error *error);
void source_files_close(struct source_files *files);

/* The file of that name below the folder: "first/class.h". NULL and an error when the manifest does not list it. */
const struct source_file *source_files_find(const struct source_files *files, const char *name, struct error *error);
