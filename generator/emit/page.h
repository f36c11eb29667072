/* The page to look at: one HTML file that holds its style, its script and its data, and asks the network for nothing.
 *
 * templates/report/ is what it looks like; the files page_*.c turn a plan, and what is predicted of it,
 * into the data that the script draws: one JSON object, a member a section. A section that cannot be made is absent,
 * and the page says why. The same input gives the same bytes. */
#pragma once

#include "plan.h"

struct routing; /* predict/routing.h */

/* One claim of a document, audited. All texts are for people. */
struct page_claim {
    const char *claim, *stated, *computed, *verdict, *derivation;
};

struct page_input {
    const struct plan *plan;
    const struct strategy *strategy; /* for what it requires */
    const struct hardware *hardware; /* NULL: nothing is predicted */
    const struct routing *routing;   /* where routers send rows */
    const char *routing_name;        /* the same in words: "uniform" */
    const struct page_claim *claims; /* where the strategy has any */
    int claim_count;
};

/* Appends the page. Fails when a template is missing or broken. */
bool emit_page(const struct page_input *input, struct text *out, struct error *error);
