/* The facts of a comparison in words: what its forms for people and for programs both say. */
#pragma once

#include "predict/diff/diff.h"

struct words {
    char text[512];
};

struct words format_words(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "8", or "8 -> 16". */
struct words count_words(int old, int new);

/* "512 B", "1.50 MiB"; with a sign: "+1.50 MiB". */
struct words bytes_words(uint64_t bytes);
struct words delta_words(uint64_t old, uint64_t new);

/* "0-31, 64-95": at most `most_runs` runs, 0: all. */
struct words ranks_words(const int *ranks, int count, int most_runs);

/* "first, layers 0-7"; class -1: "nothing". */
struct words stage_words(const struct plan *plan, int class_index, int layer_base);

/* What a rank holds of its first layer's experts and of what is cut: "experts 0-7, tp 0 of 2". */
struct words holding_words(const struct plan *plan, int rank);

/* "layers 0-7 expert dispatch A, B (was expert gather)" */
struct words change_words(const struct diff_class *pair, const struct schedule_change *change);

extern const char *const fate_names[RANK_FATES];                       /* "moves" ... */
extern const char *const schedule_change_names[SCHEDULE_CHANGE_KINDS]; /* "replaced" ... */
extern const char schedule_change_marks[SCHEDULE_CHANGE_KINDS + 1];    /* "~+->" */
extern const char *const strategy_key_names[STRATEGY_KEY_COUNT];
