#include "serve/request.h"

bool plan_admits(const struct plan *plan, const struct request *request, struct error *error)
{
    const struct shapes *shape = &plan->classes[plan->class_count - 1].shape;
    if (request->prompt_count < 1)
        return fail(error, NULL, 0, "a prompt has no tokens; give at least one");
    for (int i = 0; i < request->prompt_count; i++)
        if (request->prompt[i] < 0 || request->prompt[i] >= shape->vocabulary)
            return fail(error, NULL, 0, "token id %d is not in the vocabulary; ids go from 0 to %d", request->prompt[i],
                        shape->vocabulary - 1);
    if (request->prompt_count > shape->context)
        return fail(error, NULL, 0, "a prompt of %d tokens does not fit the context of %d; raise batch.context",
                    request->prompt_count, shape->context);
    return true;
}
