/* The sections of the page as data: each function makes one member of the page's JSON object, which its caller owns.
 * A JSON null: there is nothing to show. NULL: a text is not UTF-8. Numbers are bytes, nanoseconds and plain counts
 * unless a name says otherwise. */
#pragma once

#include "emit/page/page.h"
#include "predict/simulate.h"

#include <jansson.h>

/* What sections share: a step of each phase with every micro-batch full, and how it went. */
struct page_facts {
    const struct page_input *input;
    const struct plan *plan;
    struct pool pool;
    struct step steps[PHASES];
    struct step_result results[PHASES]; /* these two only with hardware */
    struct span *spans[PHASES];         /* [world][plan_most_ops(phase)]; NULL: no hardware */
};

void page_facts_make(const struct page_input *input, struct page_facts *facts); /* pool_free(&facts->pool) ends them */

json_t *page_title(const struct page_facts *facts);      /* name, hash, grid, model, target, batch */
json_t *page_ranks(const struct page_facts *facts);      /* where each rank is */
json_t *page_ledger(const struct page_facts *facts);     /* bytes of each class by purpose */
json_t *page_claims(const struct page_facts *facts);     /* what was claimed, and what holds */
json_t *page_traffic(const struct page_facts *facts);    /* who sends how much to whom in a prefill step */
json_t *page_prediction(const struct page_facts *facts); /* the headline numbers */
json_t *page_timeline(const struct page_facts *facts);   /* one prefill and one decode step, op by op */
json_t *page_roofline(const struct page_facts *facts);   /* arithmetic intensity by kind of op */

static inline json_t *page_bytes(uint64_t bytes)
{
    return json_integer((json_int_t)bytes);
}

json_t *page_nanoseconds(double seconds);

/* Routing in words, without the path of a file. */
const char *page_routing(const struct page_input *input);
