/* The audit: each figure that a document claims, computed again from the plan, and a verdict.
 *
 * A stated figure stands for everything that rounds to it. What is computed is an interval too: one exact number where
 * the plan decides it, from least to most where it only bounds it. The claim holds where the computed interval lies
 * within the stated one, is false where they do not meet, and is unsupported otherwise: nothing in the plan, and
 * nothing published, shows it. Where alternatives are assumed, every combination that matters is judged. */
#pragma once

#include "claims.h"
#include "plan.h"

enum verdict { VERDICT_HOLDS, VERDICT_FALSE, VERDICT_UNSUPPORTED, VERDICT_DEPENDS, VERDICTS };
extern const char *const verdict_names[VERDICTS]; /* "holds" "false" "unsupported" "depends" */

/* One combination of alternatives, by index; assumptions that the quantity does not depend on are at their own. */
struct audit_case {
    int chosen[ASSUMPTIONS_ALL];
    double low, high; /* computed, in base units; -INFINITY, INFINITY: not bounded */
    enum verdict verdict;
};

struct audit_line {
    const struct claim *claim;
    enum verdict verdict;
    struct audit_case *cases; /* the first is the strategy's own, with the first accelerator */
    int case_count;
    unsigned varies;         /* bits of assumptions that have alternatives here */
    unsigned matters;        /* bits of assumptions on which the verdict depends */
    const char *because;     /* the formula with the numbers put in, in the first case */
    const char *meets;       /* which configuration would meet the claim, or why none can; NULL: it is met */
    const char *own_figures; /* whether the document's other figures give this one; NULL: they do not bear on it */
};

struct audit {
    const struct claims *claims;
    struct audit_line *lines; /* [claims->count] */
    int verdicts[VERDICTS];   /* how many claims of each */
};

struct prediction; /* predict/prediction.h */

/* Judges every claim of the strategy. `plan` is the strategy's; `prediction` is of it, or NULL where no hardware is
 * known. Texts are in the pool. Fails where an assumed alternative cannot be planned. */
bool audit_claims(const struct strategy *strategy, const struct plan *plan, const struct prediction *prediction,
                  struct pool *pool, struct audit *out, struct error *error);

/* For people, at most 100 columns wide; and for programs. */
void audit_text(const struct strategy *strategy, const struct plan *plan, const struct audit *audit, struct text *out);
void audit_json(const struct strategy *strategy, const struct plan *plan, const struct audit *audit, struct text *out);

/* The words of audit_text, in the pool: what is stated, and what counts as holding; what was computed, in the claim's
 * unit; the alternatives of an assumption, and what it is. */
const char *audit_stated(const struct claim *claim, struct pool *pool);
const char *audit_computed(const struct audit *audit, const struct audit_line *line, struct pool *pool);
const char *audit_assumed(const struct audit *audit, enum assumption assumption, struct pool *pool);

/* On what a verdict depends, as a list that covers every case once and is short: "false" at "accelerator a100-sxm and
 * top_k 4", "unsupported" at "accelerator a100-sxm and top_k 2 and hidden_size 1024 or 2048". */
typedef void dependence_item(void *context, enum verdict verdict, const char *setting);
void audit_dependence(const struct audit *audit, const struct audit_line *line, dependence_item *item, void *context);
