/* rankc calibrate: measures this machine and writes what predictions need of it. */
#include "base/file.h"
#include "base/heap.h"
#include "base/home.h"
#include "base/machine.h"
#include "base/progress.h"
#include "commands/compilation.h"
#include "tool/cache.h"
#include "tool/calibrate/describe.h"
#include "tool/calibrate/fit.h"
#include "tool/calibrate/measure.h"
#include "tool/calibrate/probes.h"

#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What /proc/cpuinfo calls the processor. */
static const char *processor_name(char *out, size_t room)
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(out, room, "an unnamed processor");
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        snprintf(out, room, "%.*s", (int)strcspn(colon + 2, "\"\\\n"), colon + 2);
        break;
    }
    if (file)
        fclose(file);
    return out;
}

/* Runs a compiled strategy with these weights, in folder/NAME, and adds what its ops took. */
static bool take_job(const struct compilation *compilation, const char *model, const char *folder, struct fit *fit,
                     struct error *error)
{
    struct cache cache = {.lock = -1};
    struct trace trace = {0};
    const char *name = compilation->plan.name;
    snprintf(cache.sources, sizeof cache.sources, "%s/%s/sources", folder, name);
    snprintf(cache.binaries, sizeof cache.binaries, "%s/%s/build", folder, name);
    snprintf(cache.shards, sizeof cache.shards, "%s/%s/shards", folder, name);
    bool done = prepare_ranks(&compilation->plan, model, &cache, error);
    progress(name);
    done = done && probe_run(&compilation->plan, cache.binaries, cache.shards, &trace, error);
    if (done)
        fit_add(fit, &compilation->plan, &trace, probe_first_step(&trace));
    trace_free(&trace);
    return done;
}

static bool take_probe(const struct probe *probe, const char *folder, struct fit *fit, struct error *error)
{
    struct compilation compilation;
    char path[2048], model[2048];
    snprintf(path, sizeof path, "%s/%s.lua", folder, probe->name);
    snprintf(model, sizeof model, "%s/%s-model", folder, probe->name);
    if (!probe_write(probe, folder, error))
        return false;
    bool done = compile(&compilation, path, NULL, error) && take_job(&compilation, model, folder, fit, error);
    compilation_free(&compilation);
    return done;
}

/* Known before anything is measured. */
static bool strategy_fits(const struct command_line *line, int processor_count, struct error *error)
{
    struct compilation compilation;
    bool done = compile(&compilation, line->input, line->model, error);
    if (done && compilation.plan.world > processor_count)
        done = fail(error, line->input, compilation.strategy.lines[KEY_grid],
                    "%s need a processor each to be measured, and this machine has %d; calibrate without the strategy",
                    counted(compilation.plan.world, "rank").text, processor_count);
    compilation_free(&compilation);
    return done;
}

/* The user's strategy: its own shapes, with its checkpoint or, where it has none, with weights of the same sizes. */
static bool take_strategy(const struct command_line *line, const char *folder, struct fit *fit, struct error *error)
{
    struct compilation compilation;
    char model[2048];
    bool done = compile(&compilation, line->input, line->model, error);
    snprintf(model, sizeof model, "%s/model", folder);
    if (done && !compilation.strategy.model.folder) {
        const struct synthetic_model sizes = synthetic_of(&compilation.strategy);
        done = synthetic_checkpoint(&sizes, model, error);
    }
    const char *checkpoint = compilation.strategy.model.folder ? compilation.strategy.model.folder : model;
    done = done && take_job(&compilation, checkpoint, folder, fit, error);
    compilation_free(&compilation);
    return done;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

static bool take_probes(const struct command_line *line, const struct hardware *hardware,
                        struct calibration *calibration, double *fit_error, struct error *error)
{
    char folder[1024];
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/rankc-calibrate.XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(folder))
        return fail_errno(error, folder, "cannot be made");
    struct fit fit = {.hardware = hardware};
    bool done = !line->input || take_strategy(line, folder, &fit, error);
    for (int i = 0; i < PROBES && done; i++) {
        bool fits = probes[i].dp * probes[i].pp * probes[i].ep * probes[i].tp <= hardware->processors;
        done = !fits || take_probe(&probes[i], folder, &fit, error);
    }
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    if (done)
        *fit_error = fit_solve(&fit, calibration);
    fit_free(&fit);
    return done;
}

/* To `path`, or where "this-machine" is looked for. */
static bool write_description(const char *path, const struct hardware *hardware, double fit_error, struct error *error)
{
    char root[2048], usual[4096];
    if (!path) {
        if (!cache_root(root, sizeof root, error) || !folder_make(root, error) ||
            !path_join(usual, sizeof usual, root, "this-machine.lua", error))
            return false;
        path = usual;
    }
    struct text text = {0};
    describe_hardware(hardware, &text);
    bool done = file_write(path, text.bytes, text.length, 0644, error);
    text_free(&text);
    if (done)
        printf("%s: %s, %s; ops are fitted to %.1f %%\n", path, hardware->source,
               counted(hardware->processors, "processor").text, 100 * fit_error);
    return done;
}

bool command_calibrate(const struct command_line *line, struct error *error)
{
    char name[256];
    double fit_error = 0;
    struct calibration *calibration = heap_take(1, sizeof *calibration);
    struct hardware hardware = {.processors = processors_allowed(),
                                .source = processor_name(name, sizeof name),
                                .calibrated = calibration,
                                .memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE)};
    bool done = !line->input || strategy_fits(line, hardware.processors, error);
    progress("signals between processes");
    done = done && measure_signals(calibration, hardware.processors, error);
    progress("matrix products");
    done = done && measure_kernels(calibration, error) && measure_products(calibration, hardware.processors, error) &&
           take_probes(line, &hardware, calibration, &fit_error, error);
    progress(NULL);
    if (done) {
        derive_rates(calibration, &hardware);
        done = write_description(line->output, &hardware, fit_error, error);
    }
    free(calibration);
    return done;
}
