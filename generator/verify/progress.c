/* Progress: a run without buffering finishes, however many communicators are at work at once.
 *
 * Each phase is run by itself from a clean state: no rank waits for what only a later step would bring, as the head
 * does not start one before it has this one's tokens. Every message of a phase is freed within it (the first check), so
 * it ends in the clean state it began in; what is shown for one step holds for any number of steps in any order.
 *
 * A step may use fewer micro-batches and skip the ops of the others. It finishes as well: messages of one micro-batch
 * wait for no other's, so the ops of those in use only have less to wait for.
 *
 * On GPUs there is nothing to hand back: a message has arrived when the call that sends it ends. There the messages of
 * all micro-batches share communicators, but a shorter step still finishes: a run finishes just when the meetings of
 * all ranks can be put in one order that agrees with every rank's own, and leaving some out, all ranks the same ones,
 * leaves such an order. */
#include "verify/deadlock.h"
#include "verify/proofs.h"
#include "verify/walk.h"

struct balance {
    int messages, receipts;
};

/* Every slot that a class fills in a phase is handed back in that phase, as often as it is filled. */
static bool slots_are_handed_back(const struct plan *plan, int class_index, enum phase phase, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    int micro_batches = class->shape.micro_batches;
    struct balance balances[MAILBOX_KINDS][MAX_MICRO_BATCHES] = {0};
    struct script script = script_make(class, phase);
    for (int i = 0; i < script.count; i++) {
        if (script.moves[i].waits)
            continue;
        int channel = script.moves[i].channel, micro = channel % micro_batches, pair = channel / micro_batches;
        struct balance *balance = &balances[pair / 2][micro];
        *(pair % 2 == MESSAGE ? &balance->messages : &balance->receipts) += 1;
    }
    script_free(&script);
    for (int kind = 0; kind < MAILBOX_KINDS; kind++)
        for (int micro = 0; micro < micro_batches && kind != MAILBOX_STAGE; micro++)
            if (balances[kind][micro].messages != balances[kind][micro].receipts)
                return refuse(error, plan, KEY_grid, "%s fills mailbox %s %d times in %s, but hands it back %d times",
                              class_words(plan, class_index).text, micro_words(mailbox_names[kind], micro).text,
                              balances[kind][micro].messages, phase_names[phase], balances[kind][micro].receipts);
    return true;
}

bool prove_progress(const struct plan *plan, struct error *error)
{
    for (int phase = 0; phase < PHASES; phase++) {
        for (int i = 0; i < plan->class_count; i++)
            if (plan->classes[i].device == DEVICE_CPU && !slots_are_handed_back(plan, i, phase, error))
                return false;
        struct walk walk = walk_make(plan, phase);
        bool finished = walk_finished(&walk) || explain_deadlock(&walk, error);
        walk_free(&walk);
        if (!finished)
            return false;
    }
    return true;
}
