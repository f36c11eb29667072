/* A comparison as a report: what a reviewer wants to know first comes first. */
#include "emit/diff/diff.h"
#include "emit/diff/sections.h"
#include "emit/prediction.h"

#include <string.h>

void line_of_rest(struct document *document, int rows)
{
    if (rows > MOST_ROWS)
        document_line(document, "And %d more; --json lists them all.", rows - MOST_ROWS);
}

/* ---- the summary */

static void summarize_ranks(const struct diff *diff, struct document *document)
{
    const int *fates = diff->ranks.fates;
    document_line(document, "Ranks: %d -> %d: %d hold what they held, %d hold other weights, %d added, %d removed.",
                  diff->old.plan->world, diff->new.plan->world, fates[RANK_STAYS], fates[RANK_MOVES], fates[RANK_ADDED],
                  fates[RANK_REMOVED]);
}

static void summarize_fetch(const struct diff *diff, struct document *document)
{
    const struct diff_fetch *fetch = &diff->fetch;
    if (fetch->sum.all == 0) {
        document_line(document, "Weights: no rank must fetch any.");
        return;
    }
    document_line(document, "Weights: %s fetch %s, %.1f %% of what all ranks hold; at most %s, by rank %d.",
                  counted(fetch->fetching_ranks, "rank").text, bytes_words(fetch->sum.all).text,
                  100 * (double)fetch->sum.all / (double)fetch->held.all,
                  bytes_words(fetch->ranks[fetch->most_rank].all).text, fetch->most_rank);
}

static const struct rank_class *fullest(const struct plan *plan)
{
    const struct rank_class *most = plan->classes;
    for (int i = 1; i < plan->class_count; i++)
        if (plan->classes[i].ledger_bytes > most->ledger_bytes)
            most = &plan->classes[i];
    return most;
}

static void summarize_memory(const struct diff *diff, struct document *document)
{
    const struct rank_class *old = fullest(diff->old.plan), *new = fullest(diff->new.plan);
    document_line(document, "Memory of the fullest rank: %s (%s) -> %s (%s), %s; %s of %s stay free.",
                  bytes_words(old->ledger_bytes).text, old->name, bytes_words(new->ledger_bytes).text, new->name,
                  delta_words(old->ledger_bytes, new->ledger_bytes).text,
                  bytes_words(diff->new.plan->memory_bytes - new->ledger_bytes).text,
                  bytes_words(diff->new.plan->memory_bytes).text);
}

static struct words rate_words(double tokens_per_s)
{
    return format_words(tokens_per_s < 100 ? "%.3g tokens/s" : "%.0f tokens/s", tokens_per_s);
}

static void summarize_times(const struct diff *diff, struct document *document)
{
    const struct diff_times *times = &diff->times;
    if (times->why_not) {
        document_line(document, "Predicted times: none; %s.", times->why_not);
        return;
    }
    document_line(document, "Predicted: first token after %s -> %s; decode %s -> %s.",
                  duration_of(times->old.ttft_s).text, duration_of(times->new.ttft_s).text,
                  rate_words(times->old.phases[DECODE].tokens_per_s).text,
                  rate_words(times->new.phases[DECODE].tokens_per_s).text);
}

static void summarize(const struct diff *diff, struct document *document)
{
    document_line(document, "Plan: %.12s -> %.12s", diff->old.plan->hash, diff->new.plan->hash);
    summarize_ranks(diff, document);
    summarize_fetch(diff, document);
    summarize_memory(diff, document);
    summarize_times(diff, document);
}

/* ---- figures and keys */

static void list_facts(const struct diff *diff, struct document *document)
{
    document_section(document, "What changes", false);
    if (diff->fact_count > 0)
        document_table(document, 3, "figure", "old", "new");
    else
        document_line(document, "No figure of the job: only which rank holds what.");
    for (int i = 0; i < diff->fact_count; i++)
        document_row(document, 3, diff->facts[i].name, diff->facts[i].old, diff->facts[i].new);
    for (int i = 0; i < diff->fact_count; i++)
        if (strcmp(diff->facts[i].name, "checkpoint") == 0)
            document_line(document, "Weights to fetch are counted as if both checkpoints held the same weights.");
}

