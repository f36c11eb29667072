/* How near predictions come to real runs: strategies and shapes that the calibration did not see, each run for real and
 * simulated step by step on what `rankc calibrate` measured. Prints a Markdown table of step times, then the mean error
 * and how many pairs of strategies of one model come out in the wrong order.
 *
 *     bench_predictions [HARDWARE]     the description to predict with; default: this-machine */
#include "commands/compilation.h"
#include "predict/timeline.h"
#include "read/hardware_file.h"
#include "tool/cache.h"
#include "tool/calibrate/measure.h"
#include "tool/calibrate/probes.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 5, MOST_STEPS = 1024, MOST_CASES = 64 };

/* Pairs that differ by more than this must come out in the right order. */
static const double telling_difference = 0.15;

/* clang-format off */
#define NARROW {.hidden = 192, .layers = 6, .heads = 6,  .kv_heads = 2, .head_dim = 32, .experts = 8,  .top_k = 2, \
                .expert_hidden = 384,  .vocabulary = 1024, .max_positions = 512, .dtype = DTYPE_BF16}
#define MANY   {.hidden = 256, .layers = 4, .heads = 8,  .kv_heads = 4, .head_dim = 32, .experts = 16, .top_k = 2, \
                .expert_hidden = 256,  .vocabulary = 4096, .max_positions = 512, .dtype = DTYPE_BF16}
#define BROAD  {.hidden = 512, .layers = 4, .heads = 8,  .kv_heads = 4, .head_dim = 64, .experts = 4,  .top_k = 1, \
                .expert_hidden = 1536, .vocabulary = 8192, .max_positions = 512, .dtype = DTYPE_BF16}
#define FULL   {.hidden = 768, .layers = 4, .heads = 12, .kv_heads = 4, .head_dim = 64, .experts = 8,  .top_k = 4, \
                .expert_hidden = 768,  .vocabulary = 2048, .max_positions = 512, .dtype = DTYPE_BF16}

/*                               dp pp ep tp micro-batches, prefill rows */
static const struct probe cases[] = {
    {"narrow-single",    NARROW, 1, 1, 1, 1, 1, 192}, {"narrow-dp-2",       NARROW, 2, 1, 1, 1, 1, 192},
    {"narrow-tp-2",      NARROW, 1, 1, 1, 2, 1, 192}, {"narrow-ep-2",       NARROW, 1, 1, 2, 1, 1, 192},
    {"narrow-ep-2-m2",   NARROW, 1, 1, 2, 1, 2, 192}, {"narrow-pp-2",       NARROW, 1, 2, 1, 1, 1, 192},
    {"narrow-pp-2-m4",   NARROW, 1, 2, 1, 1, 4, 192}, {"narrow-ep-2-tp-2",  NARROW, 1, 1, 2, 2, 2, 192},
    {"narrow-pp-2-tp-2", NARROW, 1, 2, 1, 2, 2, 192}, {"narrow-ep-4",       NARROW, 1, 1, 4, 1, 2, 192},
    {"many-single",      MANY,   1, 1, 1, 1, 1, 320}, {"many-tp-2",         MANY,   1, 1, 1, 2, 1, 320},
    {"many-ep-2",        MANY,   1, 1, 2, 1, 2, 320}, {"many-pp-2",         MANY,   1, 2, 1, 1, 2, 320},
    {"many-dp-2",        MANY,   2, 1, 1, 1, 1, 320}, {"many-tp-4",         MANY,   1, 1, 1, 4, 1, 320},
    {"many-ep-8",        MANY,   1, 1, 8, 1, 1, 96},  {"many-pp-2-ep-2-tp-2", MANY, 1, 2, 2, 2, 2, 128},
    {"broad-single",     BROAD,  1, 1, 1, 1, 1, 96},  {"broad-tp-2",        BROAD,  1, 1, 1, 2, 1, 96},
    {"broad-ep-2",       BROAD,  1, 1, 2, 1, 2, 96},  {"broad-pp-2",        BROAD,  1, 2, 1, 1, 2, 96},
    {"broad-dp-2",       BROAD,  2, 1, 1, 1, 1, 96},  {"broad-ep-2-tp-2",   BROAD,  1, 1, 2, 2, 1, 96},
    {"broad-pp-4",       BROAD,  1, 4, 1, 1, 4, 96},  {"broad-tp-4",        BROAD,  1, 1, 1, 4, 1, 96},
    {"full-single",      FULL,   1, 1, 1, 1, 1, 256}, {"full-tp-2",         FULL,   1, 1, 1, 2, 1, 256},
    {"full-ep-2",        FULL,   1, 1, 2, 1, 1, 256}, {"full-ep-2-m2",      FULL,   1, 1, 2, 1, 2, 256},
    {"full-pp-2",        FULL,   1, 2, 1, 1, 2, 256}, {"full-dp-2",         FULL,   2, 1, 1, 1, 1, 256},
    {"full-ep-4",        FULL,   1, 1, 4, 1, 2, 256}, {"full-pp-2-tp-2",    FULL,   1, 2, 1, 2, 2, 256},
};
/* clang-format on */
enum { CASES = sizeof cases / sizeof *cases };
_Static_assert((int)CASES <= (int)MOST_CASES, "every case has its result");

