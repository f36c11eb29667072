/* On what a verdict depends, in words: "holds at context 10240; false at context 1024". */
#include "predict/audit/parts.h"

#include <string.h>

enum { MOST_SHOWN = 6 };

/* "context 10240, top_k 2": the alternatives of a case that decide. */
static const char *setting(const struct audit *audit, unsigned matters, const struct audit_case *this_case,
                           struct pool *pool)
{
    const char *text = "";
    for (int i = 0; i < ASSUMPTIONS_ALL; i++)
        if (matters & 1u << i)
            text = pool_format(pool, "%s%s%s %s", text, *text ? " and " : "", assumption_names[i],
                               audit->claims->assume[i].words[this_case->chosen[i]]);
    return text;
}

static bool shown_before(const struct audit_line *line, int index)
{
    for (int before = 0; before < index; before++) {
        bool same = line->cases[before].verdict == line->cases[index].verdict;
        for (int i = 0; i < ASSUMPTIONS_ALL; i++)
            if (line->matters & 1u << i && line->cases[before].chosen[i] != line->cases[index].chosen[i])
                same = false;
        if (same)
            return true;
    }
    return false;
}

static const char *settings_of(const struct audit *audit, const struct audit_line *line, enum verdict verdict,
                               struct pool *pool)
{
    const char *text = "";
    int settings = 0;
    for (int i = 0; i < line->case_count; i++) {
        if (line->cases[i].verdict != verdict || shown_before(line, i))
            continue;
        if (++settings <= MOST_SHOWN)
            text = pool_format(pool, "%s%s%s", text, *text ? ", or " : "",
                               setting(audit, line->matters, &line->cases[i], pool));
    }
    return settings > MOST_SHOWN ? pool_format(pool, "%s, and %d more", text, settings - MOST_SHOWN) : text;
}

const char *audit_dependence(const struct audit *audit, const struct audit_line *line, struct pool *pool)
{
    const char *text = "";
    for (int verdict = 0; verdict < VERDICT_DEPENDS; verdict++) {
        const char *settings = settings_of(audit, line, verdict, pool);
        if (*settings)
            text = pool_format(pool, "%s%s%s at %s", text, *text ? "; " : "", verdict_names[verdict], settings);
    }
    return text;
}
