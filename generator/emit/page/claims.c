/* The audit on the page: a row a claim, in the words of `rankc audit`. */
#include "emit/page/parts.h"
#include "predict/audit/audit.h"

/* Notes of a claim as they are collected: a list of [head, words]. */
struct notes {
    json_t *list;
    struct pool *pool;
};

static void add_note(const struct notes *notes, const char *head, const char *words)
{
    if (words)
        json_array_append_new(notes->list, json_pack("[s, s]", head, words));
}

static void add_dependence(void *context, enum verdict verdict, const char *setting)
{
    const struct notes *notes = context;
    add_note(notes, "depends", pool_format(notes->pool, "%s at %s", verdict_names[verdict], setting));
}

static json_t *line_json(const struct audit *audit, const struct audit_line *line, struct pool *pool)
{
    struct notes notes = {json_array(), pool};
    add_note(&notes, "because", line->because);
    if (line->verdict == VERDICT_DEPENDS)
        audit_dependence(audit, line, add_dependence, &notes);
    add_note(&notes, "its figures", line->own_figures);
    add_note(&notes, "met by", line->meets);
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "claim", line->claim->name, "stated", audit_stated(line->claim, pool),
                     "computed", audit_computed(audit, line, pool), "verdict", verdict_names[line->verdict], "notes",
                     notes.list);
}

static json_t *assumed_json(const struct audit *audit, struct pool *pool)
{
    struct notes assumed = {json_array(), pool};
    for (int i = 0; i < ASSUMPTIONS_ALL; i++)
        if (audit->claims->assume[i].count > 1)
            add_note(&assumed, assumption_names[i], audit_assumed(audit, i, pool));
    return assumed.list;
}

json_t *page_claims(const struct page_facts *facts)
{
    const struct audit *audit = facts->input->audit;
    if (audit->claims->count == 0)
        return json_null();
    struct pool pool = {0};
    json_t *rows = json_array();
    bool done = true;
    for (int i = 0; done && i < audit->claims->count; i++)
        done = json_array_append_new(rows, line_json(audit, &audit->lines[i], &pool)) == 0;
    json_t *json = done ? json_pack("{s:o, s:O}", "assumed", assumed_json(audit, &pool), "rows", rows) : NULL;
    json_decref(rows);
    pool_free(&pool);
    return json;
}
