/* All memory of a CUDA rank, taken once at start: streams and events, host memory that the device reaches, the arena
 * and copies of the shards. */
#include "cuda/start/start.h"
#include "pages.h"
#include "shard_format.h"
#include "shard_map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CHUNK_BYTES = 16 << 20, CHUNKS = 2 }; /* one is filled while the other travels */

void take_streams(struct gpu *r)
{
    int least = 0, greatest = 0, events = r->gpu_class->ops + 1;
    GPU_CHECK(r, cudaDeviceGetStreamPriorityRange(&least, &greatest));
    /* NCCL's few blocks are to run beside kernels that fill the whole device, not after them. */
    GPU_CHECK(r, cudaStreamCreateWithPriority(&r->compute, cudaStreamNonBlocking, least));
    GPU_CHECK(r, cudaStreamCreateWithPriority(&r->comm, cudaStreamNonBlocking, greatest));
    r->events = calloc((size_t)events, sizeof *r->events);
    r->ops = calloc((size_t)events, sizeof *r->ops);
    if (!r->events || !r->ops)
        rank_fail(r->rank, "there is no memory for %d events", events);
    for (int i = 0; i < events; i++)
        GPU_CHECK(r, cudaEventCreateWithFlags(&r->events[i], cudaEventDisableTiming));
}

void take_host_memory(struct gpu *r, const struct class_info *class)
{
    const struct gpu_class *gpu = r->gpu_class;
    void *pinned = NULL;
    GPU_CHECK(r, cudaMallocHost(&pinned, gpu->counts_bytes + class->step_bytes));
    memset(pinned, 0, gpu->counts_bytes + class->step_bytes);
    r->pinned = pinned;
    r->pinned_step = r->pinned + gpu->counts_bytes;
    r->part = (unsigned char *)r->rank->job + gpu->part_offset + (uint64_t)r->number * gpu->part_bytes;
    if (gpu->part_bytes == 0)
        return;
    if (gpu->results[GPU_TOKENS].row_bytes > 0) /* the head waits for those that sample */
        r->rank->links.tokens = (int32_t *)(void *)(r->part + gpu->results[GPU_TOKENS].mailbox[0]);
    map_pages(r->part, gpu->part_bytes);
    GPU_CHECK(r, cudaHostRegister(r->part, gpu->part_bytes, cudaHostRegisterDefault));
}

static unsigned char *take_bytes(struct gpu *r, uint64_t bytes, const char *what)
{
    void *memory = NULL;
    cudaError_t status = cudaMalloc(&memory, bytes > 0 ? bytes : 1);
    if (status != cudaSuccess)
        rank_fail(r->rank, "%llu bytes of device memory for its %s cannot be had: %s", (unsigned long long)bytes, what,
                  cudaGetErrorString(status));
    return memory;
}

/* Copies through pinned memory, which the device reads at full speed. */
static void copy_to_device(struct gpu *r, unsigned char *to, const unsigned char *from, uint64_t bytes)
{
    unsigned char *chunks[CHUNKS];
    cudaEvent_t free_again[CHUNKS];
    for (int i = 0; i < CHUNKS; i++) {
        void *chunk = NULL;
        GPU_CHECK(r, cudaMallocHost(&chunk, CHUNK_BYTES));
        chunks[i] = chunk;
        GPU_CHECK(r, cudaEventCreateWithFlags(&free_again[i], cudaEventDisableTiming));
    }
    int turn = 0;
    for (uint64_t at = 0; at < bytes; at += CHUNK_BYTES, turn = (turn + 1) % CHUNKS) {
        uint64_t count = bytes - at < CHUNK_BYTES ? bytes - at : CHUNK_BYTES;
        GPU_CHECK(r, cudaEventSynchronize(free_again[turn]));
        memcpy(chunks[turn], from + at, count);
        GPU_CHECK(r, cudaMemcpyAsync(to + at, chunks[turn], count, cudaMemcpyHostToDevice, r->compute));
        GPU_CHECK(r, cudaEventRecord(free_again[turn], r->compute));
    }
    GPU_CHECK(r, cudaStreamSynchronize(r->compute));
    for (int i = 0; i < CHUNKS; i++) {
        GPU_CHECK(r, cudaFreeHost(chunks[i]));
        GPU_CHECK(r, cudaEventDestroy(free_again[i]));
    }
}

static const unsigned char *take_shard(struct gpu *r, const struct class_info *class, const char *folder, int file)
{
    static const char *const names[2] = {"dense weights", "experts"};
    uint64_t bytes = class->shard_bytes[file];
    unsigned char *memory = take_bytes(r, bytes, names[file]);
    const unsigned char *mapped = map_shard(r->rank, class, folder, file);
    copy_to_device(r, memory, mapped, bytes);
    munmap((void *)(mapped - SHARD_HEADER_BYTES), SHARD_HEADER_BYTES + bytes);
    return memory;
}

void take_device_memory(struct gpu *r, const struct class_info *class, const char *shards)
{
    r->arena = take_bytes(r, class->arena_bytes, "arena");
    GPU_CHECK(r, cudaMemsetAsync(r->arena, 0, class->arena_bytes, r->compute));
    r->dense = take_shard(r, class, shards, 0);
    r->experts = take_shard(r, class, shards, 1);
}
