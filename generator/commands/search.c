/* rankc search: what is asked for, as a request; the search; its result, or what the nearest misses lack. */
#include "predict/search/search.h"
#include "commands/compilation.h"
#include "commands/search_output.h"
#include "read/config.h"
#include "read/hardware_file.h"
#include "read/strategy.h"
#include "read/units.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char search_help[] =
    "  MODEL                 a checkpoint's folder (its config.json), or a strategy whose model, batch and dtype are "
    "taken\n"
    "  --model HF_DIR        the same; beside a strategy it takes the place of its model\n"
    "  --ranks N             default: the strategy's\n"
    "  --memory \"64 GiB\"     of one rank; default: the strategy's\n"
    "  --hardware NAME       a preset, this-machine, or a description's .lua file; default: the strategy's\n"
    "  --require ttft=10s, --require throughput=100tokens/ms/gpu   of new tokens in decode; repeat for both\n"
    "  --sequences N         in the whole world; default: the strategy's, or 8 and at least one a rank\n"
    "  --routing uniform|zipf:1.1|FILE   how often experts are chosen\n"
    "  -o DIR                writes each strategy found as a .lua file\n"
    "  --json                the result for programs\n";

/* ---- the model */

/* "…/config.json" names its folder. */
static const char *folder_of(const char *path, struct pool *pool)
{
    static const char file[] = "config.json";
    size_t length = strlen(path), tail = sizeof file - 1;
    if (length < tail || strcmp(path + length - tail, file) != 0)
        return path;
    return length == tail ? "." : pool_format(pool, "%.*s", (int)(length - tail - 1), path);
}

/* The folder's own name, in the letters that a strategy's name may have. */
static const char *name_of(const char *folder, struct pool *pool)
{
    char whole[4096];
    const char *path = realpath(folder, whole) ? whole : folder, *slash = strrchr(path, '/');
    char *name = pool_text(pool, slash && slash[1] ? slash + 1 : "model");
    for (char *letter = name; *letter; letter++)
        *letter = isalnum((unsigned char)*letter) ? (char)tolower((unsigned char)*letter) : '-';
    return name;
}

/* A strategy that says nothing but its model: the defaults of the language for the rest. */
static bool read_folder(const char *path, struct pool *pool, struct strategy *out, struct error *error)
{
    enum { USUAL_CONTEXT = 512 };
    const char *folder = folder_of(path, pool);
    *out = (struct strategy){.path = pool_text(pool, path),
                             .name = name_of(folder, pool),
                             .target = {.device = "cpu", .transport = "shm", .threads = 1},
                             .dtype = {.weights = DTYPE_BF16}};
    if (!config_read(folder, pool, &out->model, error))
        return false;
    out->batch.context = out->model.max_positions < USUAL_CONTEXT ? out->model.max_positions : USUAL_CONTEXT;
    return true;
}

static bool ends_with(const char *text, const char *tail)
{
    size_t length = strlen(text);
    return length >= strlen(tail) && strcmp(text + length - strlen(tail), tail) == 0;
}

static bool read_base(const struct command_line *line, struct pool *pool, struct strategy *out, struct error *error)
{
    if (line->input && ends_with(line->input, ".lua"))
        return strategy_read(line->input, line->model, pool, out, error);
    const char *folder = line->input ? line->input : line->model;
    if (line->input && line->model) {
        fail(error, NULL, 0, "two models are given; write one, or a strategy and --model");
        error->status = EXIT_USAGE;
        return false;
    }
    return needs("MODEL", folder, error) && read_folder(folder, pool, out, error);
}

/* ---- the request */

static bool read_memory(const struct command_line *line, const struct strategy *base, uint64_t *out,
                        struct error *error)
{
    double bytes = 0;
    *out = base->target.memory_bytes;
    if (!line->memory)
        return needs("--memory M", *out > 0 ? "" : NULL, error);
    if (!quantity_read(line->memory, memory_units, &bytes) || bytes < 1 || bytes > 0x1p50)
        return fail(error, NULL, 0,
                    "--memory \"%.40s\" is no amount of memory; write a number and a unit, such as "
                    "\"64 GiB\"",
                    line->memory);
    *out = (uint64_t)bytes;
    return true;
}

static bool read_goal(const char *text, struct goals *goals, struct error *error)
{
    static const char ttft[] = "ttft=", throughput[] = "throughput=";
    bool right = false;
    if (strncmp(text, ttft, sizeof ttft - 1) == 0)
        right = quantity_read(text + sizeof ttft - 1, time_units, &goals->ttft_s) && goals->ttft_s > 0;
    if (strncmp(text, throughput, sizeof throughput - 1) == 0) {
        right =
            quantity_read(text + sizeof throughput - 1, rate_units, &goals->tokens_per_s) && goals->tokens_per_s > 0;
        goals->per_rank = strstr(text, "/gpu") != NULL;
    }
    return right ||
           fail(error, NULL, 0, "--require \"%.60s\" is no goal; write ttft=10s or throughput=100tokens/ms/gpu", text);
}

/* The strategy's own goals, unless the command line has some. */
static bool read_goals_of(const struct command_line *line, const struct strategy *base, struct goals *goals,
                          struct error *error)
{
    *goals = (struct goals){base->require.ttft_s, base->require.tokens_per_s, base->require.per_rank};
    if (line->require_count > 0)
        *goals = (struct goals){0};
    for (int i = 0; i < line->require_count; i++)
        if (!read_goal(line->require[i], goals, error))
            return false;
    return true;
}

