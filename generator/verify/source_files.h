/* The files of a generated folder, each with the bytes that its MANIFEST vouches for. */
#pragma once

#include "base/file.h"
#include "base/pool.h"

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

/* The file of that name below the folder: "first/class.h". NULL and an error when the manifest does not list it. */
const struct source_file *source_files_find(const struct source_files *files, const char *name, struct error *error);
