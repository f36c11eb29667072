/* Small plans for the tests of the proofs: made by the planner from a strategy filled in by hand, then broken. */
#pragma once

#include "plan/make.h"
#include "verify/proofs.h"
#include "verify/verify.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE_EXPERTS = 8 };

/* How a refusal ends that is not the strategy's fault. */
#define REPORT_IT "; rankc planned this wrongly, please report it with the strategy"

struct sample {
    struct strategy strategy;
    struct plan plan;
    struct error error;
};

/* A strategy over this grid with `layers` in equal stages and experts in blocks over ep. Its keys are on lines 1, 2, …
 * in the order of STRATEGY_KEYS. */
static inline void sample_strategy(struct sample *sample, int dp, int pp, int ep, int tp, int layers)
{
    *sample = (struct sample){0};
    struct strategy *strategy = &sample->strategy;
    *strategy = (struct strategy){
        .path = "sample.lua",
        .name = "sample",
        .model = {.family = "mixtral",
                  .hidden = 32,
                  .layers = layers,
                  .heads = 8,
                  .kv_heads = 2,
                  .head_dim = 8,
                  .experts = SAMPLE_EXPERTS,
                  .top_k = 2,
                  .expert_hidden = 16,
                  .vocabulary = 50,
                  .max_positions = 64,
                  .rms_epsilon = 1e-5,
                  .rope_theta = 1e4},
        .grid = {dp, pp, ep, tp},
        .world = dp * pp * ep * tp,
        .holder_room = 1,
        .target = {.device = "cpu", .transport = "shm", .threads = 1, .ranks_per_node = 1, .memory_bytes = 1u << 30},
        .batch = {.sequences = 4, .context = 40, .prefill_rows = 12, .micro_batches = 2, .logit_rows = 4}};
    for (int key = 0; key < STRATEGY_KEY_COUNT; key++)
        strategy->lines[key] = key + 1;
    strategy->rank_of = calloc((size_t)strategy->world, sizeof(int));
    strategy->stage_layers = calloc((size_t)pp, sizeof(int));
    strategy->holders = calloc((size_t)layers * SAMPLE_EXPERTS, sizeof(int));
    for (int i = 0; i < strategy->world; i++)
        strategy->rank_of[i] = i;
    for (int i = 0; i < pp; i++)
        strategy->stage_layers[i] = layers / pp;
    for (int i = 0; i < layers * SAMPLE_EXPERTS; i++)
        strategy->holders[i] = i % SAMPLE_EXPERTS * ep / SAMPLE_EXPERTS;
}

/* The same for GPUs, whose heads are wider. Its ledger has the reserves of a driver, and room for them. */
static inline void sample_cuda_strategy(struct sample *sample, int dp, int pp, int ep, int tp, int layers)
{
    sample_strategy(sample, dp, pp, ep, tp, layers);
    sample->strategy.model.head_dim = 16;
    sample->strategy.target.device = "cuda";
    sample->strategy.target.transport = "nccl";
    sample->strategy.target.memory_bytes = (uint64_t)4 << 30;
}

static inline bool sample_plan(struct sample *sample)
{
    return plan_make(&sample->strategy, &sample->plan, &sample->error);
}

static inline void sample_free(struct sample *sample)
{
    plan_free(&sample->plan);
    free(sample->strategy.rank_of);
    free(sample->strategy.stage_layers);
    free(sample->strategy.holders);
}

/* ---- faults: ways to break the plan of grid (1, 2, 2, 2), whose class 0 "first" is ranks 0-3 with layers 0 and 1, and
 * class 1 "last" is ranks 4-7 with layers 2 and 3
 *
 * A test lists them as X(name, what is done to `plan`, key of the line, proof, what the proof must say). */

struct fault {
    const char *name;
    void (*commit)(struct plan *plan);
    enum strategy_key key;
    bool (*proof)(const struct plan *plan, struct error *error);
    const char *text;
};

#define FAULT_FUNCTION(name, act, key, proof, text)                                                                    \
    static void name(struct plan *plan)                                                                                \
    {                                                                                                                  \
        act;                                                                                                           \
    }
#define FAULT_ROW(name, act, key, proof, text) {#name, name, KEY_##key, proof, text},

