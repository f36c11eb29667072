#include "base/file_writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PLACE_ROOM = 4096 };

/* A link is followed: what it leads to is replaced, not the link. A device or a pipe cannot be replaced. */
static bool find_place(const char *path, char place[PLACE_ROOM], struct error *error)
{
    struct stat status;
    char *led_to = NULL;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return fail(error, path, 0, "is not a regular file; choose another path");
    if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode)) {
        led_to = realpath(path, NULL);
        if (!led_to)
            return fail_errno(error, path, "is a link that leads nowhere");
    }
    bool fits = snprintf(place, PLACE_ROOM, "%s", led_to ? led_to : path) < PLACE_ROOM;
    free(led_to);
    return fits || fail(error, path, 0, "the path is too long");
}

bool file_writer_open(struct file_writer *writer, const char *path_given, struct error *error)
{
    char path[PLACE_ROOM];
    writer->file = -1;
    if (!find_place(path_given, path, error))
        return false;
    if (snprintf(writer->path, sizeof writer->path, "%s", path) >= (int)sizeof writer->path ||
        snprintf(writer->temporary, sizeof writer->temporary, "%s.XXXXXX", path) >= (int)sizeof writer->temporary)
        return fail(error, path, 0, "the path is too long");
    writer->file = mkstemp(writer->temporary);
    return writer->file >= 0 || fail_errno(error, path, "cannot be written");
}

bool file_writer_put(struct file_writer *writer, uint64_t offset, const void *bytes, uint64_t count,
                     struct error *error)
{
    const unsigned char *from = bytes;
    while (count > 0) {
        ssize_t wrote = pwrite(writer->file, from, count, (off_t)offset);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return fail_errno(error, writer->path, "cannot be written");
        from += wrote;
        offset += (uint64_t)wrote;
        count -= (uint64_t)wrote;
    }
    return true;
}

static bool complete(struct file_writer *writer, int mode, struct error *error)
{
    int file = writer->file;
    if (fchmod(file, (mode_t)mode) != 0)
        return fail_errno(error, writer->path, "cannot be written");
    writer->file = -1;
    if (close(file) != 0)
        return fail_errno(error, writer->path, "cannot be written");
    return rename(writer->temporary, writer->path) == 0 || fail_errno(error, writer->path, "cannot be replaced");
}

bool file_writer_close(struct file_writer *writer, int mode, struct error *error)
{
    if (complete(writer, mode, error))
        return true;
    file_writer_abandon(writer);
    return false;
}

void file_writer_abandon(struct file_writer *writer)
{
    if (writer->file >= 0)
        close(writer->file);
    writer->file = -1;
    unlink(writer->temporary);
}
