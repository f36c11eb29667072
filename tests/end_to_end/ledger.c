/* The ledger is what ranks take: on every strategy here, the resident memory of each real rank is within 2 MB or 1 % of
 * the plan's figure. Prints a table of all that it ran. */
#include "tool/calibrate/synthetic.h"

#include "splittings.h"

#include <glob.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 8, MOST_PROMPTS = 256, FEWEST_TOKENS = 24, SPARE_POSITIONS = 8 };

static const double TOLERANCE_BYTES = 2e6, TOLERANCE_SHARE = 0.01;

#define SHAKESPEARE TEST_SOURCE_DIR "/models/shakespeare-moe"

/* ---- running */

/* What a lane is to be filled with. */
struct filling {
    int prompts, tokens, vocabulary;
};

/* As many prompts as there are sequences, long enough to fill the steps of prefill. */
static struct filling filling_of(const json_t *plan)
{
    const json_t *shape = json_object_get(json_array_get(json_object_get(plan, "classes"), 0), "shape");
    int dp, ep, sequences, context, rows, micro_batches, vocabulary;
    ck_assert_int_eq(json_unpack((json_t *)shape, "{s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "dp", &dp, "ep", &ep,
                                 "sequences", &sequences, "context", &context, "prefill_rows", &rows, "micro_batches",
                                 &micro_batches, "vocabulary", &vocabulary),
                     0);
    int tokens = rows * micro_batches / sequences + 1;
    tokens = tokens > FEWEST_TOKENS ? tokens : FEWEST_TOKENS;
    tokens = tokens < context - SPARE_POSITIONS ? tokens : context - SPARE_POSITIONS;
    ck_assert_int_le(dp * ep * sequences, MOST_PROMPTS);
    return (struct filling){dp * ep * sequences, tokens, vocabulary};
}

static char *prompt_text(const struct filling *filling, int number)
{
    json_t *ids = json_array();
    for (int i = 0; i < filling->tokens; i++)
        json_array_append_new(ids, json_integer((number * 131 + i * 29 + 3) % filling->vocabulary));
    char *text = ids_text(ids);
    json_decref(ids);
    return text;
}

/* Runs the strategy full; what `run --memory` says of each rank. */
static json_t *memory_of(const char *strategy, const struct filling *filling)
{
    char path[PATH_ROOM];
    char *texts[MOST_PROMPTS];
    const char *arguments[2 * MOST_PROMPTS + 16] = {"run", strategy, "-n", "3", "--json", "--memory", path};
    size_t used = 7;
    path_in_folder(path, "memory.json");
    for (int i = 0; i < filling->prompts; i++) {
        texts[i] = prompt_text(filling, i);
        arguments[used++] = "--prompt-ids";
        arguments[used++] = texts[i];
    }
    json_decref(rankc_json(arguments));
    for (int i = 0; i < filling->prompts; i++)
        free(texts[i]);
    return read_json(path);
}

/* ---- the table */

struct row {
    char class[32];
    int ranks;
    double planned, least, most; /* bytes of a rank */
};

static struct row *row_of(struct row rows[MOST_CLASSES], const char *class)
{
    int i = 0;
    while (i < MOST_CLASSES && rows[i].ranks > 0 && strcmp(rows[i].class, class) != 0)
        i++;
    ck_assert_int_lt(i, MOST_CLASSES);
    snprintf(rows[i].class, sizeof rows[i].class, "%s", class);
    return &rows[i];
}

static void gather_rows(const json_t *memory, struct row rows[MOST_CLASSES])
{
    const json_t *rank;
    size_t number;
    json_array_foreach(memory, number, rank)
    {
        struct row *row = row_of(rows, json_string_value(json_object_get(rank, "class")));
        double measured = json_number_value(json_object_get(rank, "measured_bytes"));
        row->planned = json_number_value(json_object_get(rank, "planned_bytes"));
        row->least = row->ranks == 0 ? measured : fmin(row->least, measured);
        row->most = row->ranks == 0 ? measured : fmax(row->most, measured);
        row->ranks++;
    }
}

/* Of the measured figures the one that is further off. */
static double difference_of(const struct row *row)
{
    double above = row->most - row->planned, below = row->least - row->planned;
    return fabs(above) > fabs(below) ? above : below;
}

static void print_heading(void)
{
    printf("\n%-22s %-15s %5s %13s %13s %13s %11s %8s\n", "strategy", "class", "ranks", "planned", "measured from",
           "to", "difference", "of it");
}

static void print_row(const char *strategy, const struct row *row)
{
    printf("%-22s %-15s %5d %13.0f %13.0f %13.0f %+11.0f %+7.2f%%\n", strategy, row->class, row->ranks, row->planned,
           row->least, row->most, difference_of(row), 100 * difference_of(row) / row->planned);
    fflush(stdout); /* the rows before a failure are worth seeing */
}

