/* Lifetimes: every value is written before it is read, by the same phase and for the same micro-batch and layer.
 *
 * Two kinds of memory are exempt. The KV cache carries from step to step; which of its blocks hold a sequence comes
 * with the step. Scratch never carries: no op may read it but the one that wrote it. */
#include "verify/proofs.h"

enum { NEVER = -2 };

/* What carries from layer to layer; all else is stale in the next. */
static const unsigned carried = B(ROTARY) | B(RESIDUAL) | B(LOGITS) | B(TOKENS);

static bool reads_are_fresh(const struct plan *plan, int class_index, enum phase phase, int op_index,
                            const int *written, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    const struct op *op = &class->schedules[phase].ops[op_index];
    for (int kind = 0; kind < BUFFER_KINDS; kind++) {
        if ((effects_of(class, op->kind)->reads & 1u << kind) == 0 || kind == BUFFER_KV)
            continue;
        if (kind == BUFFER_SCRATCH || written[kind] == NEVER)
            return refuse(error, plan, KEY_batch, "%s reads %s, which nothing has written",
                          class_op_words(plan, class_index, phase, op_index).text, buffer_names[kind]);
        if ((carried & 1u << kind) == 0 && written[kind] != op->layer)
            return refuse(error, plan, KEY_batch, "%s reads %s, which holds what an earlier layer left",
                          class_op_words(plan, class_index, phase, op_index).text, buffer_names[kind]);
    }
    return true;
}

bool prove_lifetimes(const struct plan *plan, struct error *error)
{
    for (int i = 0; i < plan->class_count; i++) {
        for (int phase = 0; phase < PHASES; phase++) {
            const struct schedule *schedule = &plan->classes[i].schedules[phase];
            int written[MAX_MICRO_BATCHES][BUFFER_KINDS]; /* the layer of the newest value */
            for (int micro = 0; micro < MAX_MICRO_BATCHES; micro++)
                for (int kind = 0; kind < BUFFER_KINDS; kind++)
                    written[micro][kind] = NEVER;
            for (int op_index = 0; op_index < schedule->count; op_index++) {
                const struct op *op = &schedule->ops[op_index];
                if (!reads_are_fresh(plan, i, phase, op_index, written[op->micro], error))
                    return false;
                for (int kind = 0; kind < BUFFER_KINDS; kind++)
                    if (effects_of(&plan->classes[i], op->kind)->writes & 1u << kind)
                        written[op->micro][kind] = op->layer;
            }
        }
    }
    return true;
}
