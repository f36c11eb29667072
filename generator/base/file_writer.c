#include "base/file_writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_writer_open(struct file_writer *writer, const char *path, struct error *error)
{
    writer->file = -1;
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
