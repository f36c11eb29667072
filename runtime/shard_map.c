#include "shard_map.h"
#include "checksum.h"
#include "shard_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void check_header(struct rank *r, const struct shard_header *header, const char *path, const char *name,
                         uint64_t payload_bytes)
{
    if (memcmp(header->magic, SHARD_MAGIC, sizeof header->magic) != 0)
        rank_fail(r, "%s is not a shard; run rankc shard", path);
    if (memcmp(header->plan_hash, r->control->plan_hash, sizeof header->plan_hash) != 0)
        rank_fail(r, "%s belongs to another plan; run rankc shard for this one", path);
    if (header->payload_bytes != payload_bytes || strncmp(header->name, name, sizeof header->name) != 0)
        rank_fail(r, "%s is not the shard that its name says; run rankc shard again", path);
}

const unsigned char *map_shard(struct rank *r, const struct class_info *class, const char *folder, int file)
{
    const char *name = class->shard_names[file];
    char path[512];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        rank_fail(r, "the path of %s is too long", name);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) != 0)
        rank_fail(r, "%s cannot be opened: %s", path, strerror(errno));
    uint64_t bytes = SHARD_HEADER_BYTES + class->shard_bytes[file];
    if ((uint64_t)status.st_size != bytes)
        rank_fail(r, "%s has %lld bytes, not %llu; run rankc shard for this plan", path, (long long)status.st_size,
                  (unsigned long long)bytes);
    const unsigned char *mapped = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, descriptor, 0);
    if (mapped == MAP_FAILED)
        rank_fail(r, "%s cannot be mapped: %s", path, strerror(errno));
    close(descriptor);

    const struct shard_header *header = (const struct shard_header *)mapped;
    check_header(r, header, path, name, class->shard_bytes[file]);
    if (checksum64(0, mapped + SHARD_HEADER_BYTES, class->shard_bytes[file]) != header->checksum)
        rank_fail(r, "%s is damaged: its checksum differs; copy it again", path);
    if (file > 0 && memcmp(r->control->checkpoint, header->checkpoint, sizeof header->checkpoint) != 0)
        rank_fail(r, "%s was cut from another checkpoint than %s; run rankc shard again", path,
                  r->control->shard_name[0]);
    memcpy(r->control->checkpoint, header->checkpoint, sizeof header->checkpoint);
    r->control->shard_checksum[file] = header->checksum;
    snprintf(r->control->shard_name[file], sizeof r->control->shard_name[file], "%s", name);
    return mapped + SHARD_HEADER_BYTES;
}
