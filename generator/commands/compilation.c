#include "commands/compilation.h"
#include "emit/sources.h"
#include "plan/make.h"
#include "read/strategy.h"
#include "verify/readback.h"
#include "verify/verify.h"

#include <sys/stat.h>

bool compile(struct compilation *compilation, const char *path, const char *model, struct error *error)
{
    *compilation = (struct compilation){0};
    return strategy_read(path, model, &compilation->pool, &compilation->strategy, error) &&
           plan_make(&compilation->strategy, &compilation->plan, error) && verify_plan(&compilation->plan, error);
}

bool prove_sources(const char *folder, struct plan *plan, struct error *error)
{
    return read_back(folder, plan, error) && verify_plan(plan, error) && emitted_code_agrees(plan, folder, error);
}

void compilation_free(struct compilation *compilation)
{
    plan_free(&compilation->plan);
    pool_free(&compilation->pool);
}

bool needs(const char *option, const char *value, struct error *error)
{
    if (value)
        return true;
    fail(error, NULL, 0, "%s is missing; see rankc --help", option);
    error->status = EXIT_USAGE;
    return false;
}

bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}