struct outcome {
    double measured_s[PHASES], simulated_s[PHASES]; /* of all steps of a phase */
    int steps[PHASES];
    bool bytes_agree;
};

/* A case from its preparation to its last run. Runs of all cases take turns, so that whatever slows the machine for a
 * while does not hit all runs of one case. */
struct trial {
    struct compilation compilation;
    struct cache cache;
    const struct hardware *hardware;
    double lengths_s[MOST_STEPS][RUNS];
    struct outcome outcome;
};

/* Bytes that each rank put into mailboxes of each kind, simulated: the measured run counted them in its transports. */
static bool bytes_agree(const struct plan *plan, const struct trace *measured, const struct trace *simulated)
{
    size_t count = (size_t)plan->world * MAILBOX_KINDS;
    uint64_t *bytes = calloc(count, sizeof *bytes);
    for (int i = 0; i < simulated->count; i++)
        for (int rank = 0; rank < plan->world; rank++) {
            const struct schedule *schedule = schedule_of(plan, rank, simulated->steps[i].step.phase);
            for (int op = 0; op < schedule->count; op++) {
                enum mailbox_kind kind = op_table[schedule->ops[op].kind].mailbox;
                if (kind != MAILBOX_NONE)
                    bytes[(size_t)rank * MAILBOX_KINDS + kind] += span_of(&simulated->steps[i], rank, op + 1)->bytes;
            }
        }
    bool agree = memcmp(bytes, measured->counters, count * sizeof *bytes) == 0;
    free(bytes);
    return agree;
}

/* The same steps come in every run; of each the median of the runs counts. */
static void add_steps(struct trial *trial, const struct trace *simulated)
{
    struct outcome *outcome = &trial->outcome;
    for (int i = probe_first_step(simulated); i < simulated->count && i < MOST_STEPS; i++) {
        enum phase phase = simulated->steps[i].step.phase;
        outcome->measured_s[phase] += median_of(trial->lengths_s[i], RUNS);
        outcome->simulated_s[phase] += simulated->steps[i].end_s - simulated->steps[i].begin_s;
        outcome->steps[phase]++;
    }
}

static bool prepare(struct trial *trial, const struct probe *probe, const char *folder, const char *hardware_name,
                    struct error *error)
{
    char path[2048], model[2048];
    struct cache *cache = &trial->cache;
    snprintf(path, sizeof path, "%s/%s.lua", folder, probe->name);
    snprintf(model, sizeof model, "%s/%s-model", folder, probe->name);
    snprintf(cache->sources, sizeof cache->sources, "%s/%s/sources", folder, probe->name);
    snprintf(cache->binaries, sizeof cache->binaries, "%s/%s/build", folder, probe->name);
    snprintf(cache->shards, sizeof cache->shards, "%s/%s/shards", folder, probe->name);
    trial->outcome.bytes_agree = true;
    return probe_write(probe, folder, error) && compile(&trial->compilation, path, NULL, error) &&
           hardware_read(hardware_name, NULL, &trial->compilation.pool, &trial->hardware, error) &&
           prepare_ranks(&trial->compilation.plan, model, cache, error);
}

static bool run_once(struct trial *trial, int run, struct error *error)
{
    struct trace measured = {0}, simulated = {0};
    const struct plan *plan = &trial->compilation.plan;
    bool done = probe_run(plan, trial->cache.binaries, trial->cache.shards, &measured, error);
    if (done) {
        for (int i = 0; i < measured.count && i < MOST_STEPS; i++)
            trial->lengths_s[i][run] = measured.steps[i].end_s - measured.steps[i].begin_s;
        simulate_like(plan, trial->hardware, &measured, &simulated);
        trial->outcome.bytes_agree &= bytes_agree(plan, &measured, &simulated);
        if (run + 1 == RUNS)
            add_steps(trial, &simulated);
    }
    trace_free(&simulated);
    trace_free(&measured);
    return done;
}

