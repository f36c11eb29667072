/* A comparison as a report: what a reviewer wants to know first comes first. */
#include "emit/diff.h"
#include "emit/diff_words.h"
#include "emit/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MOST_ROWS = 24 }; /* of a table whose length depends on the world; --json has them all */

static struct words format_words(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct words format_words(const char *format, ...)
{
    struct words words;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words.text, sizeof words.text, format, arguments);
    va_end(arguments);
    return words;
}

static void line_of_rest(struct document *document, int rows)
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

static void summarize_times(const struct diff *diff, struct document *document)
{
    const struct diff_times *times = &diff->times;
    if (times->why_not) {
        document_line(document, "Predicted times: none; %s.", times->why_not);
        return;
    }
    document_line(document, "Predicted: first token %.3g s -> %.3g s, decode %.4g tokens/s -> %.4g tokens/s.",
                  times->old.ttft_s, times->new.ttft_s, times->old.phases[DECODE].tokens_per_s,
                  times->new.phases[DECODE].tokens_per_s);
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

static const char *const key_names[STRATEGY_KEY_COUNT] = {
#define X(key) #key,
    STRATEGY_KEYS(X)
#undef X
};

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
        document_row(document, 3, key_names[diff->keys[i].key],
                     format_words("%s:%d", diff->old.path, diff->keys[i].old_line).text,
                     format_words("%s:%d", diff->new.path, diff->keys[i].new_line).text);
}

/* ---- ranks */

static struct words fetch_words(const struct rank_move *move)
{
    if (move->fate == RANK_REMOVED || move->fetch == 0)
        return format_words("-");
    if (move->fetch_least == move->fetch_most)
        return format_words("%s", bytes_words(move->fetch_least).text);
    return format_words("%s to %s", bytes_words(move->fetch_least).text, bytes_words(move->fetch_most).text);
}

/* Experts and slices differ from rank to rank: those of the first of each line above. */
static void list_holdings(const struct diff *diff, struct document *document)
{
    document_table(document, 3, "for example", "old experts and slice", "new experts and slice");
    for (int i = 0; i < diff->ranks.move_count && i < MOST_ROWS; i++) {
        int rank = diff->ranks.moves[i].ranks[0];
        document_row(document, 3, format_words("rank %d", rank).text, holding_words(diff->old.plan, rank).text,
                     holding_words(diff->new.plan, rank).text);
    }
}

static void list_ranks(const struct diff *diff, struct document *document)
{
    const struct diff_ranks *ranks = &diff->ranks;
    if (ranks->move_count == ranks->fates[RANK_STAYS])
        return;
    document_section(document, "Ranks", true);
    document_table(document, 6, "ranks", ">count", "", "old class and layers", "new class and layers",
                   "each must fetch");
    for (int i = 0; i < ranks->move_count && i < MOST_ROWS; i++) {
        const struct rank_move *move = &ranks->moves[i];
        document_row(document, 6, ranks_words(move->ranks, move->count, 3).text, format_words("%d", move->count).text,
                     fate_names[move->fate], stage_words(diff->old.plan, move->old_class, move->old_base).text,
                     stage_words(diff->new.plan, move->new_class, move->new_base).text, fetch_words(move).text);
    }
    line_of_rest(document, ranks->move_count);
    list_holdings(diff, document);
}

/* ---- weights */

static void list_fetch_by_kind(const struct diff_fetch *fetch, struct document *document)
{
    document_table(document, 4, "weights", ">ranks hold", ">ranks fetch", ">nodes fetch");
    for (int kind = 0; kind < TENSOR_KINDS; kind++)
        if (fetch->sum.bytes[kind] > 0)
            document_row(document, 4, tensor_texts[kind], bytes_words(fetch->held.bytes[kind]).text,
                         bytes_words(fetch->sum.bytes[kind]).text, bytes_words(fetch->node_sum.bytes[kind]).text);
    document_row(document, 4, "all", bytes_words(fetch->held.all).text, bytes_words(fetch->sum.all).text,
                 bytes_words(fetch->node_sum.all).text);
}

static void list_fetch(const struct diff *diff, struct document *document)
{
    const struct diff_fetch *fetch = &diff->fetch;
    if (fetch->sum.all == 0)
        return;
    document_section(document, "Weights to fetch", true);
    document_line(document, "What a rank needs and does not hold yet under its number; a node's ranks (%d) may share.",
                  fetch->ranks_per_node);
    if (!fetch->same_model)
        document_line(document, "The model is another one: everything is fetched anew.");
    else if (!fetch->same_dtype)
        document_line(document,
                      "The dtype is another one: all but norms and routers, which are f32 in both, is fetched "
                      "anew.");
    list_fetch_by_kind(fetch, document);
    if (fetch->fetching_nodes == 0)
        document_line(document, "No node must fetch any: its ranks hold between them all that they need.");
    else
        document_line(document, "%d of %s must fetch; at most %s, by node %d.", fetch->fetching_nodes,
                      counted(fetch->node_count, "node").text, bytes_words(fetch->nodes[fetch->most_node].all).text,
                      fetch->most_node);
}

/* ---- groups */

static struct words count_words(int old, int new)
{
    return old == new ? format_words("%d", old) : format_words("%d -> %d", old, new);
}

static struct words groups_words(int count, int size)
{
    return count == 0 ? format_words("none") : format_words("%d of %d", count, size);
}

static struct words example_words(const struct diff_axis *axis)
{
    if (!axis->old_example && !axis->new_example)
        return format_words("-");
    struct words old = format_words("none"), new = old;
    if (axis->old_example)
        old = ranks_words(axis->old_example, axis->old_size, 3);
    if (axis->new_example)
        new = ranks_words(axis->new_example, axis->new_size, 3);
    return format_words("%.200s -> %.200s", old.text, new.text);
}

static void list_groups(const struct diff *diff, struct document *document)
{
    document_section(document, "Groups", true);
    document_table(document, 6, "axis", "old groups", "new groups", ">kept", ">across nodes",
                   "of the first rank that has another");
    for (int i = 0; i < AXES; i++) {
        const struct diff_axis *axis = &diff->axes[i];
        document_row(document, 6, axis_names[i], groups_words(axis->old_count, axis->old_size).text,
                     groups_words(axis->new_count, axis->new_size).text, format_words("%d", axis->kept).text,
                     count_words(axis->old_across, axis->new_across).text, example_words(axis).text);
    }
}

/* ---- schedules and ledgers */

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

static void list_schedules(const struct diff *diff, struct document *document)
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

static void list_ledgers(const struct diff *diff, struct document *document)
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

/* ---- times */

static void time_row(struct document *document, const char *name, double old, double new, const char *unit)
{
    struct words change = old > 0 ? format_words("%+.1f %%", 100 * (new / old - 1)) : format_words("%s", "");
    document_row(document, 4, name, format_words("%.4g %s", old, unit).text, format_words("%.4g %s", new, unit).text,
                 change.text);
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
    time_row(document, "first token", times->old.ttft_s, times->new.ttft_s, "s");
    for (int phase = 0; phase < PHASES; phase++) {
        const struct phase_prediction *a = &times->old.phases[phase], *b = &times->new.phases[phase];
        time_row(document, format_words("%s, a step", phase_names[phase]).text, a->step_s, b->step_s, "s");
        time_row(document, phase_names[phase], a->tokens_per_s, b->tokens_per_s, "tokens/s");
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
