/* From a strategy to sources, shards and ranks: the passes of each command, in order. */
#include "commands/compilation.h"
#include "emit/json.h"
#include "emit/prediction.h"
#include "emit/sources.h"
#include "plan/make.h"
#include "read/hardware_file.h"
#include "tool/build.h"
#include "tool/shard/shard.h"
#include "verify/readback.h"
#include "verify/verify.h"

#include <stdio.h>

/* ---- predictions */

/* The strategy's own hardware, or this machine where the strategy says nothing and it is calibrated; NULL: neither. */
static const struct hardware *known_hardware(struct compilation *compilation)
{
    const struct hardware *hardware = compilation->strategy.hardware;
    struct error ignored;
    if (!hardware)
        hardware_read("this-machine", NULL, &compilation->pool, &hardware, &ignored);
    return hardware;
}

static struct prediction predict_usual(const struct compilation *compilation, const struct hardware *hardware)
{
    struct workload workload = usual_workload(&compilation->plan);
    struct prediction prediction;
    predict_workload(&compilation->plan, hardware, &workload, &prediction);
    return prediction;
}

/* The same as text; nothing where no hardware is known. */
static void tell_usual(const struct compilation *compilation, const struct hardware *hardware, struct text *out)
{
    if (!hardware)
        return;
    struct workload workload = usual_workload(&compilation->plan);
    struct prediction prediction = predict_usual(compilation, hardware);
    prediction_text(&compilation->plan, hardware, &workload, &prediction, out);
}

static bool requires_something(const struct strategy *strategy)
{
    return strategy->require.ttft_s > 0 || strategy->require.tokens_per_s > 0;
}

/* Holds the prediction against what the strategy requires. Without hardware nobody can tell, and a warning says so. */
static bool meets_requirements(struct compilation *compilation, struct error *error)
{
    const struct strategy *strategy = &compilation->strategy;
    if (!requires_something(strategy))
        return true;
    const struct hardware *hardware = known_hardware(compilation);
    if (!hardware) {
        fprintf(stderr,
                "%s:%d: warning: require is not checked: no hardware is known; name target.hardware, or run "
                "rankc calibrate\n",
                strategy->path, strategy->lines[KEY_require]);
        return true;
    }
    struct prediction prediction = predict_usual(compilation, hardware);
    return requirements_met(strategy, hardware, &prediction, error);
}

/* ---- commands */

bool command_check(const struct command_line *line, struct error *error)
{
    struct compilation compilation;
    bool done = compile(&compilation, line->input, line->model, error) && meets_requirements(&compilation, error);
    if (done)
        printf("%s: ok: %s of %s, plan %.12s\n", line->input, counted(compilation.plan.world, "rank").text,
               counted(compilation.plan.class_count, "class").text, compilation.plan.hash);
    compilation_free(&compilation);
    return done;
}

bool command_plan(const struct command_line *line, struct error *error)
{
    struct compilation compilation;
    struct text text = {0}, prediction = {0};
    bool done = compile(&compilation, line->input, line->model, error);
    if (done && line->json) {
        plan_json(&compilation.plan, &text);
    } else if (done) {
        tell_usual(&compilation, known_hardware(&compilation), &prediction);
        done = emit_report(&compilation.plan, prediction.bytes, &text, error);
    }
    if (done)
        fwrite(text.bytes, 1, text.length, stdout);
    text_free(&text);
    text_free(&prediction);
    compilation_free(&compilation);
    return done;
}

/* Sources are the same on every machine, so PLAN.txt never tells of what was calibrated on this one. */
bool command_gen(const struct command_line *line, struct error *error)
{
    struct compilation compilation;
    struct text prediction = {0};
    if (!needs("-o DIR", line->output, error))
        return false;
    bool done = compile(&compilation, line->input, line->model, error) && meets_requirements(&compilation, error);
    const struct hardware *hardware = compilation.strategy.hardware;
    if (done && hardware && !hardware->calibrated)
        tell_usual(&compilation, hardware, &prediction);
    done = done && emit_sources(&compilation.plan, prediction.bytes, line->output, error) &&
           verify_sources(&compilation.plan, line->output, error);
    text_free(&prediction);
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