/* Sanitized ranks carry their shadow memory, which is in no ledger. */
static void expect_as_planned(const char *name, const char *strategy)
{
    const char *const arguments[] = {"plan", strategy, "--json", NULL};
    struct row rows[MOST_CLASSES] = {0};
    json_t *plan = rankc_json(arguments);
    struct filling filling = filling_of(plan);
    json_t *memory = memory_of(strategy, &filling);
    gather_rows(memory, rows);
    for (int i = 0; i < MOST_CLASSES && rows[i].ranks > 0; i++) {
        print_row(name, &rows[i]);
        double tolerance = fmax(TOLERANCE_BYTES, TOLERANCE_SHARE * rows[i].planned);
        ck_assert_msg(sanitized || fabs(difference_of(&rows[i])) <= tolerance,
                      "%s, class %s: planned %.0f, measured %.0f to %.0f", name, rows[i].class, rows[i].planned,
                      rows[i].least, rows[i].most);
    }
    json_decref(memory);
    json_decref(plan);
}

/* ---- the tests */

/* Those whose model is given by its shape alone have no weights to run with. */
/* Whether a strategy has weights, and ranks whose memory is that of processes. */
static bool can_be_measured(const char *strategy)
{
    size_t length;
    char *text = read_bytes(strategy, &length);
    bool can = strstr(text, "= hf \"") != NULL && strstr(text, "device = \"cuda\"") == NULL;
    free(text);
    return can;
}

START_TEST(committed_strategies_take_what_they_plan)
{
    glob_t found;
    ck_assert_int_eq(glob("strategies/*.lua", 0, NULL, &found), 0);
    print_heading();
    for (size_t i = 0; i < found.gl_pathc; i++)
        if (can_be_measured(found.gl_pathv[i]))
            expect_as_planned(strrchr(found.gl_pathv[i], '/') + 1, found.gl_pathv[i]);
    globfree(&found);
}
END_TEST

START_TEST(splittings_take_what_they_plan)
{
    print_heading();
    for (size_t i = 0; i < splitting_count; i++) {
        char strategy[PATH_ROOM];
        write_splitting(strategy, &splittings[i], SHAKESPEARE);
        if (!sanitized || splittings[i].micro_batches > 1)
            expect_as_planned(splittings[i].name, strategy);
    }
}
END_TEST

/* Larger models, and sizes that nothing divides. */
static const struct {
    const char *name;
    struct synthetic_model model; /* in the order of its fields */
    const char *keys;
} larger[] = {
    {"bf16-on-one",
     {1024, 2, 16, 4, 64, 8, 2, 512, 8192, 2048, DTYPE_BF16},
     "grid = {}, batch = { sequences = 8, context = 1024, prefill_rows = 256 },"},
    {"f32-weights-micro-4",
     {1024, 2, 16, 4, 64, 8, 2, 512, 8192, 2048, DTYPE_F32},
     "grid = { ep = 2, tp = 2 }, dtype = { weights = \"f32\" },\n"
     "batch = { sequences = 8, context = 1024, prefill_rows = 512, micro_batches = 4 },"},
    {"long-context",
     {512, 4, 8, 2, 64, 8, 2, 256, 4096, 16384, DTYPE_BF16},
     "grid = { pp = 2, tp = 2 }, batch = { sequences = 4, context = 16384, prefill_rows = 512, micro_batches = 2 },"},
    {"replicas-uneven-stages",
     {768, 6, 12, 6, 64, 12, 3, 384, 5000, 1024, DTYPE_BF16},
     "grid = { pp = 2, ep = 3, tp = 2 }, stages = { 4, 2 },\n"
     "experts = function(layer, expert) return expert % 4 == 0 and { 0, 2 } or { (layer + expert) % 3 } end,\n"
     "batch = { sequences = 6, context = 512, prefill_rows = 192, micro_batches = 4 },"},
    {"odd-sizes-f32",
     {520, 3, 5, 5, 106, 7, 4, 300, 1003, 777, DTYPE_F32},
     "grid = { dp = 2, ep = 3 }, dtype = { weights = \"f32\" },\n"
     "experts = function(layer, expert) return expert < 4 and 0 or expert < 6 and 1 or 2 end,\n"
     "batch = { sequences = 3, context = 777, prefill_rows = 101, micro_batches = 4 },"},
};

START_TEST(larger_models_take_what_they_plan)
{
    print_heading();
    for (size_t i = 0; i < COUNT(larger); i++) {
        char folder[PATH_ROOM], strategy[PATH_ROOM], keys[1024];
        struct error error;
        path_in_folder(folder, "model-%s", larger[i].name);
        ck_assert_msg(synthetic_checkpoint(&larger[i].model, folder, &error), "%s: %s", error.file, error.text);
        snprintf(keys, sizeof keys, "target = { memory = \"4 GiB\" },\n%s", larger[i].keys);
        write_strategy(strategy, larger[i].name, folder, keys);
        if (!sanitized || larger[i].model.dtype == DTYPE_BF16)
            expect_as_planned(larger[i].name, strategy);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {committed_strategies_take_what_they_plan, splittings_take_what_they_plan,
                                  larger_models_take_what_they_plan};
    return run_suite("ledger", tests, COUNT(tests));
}
