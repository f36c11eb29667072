/* The life of a rank on any device: join the job, start the device, tell the head, run steps, end. */
#include "pages.h"
#include "processor.h"
#include "rank.h"
#include "transport/futex.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- start */

static bool parse_options(int argc, char **argv, struct rank_options *options)
{
    *options = (struct rank_options){.rank = -1, .segment_file = -1, .trace_file = -1, .gpu = -1};
    const struct {
        const char *name;
        int *number; /* one of both */
        const char **text;
    } known[] = {{"--rank", &options->rank, NULL},
                 {"--segment", &options->segment_file, NULL},
                 {"--trace", &options->trace_file, NULL},
                 {"--gpu", &options->gpu, NULL},
                 {"--shards", NULL, &options->shards},
                 {"--kernels", NULL, &options->kernels},
                 {"--rendezvous", NULL, &options->rendezvous}};
    enum { KNOWN = sizeof known / sizeof *known };
    for (int i = 1; i + 1 < argc; i += 2) {
        int at = 0;
        while (at < KNOWN && strcmp(argv[i], known[at].name) != 0)
            at++;
        if (at == KNOWN)
            return false;
        if (known[at].number)
            *known[at].number = atoi(argv[i + 1]);
        else
            *known[at].text = argv[i + 1];
    }
    return argc % 2 == 1 && options->rank >= 0 && options->segment_file >= 0 && options->shards;
}

static int usage(const struct class_info *class, const struct rank *r)
{
    fprintf(stderr,
            "rank %d of %d of strategy %s (class %s; dp %d, pp %d, ep %d, tp %d), plan %.12s\n"
            "error: a rank is started by its job; use rankc run\n",
            r->number, class->world, class->strategy, class->name, r->dp, r->pp, r->ep, r->tp, class->plan_hash);
    return EXIT_USAGE;
}

/* Where the two step headers of this rank's lane are in the segment. */
static uint64_t headers_of(const struct rank *r, const struct class_info *class)
{
    uint64_t lane = (uint64_t)r->dp * (uint64_t) class->ep + (uint64_t)r->ep;
    return class->step_offset + 2 * lane * class->step_bytes;
}

static void map_segment(struct rank *r, const struct class_info *class, int file)
{
    struct stat status;
    if (fstat(file, &status) != 0 || (uint64_t)status.st_size != class->segment_bytes)
        rank_fail(r, "the shared segment is not of this plan (%lld bytes, not %llu); build and run one plan",
                  (long long)status.st_size, (unsigned long long)class->segment_bytes);
    void *segment = mmap(NULL, class->segment_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (segment == MAP_FAILED)
        rank_fail(r, "the shared segment cannot be mapped: %s", strerror(errno));
    close(file);
    r->job = segment;
    map_pages(segment, class->step_offset); /* the job and every rank's control */
    map_pages((unsigned char *)segment + headers_of(r, class), 2 * class->step_bytes);
    r->control = control_of(r->job, r->number);
}

/* The part of this rank alone: pages are had as records come. */
static void map_timeline(struct rank *r, const struct class_info *class, int file)
{
    static struct recorder recorder;
    struct stat status;
    if (file < 0)
        return;
    if (fstat(file, &status) != 0)
        rank_fail(r, "the memory for its timeline is not there: %s", strerror(errno));
    uint64_t bytes = timeline_part_bytes((uint64_t)status.st_size, class->world);
    void *part = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)(bytes * (uint64_t)r->number));
    if (part == MAP_FAILED)
        rank_fail(r, "the memory for its timeline cannot be mapped: %s", strerror(errno));
    close(file);
    recorder_start(&recorder, part, bytes);
    r->recorder = &recorder;
}

static void parse_hash(const char *text, unsigned char hash[PLAN_HASH_BYTES])
{
    for (int i = 0; i < PLAN_HASH_BYTES; i++) {
        unsigned byte = 0;
        sscanf(text + (size_t)2 * i, "%2x", &byte);
        hash[i] = (unsigned char)byte;
    }
}

static void introduce(struct rank *r, const struct class_info *class, int stamped)
{
    if (r->number != stamped)
        rank_fail(r, "its binary is that of rank %d; build again", stamped);
    parse_hash(class->plan_hash, r->control->plan_hash);
    r->control->world = (uint32_t) class->world;
    if (memcmp(r->control->plan_hash, r->job->plan_hash, PLAN_HASH_BYTES) != 0)
        rank_fail(r, "was built for plan %.12s, which is not the plan of this job; build again", class->plan_hash);
}

