#include "commands/search_output.h"
#include "base/file.h"
#include "commands/compilation.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The path from one folder to another, both absolute and without links: "../../models/name". Where they share nothing
 * but the root, the absolute path is the better one to read. */
static const char *path_between(const char *from, const char *to, struct pool *pool)
{
    size_t same = 0, slash = 0;
    for (; from[same] && from[same] == to[same]; same++)
        if (from[same] == '/')
            slash = same;
    if ((from[same] == '\0' || from[same] == '/') && (to[same] == '\0' || to[same] == '/'))
        slash = same;
    if (slash == 0)
        return to;
    const char *path = to[slash] ? to + slash + 1 : "";
    for (const char *rest = from + slash; *rest; rest++)
        if (*rest == '/')
            path = pool_format(pool, "../%s", path);
    return *path ? path : ".";
}

/* How a strategy in `folder` names the base's checkpoint; NULL for a model that is an inline table. */
static bool model_from(const char *folder, const struct model *model, struct pool *pool, const char **out,
                       struct error *error)
{
    char here[PATH_MAX], there[PATH_MAX];
    *out = NULL;
    if (!model->folder)
        return true;
    if (!realpath(folder, here))
        return fail_errno(error, folder, "cannot be found");
    if (!realpath(model->folder, there))
        return fail_errno(error, model->folder, "cannot be found");
    *out = pool_text(pool, path_between(here, there, pool));
    return strpbrk(*out, "\"\\\n") == NULL ||
           fail(error, model->folder, 0,
                "the path has a quote, a backslash or a line break, which a strategy cannot "
                "name; move the checkpoint");
}

static bool check_written(const char *path, struct error *error)
{
    struct compilation compilation;
    bool right = compile(&compilation, path, NULL, error);
    compilation_free(&compilation);
    return right;
}

static bool write_one(const struct search_request *request, const struct candidate *candidate, struct lua_words *words,
                      const char *folder, struct pool *pool, struct error *error)
{
    struct text text = {0};
    char path[PATH_MAX];
    words->about = pool_format(
        pool, "Found by rankc search. Predicted on %s: first tokens after %.4g s, %.4g tokens/s a rank in decode.",
        request->hardware->name, candidate->score.ttft_s, candidate->score.tokens_per_s / request->ranks);
    choice_lua(request, &candidate->choice, words, &text);
    bool wrote = path_join(path, sizeof path, folder, pool_format(pool, "%s.lua", words->name), error) &&
                 file_write(path, text.bytes, text.length, 0644, error) && check_written(path, error);
    text_free(&text);
    return wrote;
}

bool write_strategies(const struct search_request *request, const struct search_result *result,
                      const struct goals *goals, const char *hardware, const char *folder, int *written,
                      struct error *error)
{
    struct pool pool = {0};
    struct lua_words words = {.hardware = hardware};
    *written = 0;
    bool right = folder_make(folder, error) && model_from(folder, &request->base->model, &pool, &words.model, error);
    for (int i = 0; right && i < result->best_count; i++) {
        const struct candidate *candidate = &result->candidates[result->best[i]];
        if (!meets(goals, &candidate->score, request->ranks))
            continue;
        words.name = choice_name(request, result, i, &pool);
        right = write_one(request, candidate, &words, folder, &pool, error);
        *written += right;
    }
    pool_free(&pool);
    return right;
}
