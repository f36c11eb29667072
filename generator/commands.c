/* What each command does: the passes, in order. */
#include "commands.h"
#include "base/progress.h"
#include "emit/json.h"
#include "emit/sources.h"
#include "plan/make.h"
#include "read/strategy.h"
#include "tool/build.h"
#include "tool/cache.h"
#include "tool/job/run.h"
#include "tool/shard/shard.h"
#include "verify/readback.h"
#include "verify/verify.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A strategy and its proven plan. */
struct compilation {
    struct pool pool;
    struct strategy strategy;
    struct plan plan;
};

static bool compile(struct compilation *compilation, const struct command_line *line, struct error *error)
{
    *compilation = (struct compilation){0};
    return strategy_read(line->input, line->model, &compilation->pool, &compilation->strategy, error) &&
           plan_make(&compilation->strategy, &compilation->plan, error) && verify_plan(&compilation->plan, error);
}

static void compilation_free(struct compilation *compilation)
{
    plan_free(&compilation->plan);
    pool_free(&compilation->pool);
}

static void print_warnings(const struct strategy *strategy)
{
    if (strategy->has_require)
        fprintf(stderr, "%s:%d: warning: require is not checked: times are not predicted yet\n", strategy->path,
                strategy->lines[KEY_require]);
}

static bool needs(const char *option, const char *value, struct error *error)
{
    if (value)
        return true;
    fail(error, NULL, 0, "%s is missing; see rankc --help", option);
    error->status = EXIT_USAGE;
    return false;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool command_check(const struct command_line *line, struct error *error)
{
    struct compilation compilation;
    bool done = compile(&compilation, line, error);
    if (done) {
        print_warnings(&compilation.strategy);
        printf("%s: ok: %s of %s, plan %.12s\n", line->input, counted(compilation.plan.world, "rank").text,
               counted(compilation.plan.class_count, "class").text, compilation.plan.hash);
    }
    compilation_free(&compilation);
    return done;
}

bool command_plan(const struct command_line *line, struct error *error)
{
    struct compilation compilation;
    struct text text = {0};
    bool done = compile(&compilation, line, error);
    if (done && line->json)
        plan_json(&compilation.plan, &text);
    else
        done = done && emit_report(&compilation.plan, &text, error);
    if (done)
        fwrite(text.bytes, 1, text.length, stdout);
    text_free(&text);
    compilation_free(&compilation);
    return done;
}

bool command_gen(const struct command_line *line, struct error *error)
{
    struct compilation compilation;
    bool done = needs("-o DIR", line->output, error) && compile(&compilation, line, error) &&
                emit_sources(&compilation.plan, line->output, error) &&
                verify_sources(&compilation.plan, line->output, error);
    if (done)
        print_warnings(&compilation.strategy);
    if (line->output)
        compilation_free(&compilation);
    return done;
}

/* The plan that the sources state, proven; and no line of them that it does not account for. */
static bool prove_sources(const char *folder, struct plan *plan, struct error *error)
{
    return read_back(folder, plan, error) && verify_plan(plan, error) && emitted_code_agrees(plan, folder, error);
}

bool command_verify(const struct command_line *line, struct error *error)
{
    struct plan plan;
    bool done = prove_sources(line->input, &plan, error);
    if (done)
        printf("%s: proven: %s, %s of %s, plan %.12s\n", line->input, plan.name, counted(plan.world, "rank").text,
               counted(plan.class_count, "class").text, plan.hash);
    plan_free(&plan);
    return done;
}

bool command_shard(const struct command_line *line, struct error *error)
{
    struct compilation compilation = {0};
    if (!needs("-o DIR", line->output, error) || !needs("--model HF_DIR", line->model, error))
        return false;
    int wrote = 0;
    bool done = is_folder(line->input) ? prove_sources(line->input, &compilation.plan, error)
                                       : compile(&compilation, line, error);
    done = done && shard_checkpoint(&compilation.plan, line->model, line->output, &wrote, error);
    if (done)
        printf("%s: %s written\n", line->output, counted(wrote, "shard file").text);
    compilation_free(&compilation);
    return done;
}

bool command_build(const struct command_line *line, struct error *error)
{
    struct plan plan = {0};
    bool done = needs("-o BUILD", line->output, error) && prove_sources(line->input, &plan, error) &&
                build_ranks(line->input, line->output, error);
    if (done)
        printf("%s: %s of %s built\n", line->output, counted(plan.world, "rank").text,
               counted(plan.class_count, "class").text);
    plan_free(&plan);
    return done;
}

/* From a strategy: everything that is stale is made again, in a folder of its own. */
static bool prepare_strategy(struct compilation *compilation, const struct command_line *line, struct cache *cache,
                             struct error *error)
{
    progress("planning and proving");
    if (!compile(compilation, line, error))
        return false;
    const char *model = compilation->strategy.model.folder;
    if (!model)
        return fail(error, line->input, compilation->strategy.lines[KEY_model],
                    "the model is an inline table, which has no weights; give a checkpoint with --model");
    print_warnings(&compilation->strategy);
    if (!cache_open(cache, compilation->plan.name, line->input, error))
        return false;
    progress("generating");
    if (!emit_sources(&compilation->plan, cache->sources, error))
        return false;
    progress("compiling");
    if (!build_ranks(cache->sources, cache->binaries, error))
        return false;
    progress("sharding");
    return shard_checkpoint(&compilation->plan, model, cache->shards, NULL, error);
}

/* From a build: only shards may be stale. */
static bool prepare_build(struct compilation *compilation, const struct command_line *line, struct cache *cache,
                          struct error *error)
{
    return needs("--model HF_DIR", line->model, error) && cache_of_build(cache, line->input, error) &&
           read_back(cache->sources, &compilation->plan, error) && verify_plan(&compilation->plan, error) &&
           shard_checkpoint(&compilation->plan, line->model, cache->shards, NULL, error);
}

bool command_run(const struct command_line *line, struct error *error)
{
    struct compilation compilation = {0};
    struct cache cache = {.lock = -1};
    bool from_build = is_folder(line->input);
    if (!needs("--prompt or --prompt-ids", line->prompt_count > 0 ? "" : NULL, error))
        return false;
    bool done = from_build ? prepare_build(&compilation, line, &cache, error)
                           : prepare_strategy(&compilation, line, &cache, error);
    progress(NULL);
    const struct run_options options = {
        .binaries = cache.binaries,
        .shards = cache.shards,
        .model_folder = line->model ? line->model : compilation.strategy.model.folder,
        .kernels = line->kernels,
        .prompts = (const char **)line->prompts,
        .prompt_ids = (const char **)line->prompt_ids,
        .prompt_count = line->prompt_count,
        .most_new = line->most_new,
        .sampling = line->sampling,
        .logits_file = line->logits,
        .load_file = line->load,
        .memory_file = line->memory,
        .json = line->json,
        .summary = line->summary,
    };
    done = done && run_prompts(&compilation.plan, &options, error);
    cache_close(&cache);
    compilation_free(&compilation);
    return done;
}
