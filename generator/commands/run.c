/* rankc run: everything that is stale is made again, then the ranks serve the prompts. */
#include "tool/job/run.h"
#include "base/progress.h"
#include "commands/compilation.h"
#include "emit/sources.h"
#include "tool/build.h"
#include "tool/cache.h"
#include "tool/shard/shard.h"
#include "verify/readback.h"
#include "verify/verify.h"

bool prepare_ranks(const struct plan *plan, const char *model_folder, const struct cache *cache, struct error *error)
{
    progress("generating");
    if (!emit_sources(plan, NULL, cache->sources, error))
        return false;
    progress("compiling");
    if (!build_ranks(cache->sources, cache->binaries, error))
        return false;
    progress("sharding");
    return shard_checkpoint(plan, model_folder, cache->shards, NULL, error);
}

/* From a strategy: everything that is stale is made again, in a folder of its own. */
static bool prepare_strategy(struct compilation *compilation, const struct command_line *line, struct cache *cache,
                             struct error *error)
{
    progress("planning and proving");
    if (!compile(compilation, line->input, line->model, error))
        return false;
    const char *model = compilation->strategy.model.folder;
    if (!model)
        return fail(error, line->input, compilation->strategy.lines[KEY_model],
                    "the model is an inline table, which has no weights; give a checkpoint with --model");
    if (!cache_open(cache, compilation->plan.name, line->input, error))
        return false;
    return prepare_ranks(&compilation->plan, model, cache, error);
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
        .trace_file = line->trace,
        .json = line->json,
        .summary = line->summary,
    };
    done = done && run_prompts(&compilation.plan, &options, error);
    cache_close(&cache);
    compilation_free(&compilation);
    return done;
}
