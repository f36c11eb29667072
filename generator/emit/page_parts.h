/* The sections of the page as data: each function makes one member of the page's JSON object, which its caller owns.
 * NULL: there is nothing to show. Numbers are bytes, nanoseconds and plain counts unless a name says otherwise. */
#pragma once

#include "emit/page.h"

#include <jansson.h>

json_t *page_title(const struct page_input *input);      /* name, hash, grid, model, target, batch */
json_t *page_ranks(const struct page_input *input);      /* where each rank is */
json_t *page_ledger(const struct page_input *input);     /* bytes of each class by purpose */
json_t *page_claims(const struct page_input *input);     /* what was claimed, and what holds */
json_t *page_traffic(const struct page_input *input);    /* who sends how much to whom in a prefill step */
json_t *page_prediction(const struct page_input *input); /* the headline numbers */
json_t *page_timeline(const struct page_input *input);   /* one prefill and one decode step, op by op */
json_t *page_roofline(const struct page_input *input);   /* arithmetic intensity by kind of op */

static inline json_t *page_bytes(uint64_t bytes)
{
    return json_integer((json_int_t)bytes);
}
