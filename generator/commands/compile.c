/* From a strategy to sources, shards and ranks: the passes of each command, in order. */
#include "commands/compilation.h"
#include "emit/json.h"
#include "emit/sources.h"
#include "plan/make.h"
#include "tool/build.h"
#include "tool/shard/shard.h"
#include "verify/readback.h"
#include "verify/verify.h"

#include <stdio.h>

bool command_check(const struct command_line *line, struct error *error)
{
    struct compilation compilation;
    bool done = compile(&compilation, line->input, line->model, error);
    if (done)
        printf("%s: ok: %s of %s, plan %.12s\n", line->input, counted(compilation.plan.world, "rank").text,
               counted(compilation.plan.class_count, "class").text, compilation.plan.hash);
    compilation_free(&compilation);
    return done;
}

bool command_plan(const struct command_line *line, struct error *error)
{
    struct compilation compilation;
    struct text text = {0};
    bool done = compile(&compilation, line->input, line->model, error);
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
    bool done = needs("-o DIR", line->output, error) && compile(&compilation, line->input, line->model, error) &&
                emit_sources(&compilation.plan, line->output, error) &&
                verify_sources(&compilation.plan, line->output, error);
    if (line->output)
        compilation_free(&compilation);
    return done;
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
                                       : compile(&compilation, line->input, line->model, error);
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
