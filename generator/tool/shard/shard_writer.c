#include "tool/shard/shard_writer.h"
#include "base/file.h"
#include "base/stop.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool shard_writer_open(struct shard_writer *writer, const char *folder, const char *name, struct error *error)
{
    char path[4096];
    *writer = (struct shard_writer){.written = 0};
    catch_stop_requests();
    if (!path_join(path, sizeof path, folder, name, error) || !file_writer_open(&writer->file, path, error))
        return false;
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
    if (!file_writer_put(&writer->file, SHARD_HEADER_BYTES + offset, bytes, count, error))
        return false;
    checksum_add(&writer->checksum, bytes, count);
    writer->written += count;
    return true;
}

bool shard_writer_close(struct shard_writer *writer, struct error *error)
{
    unsigned char page[SHARD_HEADER_BYTES] = {0};
    writer->header.payload_bytes = writer->written;
    writer->header.checksum = checksum_value(&writer->checksum);
    memcpy(page, &writer->header, sizeof writer->header);
    if (file_writer_put(&writer->file, 0, page, sizeof page, error))
        return file_writer_close(&writer->file, 0644, error);
    shard_writer_abandon(writer);
    return false;
}

void shard_writer_abandon(struct shard_writer *writer)
{
    file_writer_abandon(&writer->file);
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