/* ---- the table */

static double mean_step(const double sums[PHASES], const struct outcome *outcome, int phase)
{
    return outcome->steps[phase] ? sums[phase] / outcome->steps[phase] : 0;
}

static double error_of(const struct outcome *outcome, int phase)
{
    return outcome->simulated_s[phase] / outcome->measured_s[phase] - 1;
}

static void print_row(const struct probe *probe, const struct outcome *outcome)
{
    printf("| %s | %d |", probe->name, probe->dp * probe->pp * probe->ep * probe->tp);
    for (int phase = 0; phase < PHASES; phase++)
        printf(" %.3f | %.3f | %+.1f %% |", 1e3 * mean_step(outcome->measured_s, outcome, phase),
               1e3 * mean_step(outcome->simulated_s, outcome, phase), 100 * error_of(outcome, phase));
    printf(" %s |\n", outcome->bytes_agree ? "equal" : "DIFFER");
    fflush(stdout);
}

/* Pairs of the same model and phase that differ enough, and of these the ones that come out the other way round. */
static void count_pairs(const struct trial *trials, int *pairs, int *wrong)
{
    for (int i = 0; i < CASES; i++)
        for (int j = i + 1; j < CASES; j++)
            for (int phase = 0; phase < PHASES; phase++) {
                bool same_model = memcmp(&cases[i].model, &cases[j].model, sizeof cases[i].model) == 0;
                double left = trials[i].outcome.measured_s[phase], right = trials[j].outcome.measured_s[phase];
                if (!same_model || fmax(left, right) < fmin(left, right) * (1 + telling_difference))
                    continue;
                ++*pairs;
                *wrong +=
                    (left < right) != (trials[i].outcome.simulated_s[phase] < trials[j].outcome.simulated_s[phase]);
            }
}

static void print_summary(const struct trial *trials)
{
    double sums[2] = {0, 0};
    int counts[2] = {0, 0}, pairs = 0, wrong = 0, agree = 0;
    for (int i = 0; i < CASES; i++) {
        int crowded = cases[i].dp * cases[i].pp * cases[i].ep * cases[i].tp > sysconf(_SC_NPROCESSORS_ONLN);
        agree += trials[i].outcome.bytes_agree;
        for (int phase = 0; phase < PHASES; phase++) {
            sums[crowded] += fabs(error_of(&trials[i].outcome, phase));
            counts[crowded]++;
        }
    }
    count_pairs(trials, &pairs, &wrong);
    printf(
        "\n%d strategies x shapes, prefill and decode: mean error %.1f %% (%.1f %% where every rank has a processor, "
        "%.1f %% where ranks share them)\n",
        CASES, 100 * (sums[0] + sums[1]) / (counts[0] + counts[1]), 100 * sums[0] / counts[0],
        100 * sums[1] / counts[1]);
    printf("%d pairs of one model differ by more than %.0f %%; %d of them are predicted in the wrong order\n", pairs,
           100 * telling_difference, wrong);
    printf("bytes in mailboxes, by rank and kind: equal in %d of %d\n", agree, CASES);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

int main(int argc, char **argv)
{
    static struct trial trials[MOST_CASES];
    char folder[1024];
    struct error error = {0};
    const char *temporary = getenv("TMPDIR"), *hardware = argc > 1 ? argv[1] : "this-machine";
    snprintf(folder, sizeof folder, "%s/rankc-predictions.XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(folder))
        return 1;
    bool done = true;
    for (int i = 0; i < CASES && done; i++)
        done = prepare(&trials[i], &cases[i], folder, hardware, &error);
    for (int run = 0; run < RUNS; run++)
        for (int i = 0; i < CASES && done; i++)
            done = run_once(&trials[i], run, &error);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    if (!done) {
        error_print(&error);
        return 1;
    }
    printf("| strategy | ranks | prefill step, ms | predicted | error | decode step, ms | predicted | error | bytes |\n"
           "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (int i = 0; i < CASES; i++)
        print_row(&cases[i], &trials[i].outcome);
    print_summary(trials);
    for (int i = 0; i < CASES; i++)
        compilation_free(&trials[i].compilation);
    return 0;
}
