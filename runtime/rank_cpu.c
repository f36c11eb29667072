/* A rank on a processor: its kernels, its memory and its channels, and how it runs a step. */
#include "pages.h"
#include "rank.h"
#include "shard_map.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* Pages are mapped now: what is resident later is what the ledger says, and no step pays for a page fault. */
static void map_arena(struct rank *r, uint64_t bytes)
{
    void *arena = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (arena == MAP_FAILED)
        rank_fail(r, "its arena of %llu bytes cannot be had: %s", (unsigned long long)bytes, strerror(errno));
    r->arena = arena;
}

static void pick_kernels(struct rank *r, const char *name)
{
    r->kernels = name ? kernels_named(name) : kernels_best();
    if (!r->kernels)
        rank_fail(r, "this processor cannot run the %s kernels; leave --kernels out", name);
}

void cpu_start(struct rank *r, const struct class_info *class, const struct rank_options *options)
{
    pick_kernels(r, options->kernels);
    map_arena(r, class->arena_bytes);
    r->dense = map_shard(r, class, options->shards, 0);
    r->experts = map_shard(r, class, options->shards, 1);
    class->connect(r);
}

void cpu_step(struct rank *r, const struct class_info *class)
{
    if (r->step->decode)
        class->decode(r);
    else
        class->prefill(r);
}

void cpu_end(struct rank *r, const struct class_info *class)
{
    (void)class;
    atomic_store(&r->control->resident_bytes, resident_bytes());
}