typedef void strategy_maker(struct sample *, int dp, int pp, int ep, int tp, int layers);

static inline void expect_refused_with(strategy_maker *make, const struct fault *fault)
{
    struct sample sample;
    make(&sample, 1, 2, 2, 2, 4);
    ck_assert(sample_plan(&sample));
    fault->commit(&sample.plan);
    char text[2048];
    snprintf(text, sizeof text, "%s" REPORT_IT, fault->text);
    ck_assert_msg(!fault->proof(&sample.plan, &sample.error), "%s was not noticed", fault->name);
    ck_assert_str_eq(sample.error.text, text);
    ck_assert_str_eq(sample.error.file, "sample.lua");
    ck_assert_int_eq(sample.error.line, fault->key + 1);
    ck_assert_int_eq(sample.error.status, EXIT_REFUSED);
    sample_free(&sample);
}

static inline void expect_refused(const struct fault *fault)
{
    expect_refused_with(sample_strategy, fault);
}

/* What faults are made with. */

#define both(plan, field, value) ((plan)->classes[0].shape.field = (value), (plan)->classes[1].shape.field = (value))

#define tensor(plan, class_index, kind) (&(plan)->classes[class_index].tensors[TENSOR_##kind])
#define buffer(plan, kind, micro)       ((struct buffer *)find_buffer(&(plan)->classes[0], BUFFER_##kind, micro))
#define mailbox(plan, class_index, kind, micro)                                                                        \
    ((struct mailbox *)find_mailbox(&(plan)->classes[class_index], MAILBOX_##kind, micro))

/* The op of this kind, micro-batch and layer. */
static inline struct op *sample_op(struct plan *plan, int class_index, enum phase phase, enum op_kind kind, int micro,
                                   int layer)
{
    struct schedule *schedule = &plan->classes[class_index].schedules[phase];
    for (int i = 0; i < schedule->count; i++)
        if (schedule->ops[i].kind == kind && schedule->ops[i].micro == micro && schedule->ops[i].layer == layer)
            return &schedule->ops[i];
    abort();
}

/* Moves an op to the place of another; those between make room. */
static inline void sample_move(struct op *op, struct op *to)
{
    struct op moved = *op;
    for (; op < to; op++)
        op[0] = op[1];
    for (; op > to; op--)
        op[0] = op[-1];
    *to = moved;
}

static inline void sample_remove(struct plan *plan, int class_index, enum phase phase, struct op *op)
{
    struct schedule *schedule = &plan->classes[class_index].schedules[phase];
    sample_move(op, &schedule->ops[--schedule->count]);
}

/* Gives the ranks for which `chosen` holds a class of their own: a copy of theirs, with op lists and mailboxes of its
 * own. Returns the index of the copy of class 0. */
static inline int sample_split(struct plan *plan, bool (*chosen)(const struct rank_row *row))
{
    int count = plan->class_count;
    struct rank_class *classes = pool_take(&plan->pool, 2 * (size_t)count, sizeof *classes);
    for (int i = 0; i < 2 * count; i++) {
        struct rank_class *class = &classes[i];
        *class = plan->classes[i % count];
        class->ranks = 0;
        if (i < count)
            continue;
        class->name = pool_format(&plan->pool, "other-%s", class->name);
        struct mailbox *mailboxes = pool_take(&plan->pool, (size_t) class->mailbox_count, sizeof *mailboxes);
        class->mailboxes = memcpy(mailboxes, class->mailboxes, (size_t) class->mailbox_count * sizeof *mailboxes);
        for (int phase = 0; phase < PHASES; phase++) {
            struct schedule *schedule = &class->schedules[phase];
            struct op *ops = pool_take(&plan->pool, (size_t)schedule->count, sizeof *ops);
            schedule->ops = memcpy(ops, schedule->ops, (size_t)schedule->count * sizeof *ops);
        }
    }
    for (int rank = 0; rank < plan->world; rank++) {
        struct rank_row *row = &plan->ranks[rank];
        row->class_index += chosen(row) ? count : 0;
        classes[row->class_index].ranks++;
    }
    plan->classes = classes;
    plan->class_count = 2 * count;
    return count;
}
