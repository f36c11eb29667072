/* The passes of the planner, in the order they run. Each fills its part of the plan from the strategy and from what
 * the passes before it filled. */
#pragma once

#include "plan.h"

/* Rank rows: coordinates, stage layers, neighbours, groups, shard names. */
bool plan_ranks(const struct strategy *strategy, struct plan *plan, struct error *error);

/* Where each expert is, for every layer and sender. */
bool plan_placement(const struct strategy *strategy, struct plan *plan, struct error *error);

/* Classes by role, and which ranks are in each. */
bool plan_classes(const struct strategy *strategy, struct plan *plan, struct error *error);

/* Sizes of a class: heads, experts, rows, capacities. */
bool plan_shapes(const struct strategy *strategy, struct plan *plan, struct rank_class *class, struct error *error);

/* The weights of a class: which, of what size, where in its shard files. */
bool plan_tensors(const struct strategy *strategy, struct plan *plan, struct rank_class *class, struct error *error);

/* The op lists of a class, for prefill and for decode. */
bool plan_schedules(const struct strategy *strategy, struct plan *plan, struct rank_class *class, struct error *error);

/* The ops of a class on GPUs, into a schedule with room for them; then what their streams await of each other, and the
 * host. `exactly`: messages and products are as large as there are rows, which the host must know. */
void list_cuda_ops(const struct rank_class *class, enum phase phase, bool exactly, struct schedule *schedule);
void plan_awaits(const struct rank_class *class, bool exactly, struct schedule *schedule);

/* The arena of a class. */
bool plan_arena(const struct strategy *strategy, struct plan *plan, struct rank_class *class, struct error *error);

/* A buffer that the arena must hold; one a micro-batch, but for the kinds that a rank has one of. `purpose` is its
 * shape in words. Zero bytes: not in the arena. */
struct buffer_request {
    enum buffer_kind kind;
    uint64_t bytes;
    const char *purpose;
};

/* Lays the buffers out one after the other, each a multiple of `alignment` bytes. */
void lay_out_arena(struct plan *plan, struct rank_class *class, const struct buffer_request *requests, int count,
                   uint64_t alignment);
bool plan_cuda_arena(struct plan *plan, struct rank_class *class);

/* The mailboxes of a class, and with those of all classes the shared segment. */
bool plan_mailboxes(const struct strategy *strategy, struct plan *plan, struct rank_class *class, struct error *error);
void plan_segment(struct plan *plan);

/* Every byte that a rank of the class will own, by purpose. Needs the segment. */
void plan_ledger(struct plan *plan, struct rank_class *class);

/* Bytes of the pages that weights, arena and segment take of a rank of the class (of the one that takes most). Needs
 * the segment. */
uint64_t plan_pages(const struct plan *plan, const struct rank_class *class);

/* Whether a rank writes into peers' mailboxes of this kind, one slot of each; or reads peers', all of each. */
static inline bool mailbox_is_pushed(const struct mailbox *mailbox)
{
    return mailbox->kind == MAILBOX_DISPATCH || mailbox->kind == MAILBOX_COMBINE;
}

static inline bool mailbox_is_pulled(const struct mailbox *mailbox)
{
    return mailbox->kind == MAILBOX_PARTIAL || mailbox->kind == MAILBOX_LOGITS;
}

/* ---- sizes */

enum { LINE_BYTES = 64, PAGE_BYTES = 4096, DEVICE_LINE_BYTES = 256 };

uint64_t align_up(uint64_t bytes, uint64_t to);

/* The product of `count` sizes; UINT64_MAX / 16 where it would be more, so that sums of a few cannot wrap: nothing of
 * that size fits a device, and the ledger says so. */
uint64_t product(int count, const uint64_t *sizes);
#define BYTES(...) product((int)(sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)), (uint64_t[]){__VA_ARGS__})

/* The larger capacity of the two phases: what buffers are made for. */
int most_rows(const struct shapes *shape);

/* How many experts of one rank a row can want; the most pairs of a row and an expert that a rank can get. */
int experts_of_row(const struct shapes *shape);
uint64_t most_pairs(const struct shapes *shape);
