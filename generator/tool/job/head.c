#include "tool/job/head.h"
#include "tool/job/lane.h"
#include "transport/futex.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS_WORTH_SPLITTING = 8 }; /* fewer in a micro-batch, and its messages cost more than their overlap gains */

struct head {
    struct processes *processes;
    const struct plan *plan;
    const struct shapes *shape; /* of the last class: the sizes that all classes share, and the logits' */
    struct lane *lanes;
    int lane_count;
    uint32_t step; /* number of the newest */
    double started;
};

double seconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

bool head_admits(const struct plan *plan, const struct request *request, struct error *error)
{
    const struct shapes *shape = &plan->classes[plan->class_count - 1].shape;
    if (request->prompt_count < 1)
        return fail(error, NULL, 0, "a prompt has no tokens; give at least one");
    for (int i = 0; i < request->prompt_count; i++)
        if (request->prompt[i] < 0 || request->prompt[i] >= shape->vocabulary)
            return fail(error, NULL, 0, "token id %d is not in the vocabulary; ids go from 0 to %d", request->prompt[i],
                        shape->vocabulary - 1);
    if (request->prompt_count > shape->context)
        return fail(error, NULL, 0, "a prompt of %d tokens does not fit the context of %d; raise batch.context",
                    request->prompt_count, shape->context);
    return true;
}

/* ---- the shared segment, as the plan lays it out */

static unsigned char *step_of_lane(const struct head *head, int lane)
{
    uint64_t at = head->plan->step_offset + ((uint64_t)lane * 2 + head->step % 2) * head->plan->step_bytes;
    return (unsigned char *)head->processes->job + at;
}

/* A lane's rank in the last stage, by tp coordinate. */
static const struct rank_row *last_rank(const struct head *head, int lane, int tp)
{
    return &head->plan->ranks[head->lanes[lane].last_ranks[tp]];
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

/* The phase and the number of micro-batches, the same for all lanes: as few as hold the longest lane's rows, or all of
 * them when each gets enough to be worth it. */
static struct step_header choose_shape(const struct head *head)
{
    const struct shapes *shape = head->shape;
    int most = 0, micro_batches = shape->micro_batches;
    for (int lane = 0; lane < head->lane_count; lane++)
        if (head->lanes[lane].row_count > most)
            most = head->lanes[lane].row_count;
    bool decode = most <= micro_batches * shape->decode_rows;
    int capacity = decode ? shape->decode_rows : shape->prefill_rows;
    int active = (most + capacity - 1) / capacity;
    if (most >= ROWS_WORTH_SPLITTING * micro_batches)
        active = micro_batches;
    return (struct step_header){.decode = decode, .active = (uint32_t)active};
}

/* Drops rows from the end until no micro-batch has more rows with logits than fit. */
static void fit_logits(const struct head *head, struct lane *lane, uint32_t active)
{
    for (bool fits = false; !fits;) {
        struct step_header step = {.active = active, .rows = (uint32_t)lane->row_count};
        fits = true;
        for (uint32_t micro = 0; micro < active && fits; micro++) {
            int wanted = 0;
            for (uint32_t row = micro_begin(&step, micro); row < micro_begin(&step, micro + 1); row++)
                wanted += lane->rows[row].wants != 0;
            fits = wanted <= head->shape->logit_rows;
        }
        if (!fits)
            lane_drop_last_row(lane);
    }
}

static void write_step(const struct head *head, int index, struct step_header step)
{
    const struct lane *lane = &head->lanes[index];
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
    for (int lane = 0; lane < head->lane_count; lane++)
        write_step(head, lane, *step);
    atomic_store(&head->processes->job->step, head->step);
    futex_wake_all(&head->processes->job->step);
}

static bool step_done(const struct head *head)
{
    for (int lane = 0; lane < head->lane_count; lane++)
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
    struct lane *lane = &head->lanes[index];
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

static bool run_step(struct head *head, token_handler *on_token, void *context, struct error *error)
{
    struct step_header step = choose_shape(head);
    for (int lane = 0; lane < head->lane_count; lane++)
        fit_logits(head, &head->lanes[lane], step.active);
    start_step(head, &step);
    if (!wait_for_step(head, error))
        return false;
    for (int lane = 0; lane < head->lane_count; lane++)
        if (!read_results(head, lane, &step, on_token, context, error))
            return false;
    return true;
}

/* ---- serving */

/* Gives waiting requests to the lanes with the most free sequences. */
static int admit(struct head *head, struct request *requests, int next, int count)
{
    for (; next < count; next++) {
        struct lane *freest = &head->lanes[0];
        for (int lane = 1; lane < head->lane_count; lane++)
            if (head->lanes[lane].busy < freest->busy)
                freest = &head->lanes[lane];
        if (!lane_admit(freest, &requests[next]))
            break;
    }
    return next;
}

static bool serve(struct head *head, struct request *requests, int count, token_handler *on_token, void *context,
                  struct error *error)
{
    int next = 0;
    for (;;) {
        next = admit(head, requests, next, count);
        int rows = 0;
        for (int lane = 0; lane < head->lane_count; lane++)
            rows += lane_fill(&head->lanes[lane]);
        if (rows == 0)
            return true;
        if (!run_step(head, on_token, context, error))
            return false;
    }
}

bool head_serve(struct processes *processes, struct request *requests, int count, token_handler *on_token,
                void *context, struct error *error)
{
    const struct plan *plan = processes->plan;
    struct head head = {.processes = processes,
                        .plan = plan,
                        .shape = &plan->classes[plan->class_count - 1].shape,
                        .lane_count = plan->grid[AXIS_DP] * plan->grid[AXIS_EP],
                        .started = seconds_now()};
    head.lanes = lanes_make(plan);
    bool done = serve(&head, requests, count, on_token, context, error);
    lanes_free(head.lanes, head.lane_count);
    return done;
}
