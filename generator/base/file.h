/* Files: read whole, written whole or not at all. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdint.h>

/* Reads `path` into `text` (added to what it holds). Refuses a file over `most_bytes`, and anything but a regular file.
 */
bool file_read(const char *path, size_t most_bytes, struct text *text, struct error *error);

/* Writes `path` through a temporary file and a rename, so that a reader sees the old bytes or the new. Leaves the file
 * untouched when it already holds these bytes. A full disk or a read-only folder is an error and leaves nothing behind.
 */
bool file_write(const char *path, const char *bytes, size_t length, int mode, struct error *error);

/* Whether all that was printed on standard output has arrived there. */
bool output_flush(struct error *error);

/* Makes `path` and its missing parents. */
bool folder_make(const char *path, struct error *error);

/* "folder/name", in a static-size buffer of the caller; refuses what does not fit. */
bool path_join(char *out, size_t room, const char *folder, const char *name, struct error *error);

/* Whether `path` is "name" or "folder/name", each beginning with a letter: what rankc itself writes below a folder, and
 * nothing that leads out of it. */
bool path_is_inside(const char *path);

/* SHA-256 of `length` bytes as 64 hexadecimal digits and a NUL. */
enum { SHA256_TEXT = 65 };
void sha256_text(const void *bytes, size_t length, char out[SHA256_TEXT]);
