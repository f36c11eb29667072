/* The audit on the page: a row a claim. */
#include "emit/page_parts.h"

json_t *page_claims(const struct page_facts *facts)
{
    if (facts->input->claim_count == 0)
        return NULL;
    json_t *rows = json_array();
    for (int i = 0; i < facts->input->claim_count; i++) {
        const struct page_claim *claim = &facts->input->claims[i];
        json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s, s:s}", "claim", claim->claim, "stated",
                                              claim->stated, "computed", claim->computed, "verdict", claim->verdict,
                                              "derivation", claim->derivation));
    }
    return rows;
}
