/* The result of a search as a table for people. */
#include "predict/search/parts.h"

#include <stdio.h>
#include <string.h>

static const char *const placing_names[] = {[PLACED_IN_BLOCKS] = "blocks", [PLACED_IN_TURN] = "in turn"};

bool meets(const struct goals *goals, const struct score *score, int ranks)
{
    double tokens = goals->per_rank ? score->tokens_per_s / ranks : score->tokens_per_s;
    return (goals->ttft_s == 0 || score->ttft_s <= goals->ttft_s) && tokens >= goals->tokens_per_s;
}

/* ---- words */

enum { WORDS = 64 };
struct words {
    char text[WORDS];
};

static struct words bytes_words(double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    struct words words;
    size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
        bytes /= 1024;
    snprintf(words.text, WORDS, "%.4g %s", bytes, units[unit]);
    return words;
}

static struct words seconds_words(double seconds)
{
    struct words words;
    snprintf(words.text, WORDS, seconds < 1 ? "%.4g ms" : "%.4g s", seconds < 1 ? seconds * 1e3 : seconds);
    return words;
}

static struct words grid_words(const int grid[AXES])
{
    struct words words;
    snprintf(words.text, WORDS, "dp %d pp %d ep %d tp %d", grid[AXIS_DP], grid[AXIS_PP], grid[AXIS_EP], grid[AXIS_TP]);
    return words;
}

/* "4x4", "3 2x5 3": equal neighbours are counted. */
static struct words stages_words(const struct choice *choice)
{
    struct words words = {""};
    size_t length = 0;
    for (int stage = 0, run; stage < choice->grid[AXIS_PP] && length < WORDS - 1; stage += run) {
        for (run = 1; stage + run < choice->grid[AXIS_PP]; run++)
            if (choice->stage_layers[stage + run] != choice->stage_layers[stage])
                break;
        const char *space = stage > 0 ? " " : "";
        int layers = choice->stage_layers[stage];
        int added = run > 1 ? snprintf(words.text + length, WORDS - length, "%s%dx%d", space, run, layers)
                            : snprintf(words.text + length, WORDS - length, "%s%d", space, layers);
        length += (size_t)added;
    }
    return words;
}

/* The axes that are split, outermost first. */
static struct words order_words(const struct choice *choice)
{
    struct words words = {""};
    size_t length = 0;
    for (int i = 0; i < AXES; i++)
        if (choice->grid[choice->order[i]] > 1)
            length += (size_t)snprintf(words.text + length, WORDS - length, "%s%s", length > 0 ? " " : "",
                                       axis_names[choice->order[i]]);
    return words;
}

/* ---- the table */

enum { COLUMNS = 10 };
struct row {
    struct words cells[COLUMNS];
};

static const struct row heading = {{{"grid"},
                                    {"stages"},
                                    {"micro-batches"},
                                    {"experts"},
                                    {"rank order"},
                                    {"ttft"},
                                    {"decode/s/rank"},
                                    {"prefill/s/rank"},
                                    {"memory"},
                                    {"headroom"}}};

static struct row candidate_row(const struct search_request *request, const struct candidate *candidate)
{
    const struct choice *choice = &candidate->choice;
    struct row row = {.cells = {grid_words(choice->grid),
                                stages_words(choice),
                                {""},
                                {""},
                                order_words(choice),
                                seconds_words(candidate->score.ttft_s),
                                {""},
                                {""},
                                bytes_words((double)candidate->score.memory),
                                bytes_words((double)request->memory_bytes - (double)candidate->score.memory)}};
    snprintf(row.cells[2].text, WORDS, "%d", choice->micro_batches);
    snprintf(row.cells[3].text, WORDS, "%s", placing_names[choice->placing]);
    for (int phase = 0; phase < PHASES; phase++)
        snprintf(row.cells[phase == DECODE ? 6 : 7].text, WORDS, "%.1f",
                 candidate->prediction.phases[phase].tokens_per_s / request->ranks);
    return row;
}

static void add_table(const struct row *rows, int count, struct text *out)
{
    int widths[COLUMNS] = {0};
    for (int i = 0; i < count; i++)
        for (int column = 0; column < COLUMNS; column++) {
            int width = (int)strlen(rows[i].cells[column].text);
            widths[column] = width > widths[column] ? width : widths[column];
        }
    for (int i = 0; i < count; i++)
        for (int column = 0; column < COLUMNS; column++)
            if (column + 1 < COLUMNS)
                text_format(out, "%-*s  ", widths[column], rows[i].cells[column].text);
            else
                text_format(out, "%s\n", rows[i].cells[column].text);
}

static void add_best(const struct search_request *request, const struct search_result *result,
                     const struct goals *goals, struct text *out)
{
    struct pool pool = {0};
    struct row *rows = pool_take(&pool, (size_t)result->best_count + 1, sizeof *rows);
    int count = 0;
    rows[count++] = heading;
    for (int i = 0; i < result->best_count; i++) {
        const struct candidate *candidate = &result->candidates[result->best[i]];
        if (meets(goals, &candidate->score, request->ranks))
            rows[count++] = candidate_row(request, candidate);
    }
    text_format(
        out,
        "\nNothing that was simulated beats these in time to first token, decode throughput and memory at once:\n\n");
    add_table(rows, count, out);
    if (count - 1 < result->best_count)
        text_format(out, "%d more miss what --require asks for.\n", result->best_count - (count - 1));
    pool_free(&pool);
}

