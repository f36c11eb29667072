/* The facts of a comparison in words: what its forms for people and for programs both say. */
#pragma once

#include "predict/diff/diff.h"

struct words {
    char text[512];
};

/* "512 B", "1.50 MiB"; with a sign: "+1.50 MiB". */
struct words bytes_words(uint64_t bytes);
struct words delta_words(uint64_t old, uint64_t new);

/* "0-31, 64-95": at most `most_runs` runs, 0: all. */
struct words ranks_words(const int *ranks, int count, int most_runs);

/* "first, layers 0-7 -> middle, layers 4-7"; what is equal is said once. */
struct words move_stage_words(const struct diff *diff, const struct rank_move *move);

/* What the first rank of a move holds in a layer: "experts 0-7, tp 0 of 2 -> experts 0-3, tp 0 of 4". */
struct words move_holding_words(const struct diff *diff, const struct rank_move *move);

/* "layers 0-7 expert dispatch A, B (was expert gather)" */
struct words change_words(const struct diff_class *pair, const struct schedule_change *change);

extern const char *const fate_names[RANK_FATES];                       /* "moves" ... */
extern const char *const schedule_change_names[SCHEDULE_CHANGE_KINDS]; /* "replaced" ... */
extern const char schedule_change_marks[SCHEDULE_CHANGE_KINDS + 1];    /* "~+->" */