/* ---- agreement */

/* Compares what every rank said of itself with this rank's own: plan, world, checkpoint, and the checksums of shards
 * that bear the same name. */
static void compare_with_peers(struct rank *r, const struct class_info *class)
{
    const struct rank_control *own = r->control;
    for (int rank = 0; rank < class->world; rank++) {
        const struct rank_control *other = control_of(r->job, rank);
        if (memcmp(other->plan_hash, own->plan_hash, sizeof own->plan_hash) != 0 || other->world != own->world)
            rank_fail(r, "rank %d runs another plan; build all ranks of one plan", rank);
        if (memcmp(other->checkpoint, own->checkpoint, sizeof own->checkpoint) != 0)
            rank_fail(r, "rank %d has shards of another checkpoint; shard one checkpoint for all", rank);
        for (int file = 0; file < 2; file++)
            if (strcmp(other->shard_name[file], own->shard_name[file]) == 0 &&
                other->shard_checksum[file] != own->shard_checksum[file])
                rank_fail(r, "rank %d has another %s; copy the shards again", rank, own->shard_name[file]);
    }
}

/* ---- steps */

/* Waits for the head's next step. Returns its number, or 0 when the job is over. */
static uint32_t next_step(struct rank *r, uint32_t last)
{
    uint32_t step;
    while ((step = atomic_load(&r->job->step)) == last && atomic_load(&r->job->end) == JOB_RUNNING)
        futex_sleep(&r->job->step, last, 1000);
    if (atomic_load(&r->job->end) == JOB_ABORTED)
        _exit(EXIT_RANK_FAILED);
    return step == last ? 0 : last + 1;
}

static void read_step(struct rank *r, const struct class_info *class, uint32_t number)
{
    const unsigned char *at = (const unsigned char *)r->job + headers_of(r, class) + number % 2 * class->step_bytes;
    r->step = (const struct step_header *)at;
    r->rows = (const struct step_row *)(at + sizeof(struct step_header));
    r->sampling = (const struct sampling *)(at + step_sampling_offset(class->row_capacity));
    r->block_tables = (const uint32_t *)(at + step_tables_offset(class->row_capacity, (uint64_t) class->sequences));
}

static void report_step(struct rank *r, uint32_t number)
{
    if (r->recorder)
        recorder_end_step(r);
    atomic_store(&r->control->op, 0);
    atomic_store(&r->control->step_done, number);
    if (!r->links.tokens) /* the head waits for those that sample */
        return;
    atomic_fetch_add(&r->job->arrivals, 1);
    futex_wake_all(&r->job->arrivals);
}

static void run_steps(struct rank *r, const struct class_info *class)
{
    for (uint32_t last = 0, number; (number = next_step(r, last)) != 0; last = number) {
        if (last == 0)
            compare_with_peers(r, class);
        read_step(r, class, number);
        r->op = 0;
        if (r->recorder)
            r->recorder->step = number;
        atomic_store_explicit(&r->control->phase, r->step->decode, memory_order_relaxed);
        class->step(r, class);
        report_step(r, number);
    }
}

int rank_main(int argc, char **argv, const struct class_info *class, struct rank *r)
{
    struct rank_options options;
    if (!parse_options(argc, argv, &options) || options.rank >= class->world)
        return usage(class, r);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* no head, no ranks */
    r->op_layer = -1;
    int stamped = r->number;
    r->number = options.rank; /* what the head knows the rank by: it shall hear of a binary in a wrong place */
    map_segment(r, class, options.segment_file);
    catch_signals(r);
    introduce(r, class, stamped);
    if (r->job->roomy)
        stay_on_processor(r->number);
    map_timeline(r, class, options.trace_file);
    class->start(r, class, &options);
    atomic_store(&r->control->state, RANK_READY);
    atomic_fetch_add(&r->job->arrivals, 1);
    futex_wake_all(&r->job->arrivals);
    run_steps(r, class);
    class->end(r, class);
    atomic_store(&r->control->state, RANK_DONE);
    _exit(EXIT_DONE); /* all that a rank owns ends with it: nothing to flush, to free or to search for leaks */
}
