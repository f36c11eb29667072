/* A shard file: a page of header, then the payload that the plan lays out. Written by `rankc shard`, mapped by ranks.
 */
#pragma once

#include "job.h"

#include <stdbool.h>
#include <stddef.h>

#define SHARD_MAGIC "rankc shard v1\n"

enum { SHARD_HEADER_BYTES = 4096 };

struct shard_header {
    char magic[sizeof SHARD_MAGIC];
    unsigned char plan_hash[PLAN_HASH_BYTES];
    unsigned char checkpoint[IDENTITY_BYTES]; /* of the checkpoint it was cut from */
    uint64_t payload_bytes;
    uint64_t checksum; /* checksum64 of the payload */
    char name[48];     /* the file's own name: a renamed shard is not another one */
};

_Static_assert(sizeof(struct shard_header) <= SHARD_HEADER_BYTES, "the header must fit its page");
