/* Whatever way a model is split, it computes the same: random grids, numberings, stages, placements with replicas and
 * micro-batches against one rank. RANDOM_SPLITS=N takes N of them, RANDOM_SEED=S others. */
#include "support.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL TEST_SOURCE_DIR "/models/shakespeare-moe"

enum { LAYERS = 16, EXPERTS = 16, MOST_RANKS = 32, USUAL_SPLITS = 8 };

static const double TOLERANCE = 2e-4; /* of the largest logit: what another order of sums is seen to change, tenfold */

static const char *const prompts[] = {"1,50,400", "7", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20",
                                      "2000,3,4"};

/* ---- drawing */

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static int draw_below(uint64_t *state, int limit)
{
    return (int)(draw(state) % (uint64_t)limit);
}

#define DRAW_FROM(state, list) ((list)[draw_below(state, (int)COUNT(list))])

static void shuffle(uint64_t *state, int *numbers, int count)
{
    for (int i = 0; i < count; i++)
        numbers[i] = i;
    for (int i = count - 1; i > 0; i--) {
        int other = draw_below(state, i + 1), number = numbers[i];
        numbers[i] = numbers[other];
        numbers[other] = number;
    }
}

/* ---- strategies in text */

struct writing {
    char text[8192];
    int length;
};

static void write_text(struct writing *writing, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void write_text(struct writing *writing, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof writing->text - (size_t)writing->length;
    int length = vsnprintf(writing->text + writing->length, room, format, arguments);
    va_end(arguments);
    ck_assert_int_lt(length, (int)room);
    writing->length += length;
}

static void write_grid(struct writing *writing, uint64_t *state, int grid[4])
{
    static const int dp[] = {1, 1, 2, 3}, pp[] = {1, 2, 3, 4}, ep[] = {1, 2, 3, 4, 8}, tp[] = {1, 2, 4};
    do {
        grid[0] = DRAW_FROM(state, dp);
        grid[1] = DRAW_FROM(state, pp);
        grid[2] = DRAW_FROM(state, ep);
        grid[3] = DRAW_FROM(state, tp);
    } while (grid[0] * grid[1] * grid[2] * grid[3] > MOST_RANKS);
    write_text(writing, "grid = { dp = %d, pp = %d, ep = %d, tp = %d },\n", grid[0], grid[1], grid[2], grid[3]);
}

static void write_rank_formula(struct writing *writing, uint64_t *state, const int grid[4])
{
    int numbers[MOST_RANKS], world = grid[0] * grid[1] * grid[2] * grid[3];
    shuffle(state, numbers, world);
    write_text(writing, "rank = function(c) return ({");
    for (int i = 0; i < world; i++)
        write_text(writing, " %d,", numbers[i]);
    write_text(writing, " })[1 + ((c.dp * %d + c.pp) * %d + c.ep) * %d + c.tp] end,\n", grid[1], grid[2], grid[3]);
}

static void write_stages(struct writing *writing, uint64_t *state, int stages)
{
    int left = LAYERS;
    write_text(writing, "stages = {");
    for (int stage = 0; stage < stages; stage++) {
        int others = stages - stage - 1, layers = others == 0 ? left : 1 + draw_below(state, left - others);
        write_text(writing, " %d,", layers);
        left -= layers;
    }
    write_text(writing, " },\n");
}

/* One or two holders an expert; the same in every layer, or dealt differently from layer to layer. */
static void write_experts(struct writing *writing, uint64_t *state, int ep)
{
    write_text(writing, "experts = function(layer, expert) return ({");
    for (int expert = 0; expert < EXPERTS; expert++) {
        int holders[8] = {0};
        shuffle(state, holders, ep);
        if (ep > 1 && draw_below(state, 4) == 0)
            write_text(writing, " { %d, %d },", holders[0], holders[1]);
        else
            write_text(writing, " { %d },", holders[0]);
    }
    write_text(writing, " })[1 + (expert%s) %% %d] end,\n", draw_below(state, 2) ? " + layer" : "", EXPERTS);
}

static void write_split(struct writing *writing, uint64_t *state)
{
    static const int sequences[] = {1, 2, 4}, micro_batches[] = {1, 2, 3, 4, 8}, rows[] = {8, 24, 64, 256};
    static const char *const weights[] = {"bf16", "f32"};
    int grid[4];
    write_grid(writing, state, grid);
    write_rank_formula(writing, state, grid);
    write_stages(writing, state, grid[1]);
    write_experts(writing, state, grid[2]);
    write_text(writing, "dtype = { weights = \"%s\" },\n", DRAW_FROM(state, weights));
    write_text(writing, "batch = { sequences = %d, context = 64, prefill_rows = %d, micro_batches = %d },",
               DRAW_FROM(state, sequences), DRAW_FROM(state, rows), DRAW_FROM(state, micro_batches));
}

/* ---- comparing */

struct answer {
    json_t *results;
    float *logits;
    size_t count;
};

static struct answer ask(const char *strategy)
{
    char logits[PATH_ROOM];
    path_in_folder(logits, "logits");
    const char *arguments[32] = {"run", strategy, "-n", "6", "--json", "--logits", logits};
    size_t used = 7;
    for (size_t i = 0; i < COUNT(prompts); i++) {
        arguments[used++] = "--prompt-ids";
        arguments[used++] = prompts[i];
    }
    struct answer answer = {.results = rankc_json(arguments)};
    answer.logits = read_floats(logits, &answer.count);
    return answer;
}

static void answer_free(struct answer *answer)
{
    json_decref(answer->results);
    free(answer->logits);
}

static void expect_same_answer(const struct answer *answer, const struct answer *wanted, const char *strategy)
{
    ck_assert_uint_eq(answer->count, wanted->count);
    double largest = 0, error = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        ck_assert_msg(isfinite(answer->logits[i]), "logit %zu is not finite under\n%s", i, strategy);
        error = fmax(error, fabs((double)answer->logits[i] - (double)wanted->logits[i]));
        largest = fmax(largest, fabs((double)wanted->logits[i]));
    }
    ck_assert_msg(error <= TOLERANCE * largest, "logits differ by %g, the largest is %g, under\n%s", error, largest,
                  strategy);
    for (size_t i = 0; i < COUNT(prompts); i++)
        ck_assert_msg(same_ids(json_object_get(json_array_get(answer->results, i), "ids"),
                               json_object_get(json_array_get(wanted->results, i), "ids")),
                      "other tokens under\n%s", strategy);
}

static int setting(const char *name, int usual)
{
    const char *value = getenv(name);
    return value ? atoi(value) : usual;
}

START_TEST(random_splits_compute_what_one_rank_does)
{
    char path[PATH_ROOM];
    write_strategy(path, "one", MODEL, "grid = {},");
    struct answer wanted = ask(path);
    uint64_t state = (uint64_t)setting("RANDOM_SEED", 1);
    int splits = setting("RANDOM_SPLITS", USUAL_SPLITS);
    for (int i = 0; i < splits; i++) {
        struct writing writing = {.length = 0};
        write_split(&writing, &state);
        write_strategy(path, "split", MODEL, writing.text);
        struct answer answer = ask(path);
        expect_same_answer(&answer, &wanted, writing.text);
        answer_free(&answer);
    }
    answer_free(&wanted);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {random_splits_compute_what_one_rank_does};
    return run_suite("random_splits", tests, COUNT(tests));
}
