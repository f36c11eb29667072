/* The page to look at: one HTML file that holds its style, its script and its data, and asks the network for nothing.
 *
 * templates/report/ is what it looks like; the files beside this one turn a plan, and what is predicted of it,
 * into the data that the script draws: one JSON object, a member a section. A section that cannot be made is absent,
 * and the page says why. The same input gives the same bytes. */
#pragma once

#include "plan.h"

struct audit;    /* predict/audit/audit.h */
struct workload; /* predict/workload.h */

struct page_input {
    const struct plan *plan;
    const struct strategy *strategy; /* for what it requires */
    const struct hardware *hardware; /* NULL: nothing is predicted */
    const struct workload *workload; /* what the headline numbers are about; its routing is that of all sections */
    const char *routing_name;        /* as the command line says it */
    const struct audit *audit;       /* of no claims, where the strategy has none */
};

/* Appends the page. Fails when a template is missing or broken, or a text not UTF-8. */
bool emit_page(const struct page_input *input, struct text *out, struct error *error);
