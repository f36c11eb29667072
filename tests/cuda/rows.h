/* What tests of routing share: a rank with weights and rows, and what plain loops make of them. */
#pragma once

#include "harness.h"
#include "placement.cuh"

/* Deterministic numbers between -1 and 1. */
struct numbers {
    uint64_t state;
    float next(void);
};

/* Weights of every layer: norms near 1, routers at random; experts 3 and 5 have the same router row, so that ties
 * occur. The same for all ranks. */
struct router_weights {
    std::vector<float> norm, router; /* of LAYER_1: (HIDDEN), (EXPERTS, HIDDEN) */
};
struct router_weights put_router_weights(struct gpu *r);

/* A step of `count` rows in micro-batch B, behind two in A; residual and partial at random; LOAD zero. */
struct rows {
    int count;
    std::vector<float> residual, partial; /* (count, HIDDEN) */
};
struct rows put_rows(struct gpu *r, int count, uint64_t seed);

/* What micro-batch B holds. */
struct routes get_routes(struct gpu *r);
struct arrivals get_arrivals(struct gpu *r);
std::vector<struct travelling_row> get_records(struct gpu *r, const void *buffer, size_t count);
std::vector<float> get_elements(struct gpu *r, const void *buffer, size_t count);
uint64_t get_dropped(struct gpu *r, enum layer layer);

/* Of this rank's tables for a layer. */
int home_of(const struct gpu *r, enum layer layer, int expert);
int slot_of(const struct gpu *r, enum layer layer, int expert);

/* |a - b| relative to 1 and what they measure. */
bool is_near(double a, double b, double tolerance);
constexpr bool IN_BF16 = (int)WEIGHT_DTYPE == (int)DTYPE_BF16;
constexpr double ROUNDING = IN_BF16 ? 1.0 / 128 : 2e-6; /* of one element */