/* A device of a rank's own must have the memory, data sheets being what they are (GB that may mean GiB). */
static bool find_hardware(const struct command_line *line, struct search_request *request, struct pool *pool,
                          struct error *error)
{
    static const double memory_tolerance = 1.1;
    const struct strategy *base = request->base;
    request->hardware = base->hardware;
    if (line->hardware && !hardware_read(line->hardware, NULL, pool, &request->hardware, error))
        return false;
    const struct hardware *hardware = request->hardware;
    if (!hardware)
        return fail(error, base->path, base->lines[KEY_target],
                    "nothing is known about the hardware; name it with --hardware, such as h100-sxm, or run rankc "
                    "calibrate and write --hardware this-machine");
    double have = (double)hardware->memory_bytes, need = (double)request->memory_bytes;
    if (hardware->processors == 0 && have > 0 && need > have * memory_tolerance)
        return fail(error, NULL, 0, "--memory asks for %.1f GB a rank, but %s has %.1f GB; ask for less", need / 1e9,
                    hardware->name, have / 1e9);
    return hardware_suits(hardware, base, request->ranks, error);
}

/* Work of the whole world: the strategy's, or, as in the language's defaults, 32 prefill rows for every sequence. */
static bool choose_work(const struct command_line *line, struct search_request *request, struct error *error)
{
    enum { USUAL_SEQUENCES = 8, ROWS_OF_SEQUENCE = 32 };
    const struct strategy *base = request->base;
    int64_t lanes = (int64_t)base->grid[AXIS_DP] * base->grid[AXIS_EP], ranks = request->ranks;
    int64_t sequences = lanes * base->batch.sequences, rows = lanes * base->batch.prefill_rows;
    if (lanes == 0)
        sequences = (USUAL_SEQUENCES + ranks - 1) / ranks * ranks;
    if (line->sequences > 0)
        sequences = line->sequences;
    if (lanes == 0)
        rows = sequences * ROWS_OF_SEQUENCE;
    if (sequences > INT_MAX || rows > INT_MAX)
        return fail(error, base->path, base->lines[KEY_batch],
                    "a batch of %lld sequences and %lld prefill rows in the whole world is out of reach; choose "
                    "smaller numbers",
                    (long long)sequences, (long long)rows);
    request->sequences = (int)sequences;
    request->prefill_rows = (int)rows;
    return true;
}

static bool make_request(const struct command_line *line, const struct strategy *base, struct pool *pool,
                         struct search_request *request, struct error *error)
{
    *request = (struct search_request){.base = base, .routing = line->routing, .margin = usual_margin};
    request->ranks = line->ranks > 0 ? line->ranks : base->world;
    request->compare_base = base->world > 0 && base->world == request->ranks;
    request->most_simulated = usual_simulations(request->ranks > 0 ? request->ranks : 1);
    if (!needs("--ranks N", request->ranks > 0 ? "" : NULL, error) ||
        !read_memory(line, base, &request->memory_bytes, error) || !find_hardware(line, request, pool, error))
        return false;
    return choose_work(line, request, error);
}

/* ---- the result */

static bool something_fits(const struct search_request *request, const struct search_result *result,
                           struct error *error)
{
    if (result->fitting > 0)
        return true;
    struct text text = {0};
    nearest_misses(request, result, &text);
    fail(error, request->base->path, 0, "%s", text.bytes);
    text_free(&text);
    return false;
}

static bool something_meets(const struct search_request *request, const struct search_result *result,
                            const struct goals *goals, struct error *error)
{
    double ttft_s = 0, tokens = 0;
    for (int i = 0; i < result->best_count; i++) {
        const struct score *score = &result->candidates[result->best[i]].score;
        if (meets(goals, score, request->ranks))
            return true;
        ttft_s = i == 0 || score->ttft_s < ttft_s ? score->ttft_s : ttft_s;
        tokens = score->tokens_per_s > tokens ? score->tokens_per_s : tokens;
    }
    return fail(error, request->base->path, 0,
                "no split of %d ranks meets what is required; the best ttft is %.4g s, the best throughput %.4g "
                "tokens/s a rank in decode",
                request->ranks, ttft_s, tokens / request->ranks);
}

/* Presets and this machine have names that any strategy can use; other descriptions belong to where they are. */
static const char *name_for_strategies(const struct command_line *line, const struct strategy *base)
{
    if (line->hardware)
        return ends_with(line->hardware, ".lua") ? NULL : line->hardware;
    return base->hardware->inline_table ? NULL : base->hardware->name;
}

static bool report(const struct command_line *line, const struct search_request *request,
                   const struct search_result *result, const struct goals *goals, struct error *error)
{
    struct text text = {0};
    int written = 0;
    bool right = something_fits(request, result, error);
    if (right && line->json)
        search_json(request, result, goals, &text);
    else if (right)
        search_text(request, result, goals, &text);
    right = right && something_meets(request, result, goals, error);
    if (right && line->output)
        right = write_strategies(request, result, goals, name_for_strategies(line, request->base), line->output,
                                 &written, error);
    if (right && line->output && !line->json)
        text_format(&text, "\n%s: %s written\n", line->output, counted(written, "file").text);
    if (right)
        fwrite(text.bytes, 1, text.length, stdout);
    text_free(&text);
    return right;
}

bool command_search(const struct command_line *line, struct error *error)
{
    struct pool pool = {0};
    struct strategy base;
    struct search_request request;
    struct search_result result = {0};
    struct goals goals;
    bool done = read_base(line, &pool, &base, error) && make_request(line, &base, &pool, &request, error) &&
                read_goals_of(line, &base, &goals, error) && search(&request, &result, error) &&
                report(line, &request, &result, &goals, error);
    search_free(&result);
    pool_free(&pool);
    return done;
}
