/* The audit for programs. Numbers are in base units: bytes, seconds, tokens a second, shares of 1. */
#include "predict/audit/parts.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *text(const char *value)
{
    return value ? json_string(value) : json_null();
}

static json_t *case_json(const struct audit *audit, const struct audit_line *line, const struct audit_case *this_case)
{
    json_t *assumed = json_object();
    for (int i = 0; i < ASSUMPTIONS_ALL; i++)
        if (line->varies & 1u << i)
            json_object_set_new(assumed, assumption_names[i],
                                json_string(audit->claims->assume[i].words[this_case->chosen[i]]));
    return json_pack("{s:o, s:o, s:o, s:s}", "assumed", assumed, "low", number(this_case->low), "high",
                     number(this_case->high), "verdict", verdict_names[this_case->verdict]);
}

static void add_dependence(void *array, enum verdict verdict, const char *setting)
{
    json_array_append_new(array, json_pack("{s:s, s:s}", "verdict", verdict_names[verdict], "at", setting));
}

static json_t *line_json(const struct audit *audit, const struct audit_line *line)
{
    const struct claim *claim = line->claim;
    const struct figure *figure = &claim->figure;
    json_t *cases = json_array(), *depends_on = json_array(), *dependence = json_array();
    for (int i = 0; i < line->case_count; i++)
        json_array_append_new(cases, case_json(audit, line, &line->cases[i]));
    for (int i = 0; i < ASSUMPTIONS_ALL; i++)
        if (line->matters & 1u << i)
            json_array_append_new(depends_on, json_string(assumption_names[i]));
    if (line->verdict == VERDICT_DEPENDS)
        audit_dependence(audit, line, add_dependence, dependence);
    return json_pack("{s:s, s:s, s:i, s:{s:s, s:o, s:o, s:o, s:b}, s:{s:o, s:o}, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "claim", claim->name, "quantity", quantity_table[claim->quantity].name, "line", claim->line,
                     "stated", "text", claim->text, "low", number(figure->low), "high", number(figure->high), "mfu",
                     claim->mfu > 0 ? json_real(claim->mfu) : json_null(), "all_parameters_charged", claim->charged_all,
                     "computed", "low", number(line->cases[0].low), "high", number(line->cases[0].high), "verdict",
                     verdict_names[line->verdict], "because", text(line->because), "met_by", text(line->meets),
                     "own_figures", text(line->own_figures), "dependence", dependence, "depends_on", depends_on,
                     "cases", cases);
}

void audit_json(const struct strategy *strategy, const struct plan *plan, const struct audit *audit, struct text *out)
{
    json_t *claims = json_array(), *verdicts = json_object();
    for (int i = 0; i < audit->claims->count; i++)
        json_array_append_new(claims, line_json(audit, &audit->lines[i]));
    for (int verdict = 0; verdict < VERDICTS; verdict++)
        json_object_set_new(verdicts, verdict_names[verdict], json_integer(audit->verdicts[verdict]));
    json_t *root = json_pack("{s:s, s:s, s:o, s:o}", "strategy", strategy->name, "plan", plan->hash, "verdicts",
                             verdicts, "claims", claims);
    char *bytes = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    text_format(out, "%s\n", bytes);
    free(bytes);
    json_decref(root);
}
