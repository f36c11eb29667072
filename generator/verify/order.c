/* Order: each micro-batch passes through each layer once, in order, and enters and leaves the stage as its role asks.
 *
 * Micro-batches may be interleaved in any way; the ops of one may not. On GPUs that also keeps the host's wait sound:
 * a dispatch of exactly as many rows as there are waits for the counts, which by this order were enqueued before. */
#include "verify/proofs.h"

/* Which classes and phases a step of life applies to. COUNTED: rows are counted for the host, which then sends exactly
 * as many; a captured graph cannot ask the host. */
enum {
    FIRST = 1,
    LATER = 2,
    LAST = 4,
    EARLIER = 8,
    TP_ONE = 16,
    TP_MANY = 32,
    EP_ONE = 64,
    EP_MANY = 128,
    ON_CPU = 256,
    ON_CUDA = 512,
    COUNTED = 1024
};

enum part { ENTRY, LAYER, EXIT };

/* The life of a micro-batch in one stage; the steps of a layer repeat. Rotary angles are of no layer and needed only
 * before the first attention, so they may come anywhere: lifetimes sees to that. */
static const struct life_step {
    enum part part;
    enum op_kind kind;
    unsigned where;
} life[] = {
    {ENTRY, OP_EMBED, FIRST | TP_ONE},
    {ENTRY, OP_EMBED_SLICE, FIRST | TP_MANY},
    {ENTRY, OP_REDUCE_EMBEDDING, FIRST | TP_MANY | ON_CPU},
    {ENTRY, OP_SUM_EMBEDDING, FIRST | TP_MANY | ON_CUDA},
    {ENTRY, OP_ADD_EMBEDDING, FIRST | TP_MANY | ON_CUDA},
    {ENTRY, OP_RECEIVE_STAGE, LATER},
    {LAYER, OP_ATTENTION, 0},
    {LAYER, OP_REDUCE_ATTENTION, TP_MANY | ON_CPU},
    {LAYER, OP_ADD_ATTENTION, TP_ONE | ON_CPU},
    {LAYER, OP_ROUTE, ON_CPU},
    {LAYER, OP_SUM_ATTENTION, TP_MANY | ON_CUDA},
    {LAYER, OP_ADD_AND_ROUTE, ON_CUDA},
    {LAYER, OP_DISPATCH_COUNTS, EP_MANY | ON_CUDA | COUNTED},
    {LAYER, OP_DISPATCH_START, EP_MANY},
    {LAYER, OP_DISPATCH_FINISH, EP_MANY},
    {LAYER, OP_GATHER, EP_ONE},
    {LAYER, OP_EXPERTS, 0},
    {LAYER, OP_COMBINE_START, EP_MANY},
    {LAYER, OP_COMBINE_FINISH, EP_MANY},
    {LAYER, OP_SCATTER, EP_ONE},
    {LAYER, OP_REDUCE_EXPERTS, TP_MANY | ON_CPU},
    {LAYER, OP_ADD_EXPERTS, TP_ONE | ON_CPU},
    {LAYER, OP_SUM_EXPERTS, TP_MANY | ON_CUDA},
    {LAYER, OP_ADD_EXPERTS, ON_CUDA},
    {EXIT, OP_SEND_STAGE, EARLIER},
    {EXIT, OP_HEAD, LAST},
    {EXIT, OP_GATHER_LOGITS, LAST | TP_MANY},
    {EXIT, OP_SAMPLE, LAST},
};

enum { LIFE_STEPS = sizeof life / sizeof *life };

/* Where one micro-batch is. */
struct cursor {
    int step, layer; /* layer is -1 outside of LAYER */
    int rotary;
};

static unsigned where_is(const struct plan *plan, const struct rank_class *class, enum phase phase)
{
    bool counted = phase == PREFILL && dispatch_is_exact(plan);
    return (class->first_stage ? FIRST : LATER) | (class->last_stage ? LAST : EARLIER) |
           (class->shape.tp > 1 ? TP_MANY : TP_ONE) | (class->shape.ep > 1 ? EP_MANY : EP_ONE) |
           (class->device == DEVICE_CUDA ? ON_CUDA : ON_CPU) | (counted ? COUNTED : 0);
}

static int skip_others(int step, unsigned where)
{
    while (step < LIFE_STEPS && (life[step].where & ~where) != 0)
        step++;
    return step;
}

/* The next step of this class's life; after the last of a layer comes the first of the next layer. */
static void advance(struct cursor *cursor, unsigned where, int layers)
{
    int next = skip_others(cursor->step + 1, where);
    bool layer_ends = life[cursor->step].part == LAYER && (next == LIFE_STEPS || life[next].part != LAYER);
    if (layer_ends && cursor->layer + 1 < layers) {
        cursor->layer++;
        while (cursor->step > 0 && life[cursor->step - 1].part == LAYER)
            cursor->step--;
        return;
    }
    cursor->step = next;
    if (next < LIFE_STEPS && life[next].part == LAYER)
        cursor->layer = cursor->layer < 0 ? 0 : cursor->layer;
    else
        cursor->layer = -1;
}

/* The op that is due, in words. */
static struct words due_words(const struct plan *plan, int class_index, const struct cursor *cursor, int micro)
{
    if (cursor->step == LIFE_STEPS)
        return words_of("nothing more");
    const struct op due = {.kind = life[cursor->step].kind, .micro = micro, .layer = cursor->layer};
    char text[128];
    op_text(&due, plan->ranks[first_rank(plan, class_index)].layer_base, plan->classes[class_index].shape.micro_batches,
            text, sizeof text);
    return words_of("\"%s\"", text);
}

static bool phase_is_in_order(const struct plan *plan, int class_index, enum phase phase, struct error *error)
{
    const struct rank_class *class = &plan->classes[class_index];
    const struct schedule *schedule = &class->schedules[phase];
    unsigned where = where_is(plan, class, phase);
    struct cursor cursors[MAX_MICRO_BATCHES];
    for (int micro = 0; micro < class->shape.micro_batches; micro++)
        cursors[micro] = (struct cursor){.step = skip_others(0, where), .layer = -1};

    for (int i = 0; i < schedule->count; i++) {
        const struct op *op = &schedule->ops[i];
        struct cursor *cursor = &cursors[op->micro];
        if (op->kind == OP_ROTARY) {
            cursor->rotary++;
            continue;
        }
        if (cursor->step == LIFE_STEPS || op->kind != life[cursor->step].kind || op->layer != cursor->layer)
            return refuse(error, plan, KEY_grid, "%s comes where %s is due",
                          class_op_words(plan, class_index, phase, i).text,
                          due_words(plan, class_index, cursor, op->micro).text);
        advance(cursor, where, class->shape.layers);
    }
    for (int micro = 0; micro < class->shape.micro_batches; micro++) {
        if (cursors[micro].step != LIFE_STEPS)
            return refuse(error, plan, KEY_grid, "%s, %s ends before %s", class_words(plan, class_index).text,
                          phase_names[phase], due_words(plan, class_index, &cursors[micro], micro).text);
        if (cursors[micro].rotary != 1)
            return refuse(error, plan, KEY_grid, "%s, %s has the rotary angles of micro-batch %c %d times",
                          class_words(plan, class_index).text, phase_names[phase], 'A' + micro, cursors[micro].rotary);
    }
    return true;
}

bool prove_order(const struct plan *plan, struct error *error)
{
    for (int i = 0; i < plan->class_count; i++)
        for (int phase = 0; phase < PHASES; phase++)
            if (!phase_is_in_order(plan, i, phase, error))
                return false;
    return true;
}
