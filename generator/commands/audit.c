/* rankc audit: what a document claims, against the plan. Claims that are false are findings, not errors. */
#include "predict/audit/audit.h"
#include "commands/compilation.h"
#include "predict/prediction.h"

#include <stdio.h>

#define X(name, dimension, label, assumptions, text) "  " #name ": " text "\n"
const char audit_help[] = "  --json   the same for programs, in base units\n"
                          "claims = { NAME = \"FIGURE UNIT\", ... } of these quantities:\n" QUANTITIES(X)
#undef X
#define X(name, text) "  " #name ": " text "\n"
                              "claims = { assume = { NAME = { ALTERNATIVE, ... }, ... }, ... } of what the document "
                              "leaves open:\n" ASSUMPTIONS(X);
#undef X

bool audit_strategy(struct compilation *compilation, struct audit *audit, struct error *error)
{
    const struct hardware *hardware = compilation->strategy.hardware;
    struct workload workload = usual_workload(&compilation->plan);
    struct prediction prediction;
    if (hardware)
        predict_workload(&compilation->plan, hardware, &workload, &prediction);
    return audit_claims(&compilation->strategy, &compilation->plan, hardware ? &prediction : NULL, &compilation->pool,
                        audit, error);
}

bool command_audit(const struct command_line *line, struct error *error)
{
    struct compilation compilation;
    struct audit audit;
    struct text text = {0};
    bool done = compile(&compilation, line->input, line->model, error) && audit_strategy(&compilation, &audit, error);
    if (done) {
        (line->json ? audit_json : audit_text)(&compilation.strategy, &compilation.plan, &audit, &text);
        fwrite(text.bytes, 1, text.length, stdout);
    }
    text_free(&text);
    compilation_free(&compilation);
    return done;
}
