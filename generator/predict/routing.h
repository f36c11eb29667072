/* Where routers send rows, when no real run says so: drawn, with a fixed seed, from how often each expert is chosen. */
#pragma once

#include "trace.h"

enum routing_kind { ROUTING_UNIFORM, ROUTING_ZIPF, ROUTING_MEASURED };

struct routing {
    enum routing_kind kind;
    double exponent;     /* of Zipf's law: the expert of rank i is chosen in proportion to 1 / i^exponent */
    const double *share; /* [model layers][experts] how often an expert is chosen; NULL: all alike */
};

/* "uniform", "zipf:1.1", or the path of a file that `rankc run --load` wrote. What it points to is in the pool. */
bool routing_read(const char *text, const struct plan *plan, struct pool *pool, struct routing *out,
                  struct error *error);

/* Fills step->routes (in the pool) for the step's rows. The same arguments give the same draw. */
void routes_draw(const struct plan *plan, const struct routing *routing, uint64_t seed, struct pool *pool,
                 struct step *step);
