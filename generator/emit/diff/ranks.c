/* Ranks, the weights that they fetch, and their groups, as sections of a report. */
#include "emit/diff/sections.h"

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

void list_ranks(const struct diff *diff, struct document *document)
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

void list_fetch(const struct diff *diff, struct document *document)
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

void list_groups(const struct diff *diff, struct document *document)
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
