#include "tool/job/head.h"
#include "base/machine.h"
#include "transport/futex.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct head {
    struct processes *processes;
    const struct plan *plan;
    const struct shapes *shape; /* of the last class: the sizes that all classes share, and the logits' */
    struct lanes lanes;
    struct timeline *timeline; /* NULL: nobody asked for one */
    uint32_t step;             /* number of the newest */
    double started;
};

/* ---- the shared segment, as the plan lays it out */

static unsigned char *step_of_lane(const struct head *head, int lane)
{
    uint64_t at = head->plan->step_offset + ((uint64_t)lane * 2 + head->step % 2) * head->plan->step_bytes;
    return (unsigned char *)head->processes->job + at;
}

/* A lane's rank in the last stage, by tp coordinate. */
static const struct rank_row *last_rank(const struct head *head, int lane, int tp)
{
    return &head->plan->ranks[head->lanes.all[lane].last_ranks[tp]];
}

static const unsigned char *mailbox_of(const struct head *head, const struct rank_row *row, enum mailbox_kind kind,
                                       int micro)
{
    const struct rank_class *class = &head->plan->classes[row->class_index];
    for (int i = 0; i < class->mailbox_count; i++)
        if (class->mailboxes[i].kind == kind && (class->mailboxes[i].micro < 0 || class->mailboxes[i].micro == micro))
            return (const unsigned char *)head->processes->job + head->plan->mailbox_offset +
                   (uint64_t)row->rank * head->plan->mailbox_bytes + class->mailboxes[i].data;
    return NULL;
}

/* ---- making a step */

static void write_step(const struct head *head, int index, struct step_header step)
{
    const struct lane *lane = &head->lanes.all[index];
    const struct shapes *shape = head->shape;
    uint64_t capacity = lane->row_capacity;
    unsigned char *at = step_of_lane(head, index);
    step.rows = (uint32_t)lane->row_count;
    memcpy(at, &step, sizeof step);
    memcpy(at + sizeof step, lane->rows, (size_t)lane->row_count * sizeof *lane->rows);
    struct sampling *sampling = (struct sampling *)(void *)(at + step_sampling_offset(capacity));
    for (int i = 0; i < shape->sequences; i++)
        if (lane->sequences[i].request)
            sampling[i] = lane->sequences[i].request->sampling;
    memcpy(at + step_tables_offset(capacity, (uint64_t)shape->sequences), lane->block_tables,
           (size_t)shape->sequences * (size_t)shape->sequence_blocks * sizeof *lane->block_tables);
}

static void start_step(struct head *head, const struct step_header *step)
{
    head->step++;
    for (int lane = 0; lane < head->lanes.count; lane++)
        write_step(head, lane, *step);
    atomic_store(&head->processes->job->step, head->step);
    futex_wake_all(&head->processes->job->step);
}

static bool step_done(const struct head *head)
{
    for (int lane = 0; lane < head->lanes.count; lane++)
        for (int tp = 0; tp < head->shape->tp; tp++)
            if (atomic_load(&rank_control(head->processes, last_rank(head, lane, tp)->rank)->step_done) != head->step)
                return false;
    return true;
}

static bool wait_for_step(struct head *head, struct error *error)
{
    for (;;) {
        uint32_t seen = atomic_load(&head->processes->job->arrivals);
        if (step_done(head))
            return true;
        if (!processes_watch(head->processes, seen, error))
            return false;
    }
}

/* ---- what comes back */

/* The row's logits, put together from the slices of the tp group. */
static void read_logits(const struct head *head, int lane, int micro, int index, float *out)
{
    const struct shapes *shape = head->shape;
    for (int tp = 0; tp < shape->tp; tp++) {
        int first = tp * shape->vocabulary_slice, count = shape->vocabulary - first;
        count = count < shape->vocabulary_slice ? count : shape->vocabulary_slice;
        const float *slice = (const void *)mailbox_of(head, last_rank(head, lane, tp), MAILBOX_LOGITS, micro);
        if (count > 0)
            memcpy(out + first, slice + (size_t)index * (size_t)shape->vocabulary_slice, (size_t)count * sizeof *out);
    }
}

/* Hands out what one lane's rows brought. Sequences that got a token are told to `on_token` by the lane. */
static bool read_results(const struct head *head, int index, const struct step_header *shape, token_handler *on_token,
                         void *context, struct error *error)
{
    struct lane *lane = &head->lanes.all[index];
    struct step_header step = *shape;
    step.rows = (uint32_t)lane->row_count;
    for (uint32_t micro = 0; micro < step.active; micro++) {
        const int32_t *tokens =
            (const int32_t *)(const void *)mailbox_of(head, last_rank(head, index, 0), MAILBOX_TOKENS, -1) +
            (size_t)micro * (size_t)head->shape->logit_rows;
        int wanted = 0;
        for (uint32_t i = micro_begin(&step, micro); i < micro_begin(&step, micro + 1); i++) {
            const struct step_row *row = &lane->rows[i];
            if (!row->wants)
                continue;
            struct request *request = lane->sequences[row->sequence].request;
            if (request->logits)
                read_logits(head, index, (int)micro, wanted,
                            request->logits + (size_t)row->position * (size_t)head->shape->vocabulary);
            int token = tokens[wanted++];
            if (row->position < request->prompt_count - 1)
                continue;
            lane_accept_token(lane, row->sequence, token, head->plan, seconds_now() - head->started);
            if (!on_token(context, request, error))
                return false;
        }
    }
    lane_end_step(lane);
    return true;
}

static bool run_step(struct head *head, const struct step_header *step, token_handler *on_token, void *context,
                     struct error *error)
{
    if (head->timeline)
        timeline_begin_step(head->timeline, &head->lanes, step);
    start_step(head, step);
    if (!wait_for_step(head, error))
        return false;
    if (head->timeline)
        timeline_end_step(head->timeline);
    for (int lane = 0; lane < head->lanes.count; lane++)
        if (!read_results(head, lane, step, on_token, context, error))
            return false;
    return true;
}

/* ---- serving */

static bool serve(struct head *head, struct request *requests, int count, token_handler *on_token, void *context,
                  struct error *error)
{
    int next = 0;
    for (;;) {
        struct step_header step;
        next = lanes_admit(&head->lanes, requests, next, count);
        if (!lanes_make_step(&head->lanes, &step))
            return true;
        if (!run_step(head, &step, on_token, context, error))
            return false;
    }
}

bool head_serve(struct processes *processes, struct request *requests, int count, struct timeline *timeline,
                token_handler *on_token, void *context, struct error *error)
{
    const struct plan *plan = processes->plan;
    struct head head = {.processes = processes,
                        .plan = plan,
                        .shape = &plan->classes[plan->class_count - 1].shape,
                        .lanes = lanes_make(plan),
                        .timeline = timeline,
                        .started = seconds_now()};
    if (timeline)
        timeline_begin(timeline);
    bool done = serve(&head, requests, count, on_token, context, error);
    lanes_free(&head.lanes);
    return done;
}
