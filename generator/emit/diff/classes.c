/* Schedules and ledgers, class by class, as sections of a report. */
#include "emit/diff/sections.h"

#include <string.h>

static struct words pair_title(const struct diff_class *pair)
{
    if (!pair->new)
        return format_words("class %s (gone)", pair->old->name);
    if (!pair->old)
        return format_words("class %s (new)", pair->new->name);
    if (strcmp(pair->old->name, pair->new->name) == 0)
        return format_words("class %s", pair->new->name);
    return format_words("class %s (was %s)", pair->new->name, pair->old->name);
}

/* Both phases under one head where the same happens in them. */
static bool same_changes(const struct diff_class *pair)
{
    const struct diff_schedule *prefill = &pair->phases[PREFILL], *decode = &pair->phases[DECODE];
    if (prefill->change_count != decode->change_count || prefill->old_ops != decode->old_ops ||
        prefill->new_ops != decode->new_ops)
        return false;
    for (int i = 0; i < prefill->change_count; i++)
        if (prefill->changes[i].change != decode->changes[i].change ||
            strcmp(change_words(pair, &prefill->changes[i]).text, change_words(pair, &decode->changes[i]).text) != 0)
            return false;
    return true;
}

static void list_schedule(const struct diff_class *pair, const char *phases, const struct diff_schedule *schedule,
                          struct document *document)
{
    bool changed = schedule->change_count > 0 || schedule->old_ops != schedule->new_ops;
    document_table(document, 2, "",
                   format_words("%s of %s: %s ops%s", phases, pair_title(pair).text,
                                count_words(schedule->old_ops, schedule->new_ops).text, changed ? "" : ", as before")
                       .text);
    for (int i = 0; i < schedule->change_count && i < MOST_ROWS; i++) {
        const char mark[2] = {schedule_change_marks[schedule->changes[i].change], '\0'};
        document_row(document, 2, mark, change_words(pair, &schedule->changes[i]).text);
    }
    line_of_rest(document, schedule->change_count);
}

void list_schedules(const struct diff *diff, struct document *document)
{
    document_section(document, "Schedules", true);
    document_line(document,
                  "Marks: + added, - removed, ~ does another op's work, > in another place. Layers are the model's.");
    for (int i = 0; i < diff->class_count; i++) {
        const struct diff_class *pair = &diff->classes[i];
        bool changes = pair->phases[PREFILL].change_count + pair->phases[DECODE].change_count > 0;
        if (pair->layers_of_class && changes)
            document_line(document, "Layers of %s are counted from the first of each rank.", pair_title(pair).text);
        if (same_changes(pair)) {
            list_schedule(pair, "prefill and decode", &pair->phases[PREFILL], document);
            continue;
        }
        for (int phase = 0; phase < PHASES; phase++)
            list_schedule(pair, phase_names[phase], &pair->phases[phase], document);
    }
}

static uint64_t ledger_sum(const struct rank_class *class)
{
    return class ? class->ledger_bytes : 0;
}

static void ledger_row(struct document *document, const char *purpose, uint64_t old, uint64_t new)
{
    document_row(document, 4, purpose, bytes_words(old).text, bytes_words(new).text,
                 old == new ? "" : delta_words(old, new).text);
}

void list_ledgers(const struct diff *diff, struct document *document)
{
    document_section(document, "Ledger of a rank: what changed", true);
    for (int i = 0; i < diff->class_count; i++) {
        const struct diff_class *pair = &diff->classes[i];
        uint64_t old = ledger_sum(pair->old), new = ledger_sum(pair->new);
        if (pair->ledger_count == 0) {
            document_line(document, "%s: as before, %s.", pair_title(pair).text, bytes_words(new).text);
            continue;
        }
        document_table(document, 4, pair_title(pair).text, ">old", ">new", ">change");
        for (int line = 0; line < pair->ledger_count; line++)
            ledger_row(document, pair->ledger[line].purpose, pair->ledger[line].old, pair->ledger[line].new);
        ledger_row(document, "all lines", old, new);
        if (pair->old && pair->new)
            ledger_row(document, "headroom", diff->old.plan->memory_bytes - old, diff->new.plan->memory_bytes - new);
    }
}
