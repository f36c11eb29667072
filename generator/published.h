/* What has been published about the speed of Mixture-of-Experts systems: the figures that claims are held against.
 * To add one, add a row to published.c with its source. */
#pragma once

#include <stddef.h>

/* A throughput. Several rows may be of one system, by which a claim names it. */
struct published_rate {
    const char *system; /* "switch_transformer" */
    double least, most; /* tokens per second and accelerator; 0, x: below x */
    const char *what;   /* model, activity and accelerator */
    const char *source;
};

/* A share of an accelerator's peak that model FLOPs made up. */
struct published_mfu {
    double share;
    const char *what, *source;
};

/* The next row of a system after `after` (NULL: the first); NULL: there is none. */
const struct published_rate *published_next(const char *system, const struct published_rate *after);

/* Whether a system has a row. */
int published_system(const char *system);

/* All systems, for a message. Returns `out`. */
const char *published_systems(char *out, size_t room);

/* The fastest row of all, per accelerator. */
const struct published_rate *published_fastest(void);

/* The ends of what is known to be published: the highest MFU of a Mixture-of-Experts model, that of a dense model, and
 * the lowest of serving, in prefill and in decode. */
enum mfu_end { MFU_HIGHEST, MFU_HIGHEST_DENSE, MFU_LOWEST_PREFILL, MFU_LOWEST_DECODE };
const struct published_mfu *published_mfu(enum mfu_end end);
