#include "tool/job/timeline.h"
#include "recorder.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Room for records. Only what is written takes memory; all ranks together take no more than this. */
static const uint64_t MOST_BYTES = (uint64_t)1 << 31, MOST_PART_BYTES = (uint64_t)1 << 26;

_Static_assert((int)CHANNEL_STAGE == (int)MAILBOX_STAGE && (int)CHANNEL_PARTIAL == (int)MAILBOX_PARTIAL &&
                   (int)CHANNEL_DISPATCH == (int)MAILBOX_DISPATCH && (int)CHANNEL_COMBINE == (int)MAILBOX_COMBINE &&
                   (int)CHANNEL_LOGITS == (int)MAILBOX_LOGITS,
               "the runtime counts bytes by kinds of channels in the order of mailboxes");

/* ---- the head's side */

bool timeline_open(struct timeline *timeline, const struct plan *plan, struct error *error)
{
    uint64_t part = MOST_BYTES / (uint64_t)plan->world;
    *timeline = (struct timeline){.plan = plan, .file = -1, .trace = {.kind = "measured"}};
    timeline->bytes = (part < MOST_PART_BYTES ? part : MOST_PART_BYTES) * (uint64_t)plan->world;
    memcpy(timeline->trace.hash, plan->hash, sizeof plan->hash);
    timeline->file = memfd_create("rankc-timeline", MFD_CLOEXEC);
    if (timeline->file < 0 || ftruncate(timeline->file, (off_t)timeline->bytes) != 0)
        return fail_errno(error, NULL, "memory for the timeline cannot be had");
    return true;
}

void timeline_free(struct timeline *timeline)
{
    if (timeline->file >= 0)
        close(timeline->file);
    trace_free(&timeline->trace);
    *timeline = (struct timeline){.file = -1};
}

static double seconds_at(const struct timeline *timeline, uint64_t ns)
{
    return 1e-9 * (double)(ns - timeline->zero_ns);
}

void timeline_begin(struct timeline *timeline)
{
    timeline->zero_ns = recorder_clock();
}

static struct trace_step *add_step(struct timeline *timeline)
{
    struct trace *trace = &timeline->trace;
    if (trace->count == timeline->room) {
        timeline->room = 2 * timeline->room + 64;
        struct trace_step *steps = pool_take(&trace->pool, (size_t)timeline->room, sizeof *steps);
        if (trace->count > 0)
            memcpy(steps, trace->steps, (size_t)trace->count * sizeof *steps);
        trace->steps = steps;
    }
    timeline->steps_run++;
    return &trace->steps[trace->count++];
}

void timeline_begin_step(struct timeline *timeline, const struct lanes *lanes, const struct step_header *header)
{
    struct trace_step *added = add_step(timeline);
    lanes_describe_step(lanes, header, &timeline->trace.pool, &added->step);
    step_take_routes(timeline->plan, &timeline->trace.pool, &added->step);
    added->ops = plan_most_ops(timeline->plan, added->step.phase);
    added->begin_s = seconds_at(timeline, recorder_clock());
}

void timeline_end_step(struct timeline *timeline)
{
    timeline->trace.steps[timeline->trace.count - 1].end_s = seconds_at(timeline, recorder_clock());
}

/* ---- the ranks' records */

struct part {
    const struct rank_row *row;
    const struct timeline_part *mapped;
    uint64_t bytes;
};

static bool map_part(const struct timeline *timeline, int rank, struct part *part, struct error *error)
{
    part->row = &timeline->plan->ranks[rank];
    part->bytes = timeline_part_bytes(timeline->bytes, timeline->plan->world);
    void *mapped =
        mmap(NULL, part->bytes, PROT_READ, MAP_SHARED, timeline->file, (off_t)(part->bytes * (uint64_t)rank));
    part->mapped = mapped == MAP_FAILED ? NULL : mapped;
    return part->mapped || fail_errno(error, NULL, "the timeline of rank %d cannot be read", rank);
}

static void unmap_part(const struct part *part)
{
    if (part->mapped)
        munmap((void *)part->mapped, part->bytes);
}

/* The record at `*at` of a part, which moves on; NULL at the end. */
static const struct op_record *next_record(const struct part *part, uint64_t *at)
{
    if (!part->mapped || *at >= part->mapped->used)
        return NULL;
    const struct op_record *record = (const void *)((const unsigned char *)(part->mapped + 1) + *at);
    *at += op_record_bytes(record->counts);
    return record;
}

/* Of a rank that lost records: the steps before that of its last one. */
static int whole_steps(const struct timeline *timeline, const struct part *part)
{
    uint32_t last = 1;
    if (part->mapped->lost == 0)
        return timeline->steps_run;
    uint64_t at = 0;
    for (const struct op_record *record; (record = next_record(part, &at)) != NULL;)
        last = record->step;
    return (int)last - 1;
}

