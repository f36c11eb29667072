/* The files of a generated folder, each with the bytes that its MANIFEST vouches for. */
#pragma once

#include "base/file.h"
#include "verify/source_text.h"

struct source_file {
    const char *name; /* below the folder: "first/class.h" */
    const char *path; /* of the file, for errors */
    struct text text;
};

struct source_files {
    struct pool pool;
    const char *manifest;        /* its path */
    char plan_hash[SHA256_TEXT]; /* that the manifest states */
    struct source_file *files;   /* in ascending order of their names */
    int count;
};

/* Reads all of them. Refuses a manifest that names anything but files in the folder and its subfolders, and a file that
 * is missing or has another hash. Close it, whether it succeeds or not. */
bool source_files_open(struct source_files *files, const char *folder, struct error *error);
void source_files_close(struct source_files *files);

/* Opens "folder/name", or "name" when `folder` is NULL. What it reads is kept in `pool`. */
bool source_files_find(const struct source_files *files, const char *folder, const char *name, struct source *source,
                       struct pool *pool, struct error *error);
