#include "tool/shard/shard_writer.h"
#include "base/file.h"
#include "base/stop.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_at(struct shard_writer *writer, const void *bytes, uint64_t count, uint64_t offset,
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

bool shard_writer_open(struct shard_writer *writer, const char *folder, const char *name, struct error *error)
{
    *writer = (struct shard_writer){.file = -1};
    catch_stop_requests();
    if (!path_join(writer->path, sizeof writer->path, folder, name, error))
        return false;
    if (snprintf(writer->temporary, sizeof writer->temporary, "%s.XXXXXX", writer->path) >=
        (int)sizeof writer->temporary)
        return fail(error, writer->path, 0, "the path is too long");
    writer->file = mkstemp(writer->temporary);
    if (writer->file < 0)
        return fail_errno(error, writer->path, "cannot be written");
    memcpy(writer->header.magic, SHARD_MAGIC, sizeof writer->header.magic);
    snprintf(writer->header.name, sizeof writer->header.name, "%s", name);
    checksum_start(&writer->checksum, 0);
    return true;
}

bool shard_writer_add(struct shard_writer *writer, uint64_t offset, const void *bytes, uint64_t count,
                      struct error *error)
{
    assert(offset == writer->written);
    if (stop_requested())
        return fail_stopped(error, "the shard that was being written is removed");
    if (!write_at(writer, bytes, count, SHARD_HEADER_BYTES + offset, error))
        return false;
    checksum_add(&writer->checksum, bytes, count);
    writer->written += count;
    return true;
}

static bool complete(struct shard_writer *writer, struct error *error)
{
    unsigned char page[SHARD_HEADER_BYTES] = {0};
    writer->header.payload_bytes = writer->written;
    writer->header.checksum = checksum_value(&writer->checksum);
    memcpy(page, &writer->header, sizeof writer->header);
    if (!write_at(writer, page, sizeof page, 0, error))
        return false;
    int file = writer->file;
    writer->file = -1;
    if (fchmod(file, 0644) != 0 || close(file) != 0)
        return fail_errno(error, writer->path, "cannot be written");
    if (rename(writer->temporary, writer->path) != 0)
        return fail_errno(error, writer->path, "cannot be replaced");
    return true;
}

bool shard_writer_close(struct shard_writer *writer, struct error *error)
{
    if (complete(writer, error))
        return true;
    shard_writer_abandon(writer);
    return false;
}

void shard_writer_abandon(struct shard_writer *writer)
{
    if (writer->file >= 0)
        close(writer->file);
    writer->file = -1;
    unlink(writer->temporary);
}

bool shard_is_fresh(const char *folder, const struct shard_header *wanted)
{
    char path[4096];
    struct error ignored;
    struct shard_header found;
    struct stat status;
    if (!path_join(path, sizeof path, folder, wanted->name, &ignored))
        return false;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    bool fresh = read(file, &found, sizeof found) == (ssize_t)sizeof found && fstat(file, &status) == 0 &&
                 memcmp(found.magic, SHARD_MAGIC, sizeof found.magic) == 0 &&
                 memcmp(found.plan_hash, wanted->plan_hash, sizeof found.plan_hash) == 0 &&
                 memcmp(found.checkpoint, wanted->checkpoint, sizeof found.checkpoint) == 0 &&
                 strncmp(found.name, wanted->name, sizeof found.name) == 0 &&
                 found.payload_bytes == wanted->payload_bytes &&
                 (uint64_t)status.st_size == SHARD_HEADER_BYTES + found.payload_bytes;
    close(file);
    return fresh;
}
