/* The audit for people: a list of claims, at most 100 columns wide, in the order of the document. */
#include "predict/audit/parts.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 100, INDENT = 16 };

/* Adds words to a paragraph whose lines start at INDENT; the first line starts with `head`. */
static void paragraph(struct text *out, const char *head, const char *words)
{
    text_format(out, "    %-*s", INDENT - 4, head);
    size_t column = INDENT;
    while (*words) {
        size_t length = strcspn(words, " ");
        if (column > INDENT && column + 1 + length > COLUMNS) {
            text_format(out, "\n%*s", INDENT, "");
            column = INDENT;
        } else if (column > INDENT) {
            text_add(out, " ", 1);
            column++;
        }
        text_add(out, words, length);
        column += length;
        words += length;
        words += strspn(words, " ");
    }
    text_add(out, "\n", 1);
}

static const char *interval(const struct figure *figure, double low, double high, struct pool *pool)
{
    if (!isfinite(low) && !isfinite(high))
        return "nothing";
    if (low == high)
        return in_unit(pool, low, figure->unit, figure->factor);
    if (!isfinite(high) || (low == 0 && figure->unit[0] != '%'))
        return isfinite(high) ? pool_format(pool, "at most %s", in_unit(pool, high, figure->unit, figure->factor))
                              : pool_format(pool, "at least %s", in_unit(pool, low, figure->unit, figure->factor));
    return pool_format(pool, "%s to %s", in_unit(pool, low, "", figure->factor),
                       in_unit(pool, high, figure->unit, figure->factor));
}

/* What counts as holding. */
static const char *tolerance(const struct claim *claim, struct pool *pool)
{
    const struct figure *figure = &claim->figure;
    if (figure->at_least || figure->at_most)
        return "a bound";
    if (figure->low == figure->least)
        return figure->range ? "a range" : "exactly";
    return pool_format(pool, "by its own rounding: %.10g to %.10g", figure->low / figure->factor,
                       figure->high / figure->factor);
}

const char *audit_stated(const struct claim *claim, struct pool *pool)
{
    const char *text = claim->text;
    if (claim->mfu > 0)
        text = pool_format(pool, "%s at %.3g %% MFU", text, claim->mfu * 100);
    if (claim->charged_all)
        text = pool_format(pool, "%s, all parameters charged", text);
    return pool_format(pool, "%s (%s)", text, tolerance(claim, pool));
}

/* The alternatives of a case, but for the accelerator. */
static const char *planned_setting(const struct audit *audit, const struct audit_line *line, struct pool *pool)
{
    const char *text = "";
    for (int i = 0; i < ASSUME_accelerator; i++)
        if (line->varies & 1u << i)
            text = pool_format(pool, "%s%s%s %s", text, *text ? ", " : "", assumption_names[i],
                               audit->claims->assume[i].words[line->cases[0].chosen[i]]);
    return *text ? pool_format(pool, " (%s)", text) : "";
}

/* Whether a case is the strategy's own but for the accelerator, of which a strategy has none. */
static bool as_planned(const struct audit_line *line, const struct audit_case *this_case)
{
    for (int i = 0; i < ASSUME_accelerator; i++)
        if (this_case->chosen[i] != line->cases[0].chosen[i])
            return false;
    return true;
}

/* The strategy's own case, by accelerator where that matters, and the extent of all cases. */
const char *audit_computed(const struct audit *audit, const struct audit_line *line, struct pool *pool)
{
    const struct figure *figure = &line->claim->figure;
    bool by_accelerator = line->varies & A(accelerator);
    const char *text = "";
    double low = INFINITY, high = -INFINITY;
    int planned = 0;
    for (int i = 0; i < line->case_count; i++) {
        const struct audit_case *this_case = &line->cases[i];
        low = fmin(low, this_case->low);
        high = fmax(high, this_case->high);
        if (!as_planned(line, this_case))
            continue;
        const char *accelerator =
            audit->claims->assume[ASSUME_accelerator].words[this_case->chosen[ASSUME_accelerator]];
        text = pool_format(pool, "%s%s%s%s%s", text, planned++ ? ", " : "",
                           interval(figure, this_case->low, this_case->high, pool), by_accelerator ? " on " : "",
                           by_accelerator ? accelerator : "");
    }
    if (planned == line->case_count)
        return text;
    return pool_format(pool, "%s%s; %s over all %d cases", text, planned_setting(audit, line, pool),
                       interval(figure, low, high, pool), line->case_count);
}

struct column {
    struct pool *pool;
    struct text *out;
    bool first;
};

static void show_dependence(void *context, enum verdict verdict, const char *setting)
{
    struct column *column = context;
    paragraph(column->out, column->first ? "depends" : "",
              pool_format(column->pool, "%s at %s", verdict_names[verdict], setting));
    column->first = false;
}

static void show_line(const struct audit *audit, const struct audit_line *line, struct pool *pool, struct text *out)
{
    text_format(out, "\n%-12s%s  (line %d)\n", verdict_names[line->verdict], line->claim->name, line->claim->line);
    paragraph(out, "stated", audit_stated(line->claim, pool));
    paragraph(out, "computed", audit_computed(audit, line, pool));
    paragraph(out, "because", line->because);
    if (line->verdict == VERDICT_DEPENDS)
        audit_dependence(audit, line, show_dependence, &(struct column){pool, out, true});
    if (line->own_figures)
        paragraph(out, "its figures", line->own_figures);
    if (line->meets)
        paragraph(out, "met by", line->meets);
}

const char *audit_assumed(const struct audit *audit, enum assumption assumption, struct pool *pool)
{
    const struct alternatives *list = &audit->claims->assume[assumption];
    const char *words = "";
    for (int i = 0; i < list->count; i++)
        words = pool_format(pool, "%s%s%s%s", words, i ? ", " : "", list->words[i],
                            i == list->own && assumption != ASSUME_accelerator ? " (as planned)" : "");
    return pool_format(pool, "%s: %s", words, assumption_texts[assumption]);
}

static void show_assumptions(const struct audit *audit, struct pool *pool, struct text *out)
{
    for (int i = 0; i < ASSUMPTIONS_ALL; i++)
        if (audit->claims->assume[i].count > 1)
            paragraph(out, assumption_names[i], audit_assumed(audit, i, pool));
}

void audit_text(const struct strategy *strategy, const struct plan *plan, const struct audit *audit, struct text *out)
{
    struct pool pool = {0};
    text_format(out, "%s: %s:", strategy->path, counted(audit->claims->count, "claim").text);
    for (int verdict = 0; verdict < VERDICTS; verdict++)
        text_format(out, "%s %d %s", verdict ? "," : "", audit->verdicts[verdict],
                    verdict == VERDICT_DEPENDS ? "that depend" : verdict_names[verdict]);
    text_format(out, "\nplan %.12s, %s\n", plan->hash, grid_text(&pool, plan->grid));
    if (audit->claims->count > 0) {
        text_format(out, "\nassumed\n");
        show_assumptions(audit, &pool, out);
    }
    for (int i = 0; i < audit->claims->count; i++)
        show_line(audit, &audit->lines[i], &pool, out);
    pool_free(&pool);
}
