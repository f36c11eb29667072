/* Writing one shard file: payload first, header last, under a temporary name until it is whole. */
#pragma once

#include "base/error.h"
#include "base/file_writer.h"
#include "checksum.h"
#include "shard_format.h"

#include <stdint.h>

struct shard_writer {
    struct file_writer file;
    uint64_t written; /* bytes of payload so far */
    struct checksum checksum;
    struct shard_header header;
};

/* From here on a request to stop is only noted (base/stop.h). */
bool shard_writer_open(struct shard_writer *writer, const char *folder, const char *name, struct error *error);

/* Appends payload, at its offset in the plan: `offset` must be where the last one ended. Fails, too, when the user has
 * asked to stop. */
bool shard_writer_add(struct shard_writer *writer, uint64_t offset, const void *bytes, uint64_t count,
                      struct error *error);

/* Completes the header (the caller has set plan_hash and checkpoint) and gives the file its name. On failure, and by
 * shard_writer_abandon, nothing is left. */
bool shard_writer_close(struct shard_writer *writer, struct error *error);
void shard_writer_abandon(struct shard_writer *writer);

/* Whether folder/name is a whole shard with this identity. Looks at header and size, not at the payload. */
bool shard_is_fresh(const char *folder, const struct shard_header *wanted);
