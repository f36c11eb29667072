/* The list of proofs, run one after another. */
#include "verify/verify.h"
#include "verify/proofs.h"

static bool (*const proofs[])(const struct plan *, struct error *) = {
#define X(name, text) prove_##name,
    PROOFS(X)
#undef X
};

bool verify_plan(const struct plan *plan, struct error *error)
{
    for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++)
        if (!proofs[i](plan, error))
            return false;
    return true;
}
