/* The audit on the page: a row a claim. */
#include "emit/page_parts.h"

json_t *page_claims(const struct page_facts *facts)
{
    const struct page_input *input = facts->input;
    if (input->claim_count == 0)
        return json_null();
    json_t *rows = json_array();
    for (int i = 0; i < input->claim_count; i++) {
        const struct page_claim *claim = &input->claims[i];
        json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s}", "claim", claim->claim, "stated", claim->stated, "computed",
                                claim->computed, "verdict", claim->verdict, "derivation", claim->derivation);
        if (!row) {
            json_decref(rows);
            return NULL;
        }
        json_array_append_new(rows, row);
    }
    return rows;
}
