/* rankc diff: two strategies, or folders generated from them, compared. */
#include "emit/diff/diff.h"
#include "commands/compilation.h"
#include "plan/make.h"

#include <stdio.h>

static bool open_side(struct compilation *compilation, const char *path, struct error *error)
{
    if (!is_folder(path))
        return compile(compilation, path, NULL, error);
    if (!prove_sources(path, &compilation->plan, error))
        return false;
    plan_ledgers(&compilation->plan);
    return true;
}

static bool one_form(const struct command_line *line, struct error *error)
{
    if (!line->json || !line->markdown)
        return true;
    fail(error, NULL, 0, "--json and --markdown are two forms of one report; choose one");
    error->status = EXIT_USAGE;
    return false;
}

static struct diff_side side_of(const char *path, const struct compilation *compilation)
{
    return (struct diff_side){path, &compilation->plan, is_folder(path) ? NULL : &compilation->strategy};
}

bool command_diff(const struct command_line *line, struct error *error)
{
    struct compilation old = {0}, new = {0};
    struct text text = {0};
    bool done = one_form(line, error) && open_side(&old, line->input, error) && open_side(&new, line->second, error);
    if (done) {
        struct diff_side before = side_of(line->input, &old), after = side_of(line->second, &new);
        struct diff diff;
        diff_make(&before, &after, &diff);
        (line->json ? diff_json : line->markdown ? diff_markdown : diff_text)(&diff, &text);
        diff_free(&diff);
        fwrite(text.bytes, 1, text.length, stdout);
    }
    text_free(&text);
    compilation_free(&old);
    compilation_free(&new);
    return done;
}