/* Routes are the same on all ranks of a tp group: the first one's are taken. */
static void take_counts(const struct plan *plan, const struct rank_row *row, const struct op *op,
                        const struct op_record *record, struct step *step)
{
    const int32_t *counts = (const int32_t *)(record + 1);
    int lane = row->at[AXIS_DP] * plan->grid[AXIS_EP] + row->at[AXIS_EP], layer = row->layer_base + op->layer;
    size_t at = ((size_t)lane * (size_t)plan->classes[0].shape.model_layers + (size_t)layer) * (size_t)step->active +
                (size_t)op->micro;
    size_t slots = (size_t)plan->placement.expert_slots, peers = (size_t)plan->grid[AXIS_EP];
    if (op->kind == OP_EXPERTS) {
        assert(record->counts == slots + 1);
        for (size_t slot = 0; slot < slots; slot++)
            step->routes.slot_rows[at * slots + slot] = counts[slot + 1] - counts[slot];
    } else {
        assert(record->counts == peers);
        memcpy(step->routes.sent_rows + at * peers, counts, peers * sizeof *counts);
    }
}

static void take_records(struct timeline *timeline, const struct part *part)
{
    const struct plan *plan = timeline->plan;
    uint64_t at = 0;
    for (const struct op_record *record; (record = next_record(part, &at)) != NULL;) {
        if (record->step > (uint32_t)timeline->trace.count)
            break;
        struct trace_step *step = &timeline->trace.steps[record->step - 1];
        const struct schedule *schedule = schedule_of(plan, part->row->rank, step->step.phase);
        assert(record->op >= 1 && record->op <= (uint32_t)schedule->count);
        step->spans[(size_t)part->row->rank * (size_t)step->ops + record->op - 1] =
            (struct span){.begin_s = seconds_at(timeline, record->begin_ns),
                          .start_s = seconds_at(timeline, record->begin_ns + record->waited_ns),
                          .end_s = seconds_at(timeline, record->end_ns),
                          .bytes = record->bytes};
        if (record->counts > 0 && part->row->at[AXIS_TP] == 0)
            take_counts(plan, part->row, &schedule->ops[record->op - 1], record, &step->step);
    }
}

/* Ops that a step skips are not recorded: they lie where the op before them ended. */
static void place_skipped(struct timeline *timeline, int rank)
{
    for (int i = 0; i < timeline->trace.count; i++) {
        struct trace_step *step = &timeline->trace.steps[i];
        const struct schedule *schedule = schedule_of(timeline->plan, rank, step->step.phase);
        double before = step->begin_s;
        struct span *span = &step->spans[(size_t)rank * (size_t)step->ops];
        for (int op = 0; op < step->ops; op++, span++) {
            if (op >= schedule->count || schedule->ops[op].micro >= step->step.active)
                span->begin_s = span->start_s = span->end_s = before;
            before = span->end_s;
        }
    }
}

static void take_counters(struct timeline *timeline, const struct processes *processes)
{
    uint64_t *counters =
        pool_take(&timeline->trace.pool, (size_t)timeline->plan->world * MAILBOX_KINDS, sizeof *counters);
    timeline->trace.counters = counters;
    for (int rank = 0; rank < timeline->plan->world; rank++, counters += MAILBOX_KINDS)
        for (int kind = 0; kind < CHANNEL_KINDS; kind++)
            counters[kind] = atomic_load(&rank_control(processes, rank)->posted_bytes[kind]);
}

static bool cut_to_whole_steps(struct timeline *timeline, struct error *error)
{
    struct trace *trace = &timeline->trace;
    for (int rank = 0; rank < timeline->plan->world; rank++) {
        struct part part;
        if (!map_part(timeline, rank, &part, error))
            return false;
        int whole = whole_steps(timeline, &part);
        trace->count = whole < trace->count ? whole : trace->count;
        unmap_part(&part);
    }
    return true;
}

bool timeline_finish(struct timeline *timeline, const struct processes *processes, struct error *error)
{
    struct trace *trace = &timeline->trace;
    if (!cut_to_whole_steps(timeline, error))
        return false;
    for (int i = 0; i < trace->count; i++)
        trace->steps[i].spans =
            pool_take(&trace->pool, (size_t)timeline->plan->world * (size_t)trace->steps[i].ops, sizeof(struct span));
    for (int rank = 0; rank < timeline->plan->world; rank++) {
        struct part part;
        if (!map_part(timeline, rank, &part, error))
            return false;
        take_records(timeline, &part);
        unmap_part(&part);
        place_skipped(timeline, rank);
    }
    take_counters(timeline, processes);
    return true;
}
