/* Writing one file in pieces: under a temporary name beside it until it is whole, so that a reader of `path` sees the
 * old bytes or the new. A full disk or a read-only folder is an error and leaves nothing behind. */
#pragma once

#include "base/error.h"

#include <stdint.h>

struct file_writer {
    char path[4096], temporary[4096];
    int file; /* -1: not open */
};

/* Each open is followed by one close or one abandon. */
bool file_writer_open(struct file_writer *writer, const char *path, struct error *error);

/* Writes `count` bytes from `offset` on. */
bool file_writer_put(struct file_writer *writer, uint64_t offset, const void *bytes, uint64_t count,
                     struct error *error);

/* Gives the file its mode and its name; nothing is left when that fails, nor by file_writer_abandon. */
bool file_writer_close(struct file_writer *writer, int mode, struct error *error);
void file_writer_abandon(struct file_writer *writer);
