/* rankc sim: how long a strategy's steps take, and a timeline of them. */
#include "base/file.h"
#include "commands/compilation.h"
#include "emit/prediction.h"
#include "predict/timeline.h"

#include <stdio.h>

#define PREDICTING_HELP                                                                                                \
    "  --hardware NAME       a preset, this-machine, or a description's .lua file; default: the strategy's\n"          \
    "  --sequences N         of each lane; default: all that it has\n"                                                 \
    "  --prompt-tokens N     of each prompt; default: half the context\n"                                              \
    "  --new-tokens N        of each sequence; default: the rest of the context\n"                                     \
    "  --routing uniform|zipf:1.1|FILE   how often experts are chosen; a file that run --load wrote\n"                 \
    "  --model HF_DIR        takes the place of the strategy's\n"

const char sim_help[] = PREDICTING_HELP
    "  -o TRACE              the first steps of each phase as a timeline (Chrome trace; opens in Perfetto)\n"
    "  --like TRACE          the very steps and routes of a timeline that run --trace wrote; needs -o\n"
    "  --json                for programs\n";

const char report_help[] = PREDICTING_HELP "  -o HTML               the page\n"
                                           "  --json                of two timelines: their comparison for programs\n";

enum { STEPS_SHOWN = 2 /* of each phase, in a timeline */ };

static bool write_timeline(const struct command_line *line, const struct compilation *compilation,
                           const struct hardware *hardware, const struct workload *workload, struct error *error)
{
    struct trace measured = {0}, trace = {0};
    struct text text = {0};
    bool done = !line->like || trace_read(line->like, &compilation->plan, &measured, error);
    if (done && line->like)
        simulate_like(&compilation->plan, hardware, &measured, &trace);
    else if (done)
        simulate_workload(&compilation->plan, hardware, workload, STEPS_SHOWN, &trace);
    if (done) {
        trace_json(&compilation->plan, &trace, &text);
        done = file_write(line->output, text.bytes, text.length, 0644, error);
    }
    text_free(&text);
    trace_free(&trace);
    trace_free(&measured);
    return done;
}

/* A question is answered, whatever the answer is: what is required and not reached is only a warning here. */
static void warn_of_requirements(const struct strategy *strategy, const struct hardware *hardware,
                                 const struct prediction *prediction)
{
    struct error missed;
    fflush(stdout);
    if (!requirements_met(strategy, hardware, prediction, &missed))
        fprintf(stderr, "%s:%d: warning: %s\n", missed.file, missed.line, missed.text);
}

bool command_sim(const struct command_line *line, struct error *error)
{
    struct compilation compilation;
    const struct hardware *hardware;
    struct workload workload;
    struct text text = {0};
    bool done = compile(&compilation, line->input, line->model, error) &&
                choose_hardware(line, &compilation, &hardware, error) &&
                choose_workload(line, &compilation, &workload, error) &&
                (!line->like || needs("-o TRACE", line->output, error)) &&
                (!line->output || write_timeline(line, &compilation, hardware, &workload, error));
    if (done && !line->like) {
        struct prediction prediction;
        predict_workload(&compilation.plan, hardware, &workload, &prediction);
        (line->json ? prediction_json : prediction_text)(&compilation.plan, hardware, &workload, &prediction, &text);
        fwrite(text.bytes, 1, text.length, stdout);
        warn_of_requirements(&compilation.strategy, hardware, &prediction);
    }
    text_free(&text);
    compilation_free(&compilation);
    return done;
}