static void list_keys(const struct diff *diff, struct document *document)
{
    if (diff->key_count == 0)
        return;
    document_section(document, "Keys of the strategy", true);
    document_line(document, "Keys whose value changed. One that is not written out is at the line of its table.");
    document_table(document, 3, "key", "old", "new");
    for (int i = 0; i < diff->key_count; i++)
        document_row(document, 3, strategy_key_names[diff->keys[i].key],
                     format_words("%s:%d", diff->old.path, diff->keys[i].old_line).text,
                     format_words("%s:%d", diff->new.path, diff->keys[i].new_line).text);
}

/* ---- times */

static void time_row(struct document *document, const char *name, double old, double new, bool rate)
{
    struct words change = old > 0 ? format_words("%+.1f %%", 100 * (new / old - 1)) : format_words("%s", "");
    if (rate)
        document_row(document, 4, name, rate_words(old).text, rate_words(new).text, change.text);
    else
        document_row(document, 4, name, duration_of(old).text, duration_of(new).text, change.text);
}

static struct words workload_words(const struct workload *workload)
{
    return format_words("%s a lane, prompts of %s, %s each", counted(workload->sequences, "sequence").text,
                        counted(workload->prompt_tokens, "token").text,
                        counted(workload->new_tokens, "new token").text);
}

static void list_times(const struct diff *diff, struct document *document)
{
    const struct diff_times *times = &diff->times;
    if (times->why_not)
        return;
    struct words old = workload_words(&times->old_workload), new = workload_words(&times->new_workload);
    document_section(document, "Predicted times", false);
    document_line(document, strcmp(old.text, new.text) == 0 ? "%s." : "Old: %s.", old.text);
    if (strcmp(old.text, new.text) != 0)
        document_line(document, "New: %s.", new.text);
    document_table(document, 4, "", ">old", ">new", ">change");
    time_row(document, "first token", times->old.ttft_s, times->new.ttft_s, false);
    for (int phase = 0; phase < PHASES; phase++) {
        const struct phase_prediction *a = &times->old.phases[phase], *b = &times->new.phases[phase];
        time_row(document, format_words("%s, a step", phase_names[phase]).text, a->step_s, b->step_s, false);
        time_row(document, phase_names[phase], a->tokens_per_s, b->tokens_per_s, true);
    }
}

/* ---- the report */

static void identical_document(const struct diff *diff, struct document *document)
{
    document_line(document, "The plans are identical: %.12s, %s of %s.", diff->new.plan->hash,
                  counted(diff->new.plan->world, "rank").text, counted(diff->new.plan->class_count, "class").text);
    if (diff->fact_count > 0)
        list_facts(diff, document);
    list_keys(diff, document);
    list_times(diff, document); /* the hardware may be another one */
}

static struct document make_document(const struct diff *diff)
{
    static void (*const sections[])(const struct diff *, struct document *) = {
        summarize,  list_facts,  list_keys,      list_times,  list_ranks,
        list_fetch, list_groups, list_schedules, list_ledgers};
    struct document document = {0};
    document.title = pool_format(&document.pool, "rankc diff: %s -> %s", diff->old.path, diff->new.path);
    for (size_t i = 0; i < sizeof sections / sizeof *sections && !diff->identical; i++)
        sections[i](diff, &document);
    if (diff->identical)
        identical_document(diff, &document);
    return document;
}

void diff_text(const struct diff *diff, struct text *out)
{
    struct document document = make_document(diff);
    if (diff->identical && diff->fact_count == 0 && diff->key_count == 0)
        text_format(out, "%s\n", document.blocks[0].cells[0]);
    else
        document_text(&document, out);
    document_free(&document);
}

void diff_markdown(const struct diff *diff, struct text *out)
{
    struct document document = make_document(diff);
    document_markdown(&document, out);
    document_free(&document);
}