/* ---- what was searched */

static void add_refusals(const struct search_result *result, struct text *out)
{
    int refused = 0;
    for (int i = 0; i < REFUSAL_KINDS; i++)
        refused += result->refused[i];
    text_format(out, "%d grids, %d refused\n", result->grids, refused);
    for (int i = 0; i < REFUSAL_KINDS; i++)
        if (result->refused[i] > 0)
            text_format(out, "  %5d  %s\n", result->refused[i], refusal_texts[i]);
}

static void add_space(const struct search_request *request, const struct search_result *result, struct text *out)
{
    const struct strategy *base = request->base;
    text_format(out, "%s on %s of %s, %s each\n", base->name, counted(request->ranks, "rank").text,
                request->hardware->name, bytes_words((double)request->memory_bytes).text);
    text_format(
        out,
        "Held constant: %d sequences of %d positions and %d prefill rows a step in the whole world; %s weights; "
        "%s routing.\nPredicted for prompts of %d tokens in all sequences at once, then %d new tokens each.\n",
        request->sequences, base->batch.context, request->prefill_rows,
        base->dtype.weights == DTYPE_F32 ? "f32" : "bf16", request->routing ? request->routing : "uniform",
        result->prompt_tokens, result->new_tokens);
    add_refusals(result, out);
    text_format(out,
                "%d candidates: %d do not fit, %d simulated, %d ruled out by their estimates, %d not simulated because "
                "%d others are likely better\n",
                result->count, result->count - result->fitting, result->simulated, result->pruned,
                result->fitting - result->simulated - result->pruned, result->simulated);
}

/* ---- the strategy's own split */

static void add_base(const struct search_request *request, const struct search_result *result, struct text *out)
{
    const struct candidate *own = &result->base;
    text_format(out, "\n%s as it is, %s with %s: ttft %s, %.1f tokens/s/rank in decode, %s\n", request->base->name,
                grid_words(own->choice.grid).text, counted(own->choice.micro_batches, "micro-batch").text,
                seconds_words(own->score.ttft_s).text, own->score.tokens_per_s / request->ranks,
                bytes_words((double)own->score.memory).text);
    if (!own->fits)
        text_format(out, "  does not fit: it lacks %s\n",
                    bytes_words((double)own->score.memory - (double)request->memory_bytes).text);
    const struct standing standing = base_standing(result);
    text_format(out,
                "  number %d of %d by throughput, number %d by time to first token (the %d not simulated by their "
                "estimates)\n",
                standing.by_throughput, standing.of, standing.by_ttft, result->fitting - result->simulated);
    const struct candidate *better = standing.beaten_by;
    if (!better) {
        text_format(out, "  nothing that was simulated beats it in everything\n");
        return;
    }
    text_format(out, "  beaten in everything by %s, stages %s, %s, rank order %s: ttft %s, %.1f tokens/s/rank, %s\n",
                grid_words(better->choice.grid).text, stages_words(&better->choice).text,
                counted(better->choice.micro_batches, "micro-batch").text, order_words(&better->choice).text,
                seconds_words(better->score.ttft_s).text, better->score.tokens_per_s / request->ranks,
                bytes_words((double)better->score.memory).text);
}

/* ---- when nothing fits */

void nearest_misses(const struct search_request *request, const struct search_result *result, struct text *out)
{
    enum { SHOWN = 3 };
    const struct candidate *all = result->candidates;
    uint64_t above = 0;
    if (result->count == 0) {
        text_format(out, "no grid of %d ranks splits this model:", request->ranks);
        for (int i = 0, shown = 0; i < REFUSAL_KINDS; i++)
            if (result->refused[i] > 0)
                text_format(out, "%s %d: %s", shown++ > 0 ? "," : "", result->refused[i], refusal_texts[i]);
        text_format(out, "; choose another number of ranks or of --sequences");
        return;
    }
    text_format(out, "none of %d candidates fits into %s a rank; nearest are", result->count,
                bytes_words((double)request->memory_bytes).text);
    for (int shown = 0; shown < SHOWN; shown++) {
        int nearest = -1;
        for (int i = 0; i < result->count; i++)
            if (all[i].estimate.memory > above &&
                (nearest < 0 || all[i].estimate.memory < all[nearest].estimate.memory))
                nearest = i;
        if (nearest < 0)
            break;
        above = all[nearest].estimate.memory;
        text_format(out, "%s %s with %s, which lacks %s", shown > 0 ? "," : "",
                    grid_words(all[nearest].choice.grid).text,
                    counted(all[nearest].choice.micro_batches, "micro-batch").text,
                    bytes_words((double)above - (double)request->memory_bytes).text);
    }
    text_format(out, "; give more --memory or more --ranks");
}

void search_text(const struct search_request *request, const struct search_result *result, const struct goals *goals,
                 struct text *out)
{
    add_space(request, result, out);
    add_best(request, result, goals, out);
    if (result->has_base)
        add_base(request, result, out);
}
