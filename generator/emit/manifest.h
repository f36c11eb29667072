/* Writing the MANIFEST of a generated folder; base/manifest.h shows and reads it. */
#pragma once

#include "base/text.h"

/* A file to be written: its path below the output folder, and its bytes. */
struct output_file {
    char path[128];
    struct text bytes;
};

/* Adds the manifest of these files to `out`. Sorts them by path. */
void manifest_write(const char *plan_hash, struct output_file *files, int count, struct text *out);
