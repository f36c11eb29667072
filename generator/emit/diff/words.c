#include "emit/diff/words.h"
#include "emit/words.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const fate_names[RANK_FATES] = {
    [RANK_MOVES] = "moves", [RANK_ADDED] = "added", [RANK_REMOVED] = "removed", [RANK_STAYS] = "stays"};
const char *const schedule_change_names[SCHEDULE_CHANGE_KINDS] = {
    [OPS_REPLACED] = "replaced", [OPS_ADDED] = "added", [OPS_REMOVED] = "removed", [OPS_MOVED] = "moved"};
const char schedule_change_marks[SCHEDULE_CHANGE_KINDS + 1] = {
    [OPS_REPLACED] = '~', [OPS_ADDED] = '+', [OPS_REMOVED] = '-', [OPS_MOVED] = '>'};

const char *const strategy_key_names[STRATEGY_KEY_COUNT] = {
#define X(key) #key,
    STRATEGY_KEYS(X)
#undef X
};

static void append(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(struct words *words, const char *format, ...)
{
    size_t length = strlen(words->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words->text + length, sizeof words->text - length, format, arguments);
    va_end(arguments);
}

struct words format_words(const char *format, ...)
{
    struct words words;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words.text, sizeof words.text, format, arguments);
    va_end(arguments);
    return words;
}

/* ---- numbers */

struct words count_words(int old, int new)
{
    return old == new ? format_words("%d", old) : format_words("%d -> %d", old, new);
}

struct words bytes_words(uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    struct words words = {""};
    double value = (double)bytes / 1024;
    size_t unit = 0;
    if (bytes < 1024) {
        append(&words, "%" PRIu64 " B", bytes);
        return words;
    }
    for (; value >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1024;
    append(&words, "%.2f %s", value, units[unit]);
    return words;
}

struct words delta_words(uint64_t old, uint64_t new)
{
    struct words words = {""};
    append(&words, "%s%s", new < old ? "-" : "+", bytes_words(new < old ? old - new : new - old).text);
    return words;
}

struct words ranks_words(const int *ranks, int count, int most_runs)
{
    struct words words = {""};
    struct text text = {0};
    ranges_text(&text, ranks, count, most_runs);
    append(&words, "%s", text.length > 0 ? text.bytes : "");
    text_free(&text);
    return words;
}

/* ---- ranks */

static struct words layers_words(int first, int count)
{
    struct words words = {""};
    append(&words, count == 1 ? "layer %d" : "layers %d-%d", first, first + count - 1);
    return words;
}

struct words stage_words(const struct plan *plan, int class_index, int layer_base)
{
    struct words words = {""};
    if (class_index < 0) {
        append(&words, "nothing");
        return words;
    }
    const struct rank_class *class = &plan->classes[class_index];
    append(&words, "%s, %s", class->name, layers_words(layer_base, class->shape.layers).text);
    return words;
}

struct words holding_words(const struct plan *plan, int rank)
{
    struct words words = {""};
    if (rank >= plan->world) {
        append(&words, "nothing");
        return words;
    }
    const struct rank_row *row = &plan->ranks[rank];
    int held[MAX_EXPERTS], count = list_experts(plan, row->layer_base, row->at[AXIS_EP], held);
    append(&words, count == 1 ? "expert %s" : "experts %s", count > 0 ? ranks_words(held, count, 6).text : "none");
    append(&words, ", tp %d of %d", row->at[AXIS_TP], plan->grid[AXIS_TP]);
    return words;
}

/* ---- schedules */

static struct words micros_words(unsigned micros, int step)
{
    struct words words = {""};
    for (int micro = 0; micro < MAX_MICRO_BATCHES; micro++)
        if (micros >> micro & 1)
            append(&words, "%s%c", words.text[0] ? ", " : "", 'A' + micro + step);
    return words;
}

static struct words anchor_words(const struct schedule_change *change, const struct anchor *anchor, bool micros)
{
    struct words words = {""};
    if (anchor->kind < 0) {
        append(&words, "nothing");
        return words;
    }
    append(&words, "%s", op_table[anchor->kind].text);
    if (micros)
        append(&words, " %s", micros_words(change->micros, anchor->micro_step).text);
    if (anchor->layer_step != 0)
        append(&words, " of %s %s",
               counted(anchor->layer_step < 0 ? -anchor->layer_step : anchor->layer_step, "layer").text,
               anchor->layer_step < 0 ? "before" : "later");
    return words;
}

/* Every op of layers or of micro-batches. */
static struct words all_ops_words(const struct schedule_change *change, bool micros)
{
    struct words words = {""};
    if (change->layer_count > 0)
        append(&words, change->layer_count == 1 ? "all of layer %s" : "all of layers %s",
               ranks_words(change->layers, change->layer_count, 8).text);
    else
        append(&words, "all of micro-batch");
    if (micros || change->layer_count == 0)
        append(&words, " %s", micros_words(change->micros, 0).text);
    append(&words, ": %s", counted(change->ops, "op").text);
    return words;
}

struct words change_words(const struct diff_class *pair, const struct schedule_change *change)
{
    bool micros = pair->old->shape.micro_batches > 1 || pair->new->shape.micro_batches > 1;
    if (change->kind < 0)
        return all_ops_words(change, micros);
    struct words words = {""};
    if (change->layer_count > 0)
        append(&words, change->layer_count == 1 ? "layer %s " : "layers %s ",
               ranks_words(change->layers, change->layer_count, 8).text);
    append(&words, "%s", op_table[change->kind].text);
    if (micros)
        append(&words, " %s", micros_words(change->micros, 0).text);
    if (change->change == OPS_REPLACED)
        append(&words, " (was %s)", op_table[change->was].text);
    if (change->change != OPS_MOVED)
        return words;
    int heads = 0, followers;
    for (int micro = 0; micro < MAX_MICRO_BATCHES; micro++)
        heads += (change->micros >> micro & 1) * (change->layer_count > 0 ? change->layer_count : 1);
    followers = change->ops - heads;
    if (followers > 0)
        append(&words, " and %s behind", counted(followers, "op").text);
    append(&words, ": now after %s", anchor_words(change, &change->after, micros).text);
    append(&words, ", was after %s", anchor_words(change, &change->was_after, micros).text);
    return words;
}
