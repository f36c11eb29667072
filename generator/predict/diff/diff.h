/* What a change of strategy means, as facts: everything that `rankc diff` says, computed once, for every form of it.
 *
 * emit/diff/report.c sets the facts out for people, emit/diff/json.c for programs. Arrays live in the diff's pool;
 * names and texts of the plans are pointed to, so the two sides must outlive it. */
#pragma once

#include "predict/fetch.h"
#include "predict/prediction.h"

struct diff_side {
    const char *path; /* as the user named it */
    const struct plan *plan;
    const struct strategy *strategy; /* NULL: a generated folder, which holds only the plan */
};

/* A figure of the job: both texts differ. */
struct diff_fact {
    const char *name, *old, *new;
};

/* A key of the strategy whose value changed; both sides are strategies. */
struct diff_key {
    enum strategy_key key;
    int old_line, new_line;
};

/* ---- ranks */

enum rank_fate { RANK_MOVES, RANK_ADDED, RANK_REMOVED, RANK_STAYS, RANK_FATES };

/* In what a rank's weights differ: bits. */
enum rank_part { PART_LAYERS = 1, PART_EXPERTS = 2, PART_SLICE = 4, PART_CLASS = 8 };

/* Ranks to which the same happens. Class and layers are -1 and none where they were not, or are no more. */
struct rank_move {
    enum rank_fate fate;
    unsigned parts;
    int old_class, old_base, new_class, new_base;
    const int *ranks; /* ascending */
    int count;
    uint64_t fetch_least, fetch_most, fetch; /* bytes of one of them; of all */
};

struct diff_ranks {
    int fates[RANK_FATES];
    unsigned char *parts; /* [the larger world] */
    struct rank_move *moves;
    int move_count;
};

struct diff_fetch {
    bool same_model, same_dtype;
    struct fetch_total *ranks; /* [new world] */
    struct fetch_total *nodes; /* [node_count] when ranks of a node share what they hold */
    int node_count, ranks_per_node;
    struct fetch_total sum, node_sum, held; /* over ranks, over nodes; all that the ranks of the new plan hold */
    int fetching_ranks, fetching_nodes, most_rank, most_node;
};

/* ---- groups */

/* Groups of one axis: the ranks that share all coordinates but this. An axis of size 1 has none. */
struct diff_axis {
    int old_count, old_size, new_count, new_size;
    int kept;                             /* groups of the same members before and after */
    int old_across, new_across;           /* groups whose members are on several nodes */
    const int *old_example, *new_example; /* groups of the first rank that has another; NULL: it has none */
};

/* ---- classes: schedules and ledgers, matched by role */

enum schedule_change_kind { OPS_REPLACED, OPS_ADDED, OPS_REMOVED, OPS_MOVED, SCHEDULE_CHANGE_KINDS };

/* The op before another: of which kind (-1: there is none), how many micro-batches and layers away. */
struct anchor {
    int kind, micro_step, layer_step;
};

/* The same change of ops in several layers and micro-batches. */
struct schedule_change {
    enum schedule_change_kind change;
    int kind, was;     /* enum op_kind; kind -1: every op of these layers or micro-batches; was: of OPS_REPLACED */
    unsigned micros;   /* bits */
    const int *layers; /* of the model, or within the class (struct diff_class) */
    int layer_count;   /* 0: of no layer */
    int ops;           /* how many; of OPS_MOVED with those that follow them */
    struct anchor after, was_after; /* of OPS_MOVED */
};

struct diff_schedule {
    int old_ops, new_ops;
    struct schedule_change *changes;
    int change_count;
};

struct diff_ledger_line {
    const char *purpose;
    uint64_t old, new;
};

struct diff_class {
    const struct rank_class *old, *new; /* one is NULL: only the other plan has such a class */
    int old_base, new_base; /* the model's layer that layers are counted from; both 0 where ranks of the class differ */
    bool layers_of_class;
    struct diff_schedule phases[PHASES];
    struct diff_ledger_line *ledger; /* lines that changed */
    int ledger_count;
};

/* ---- times */

struct diff_times {
    const char *why_not; /* NULL: both are predicted */
    struct workload old_workload, new_workload;
    struct prediction old, new;
};

struct diff {
    struct pool pool;
    struct diff_side old, new;
    bool identical; /* the plans' hashes are equal: of what is below only facts, keys and times are filled */
    struct diff_fact *facts;
    int fact_count;
    bool keys_known;
    struct diff_key *keys;
    int key_count;
    struct diff_ranks ranks;
    struct diff_fetch fetch;
    struct diff_axis axes[AXES];
    struct diff_class *classes;
    int class_count;
    struct diff_times times;
};

/* Compares two proven plans with their ledgers. Free it with diff_free. */
void diff_make(const struct diff_side *old, const struct diff_side *new, struct diff *diff);
void diff_free(struct diff *diff);
