/* What people read beside an op or a buffer: shapes with the numbers of the class put in, and lifetimes. */
#include "emit/facts.h"

#include <assert.h>
#include <string.h>

/* ---- ops */

/* {word} is a size of the class by its name in struct shapes, or a word of add_word or word_number. */
static const char *const op_notes[OP_KINDS] = {
    [OP_ROTARY] = "({rows}, {head_dim}) f32",
    [OP_EMBED] = "({rows}, {hidden}) f32 from ({vocabulary}, {hidden}) {weights}",
    [OP_EMBED_SLICE] = "({rows}, {hidden}) {values} from this tp's ({vocabulary_slice}, {hidden}) {weights}",
    [OP_REDUCE_EMBEDDING] = "({rows}, {hidden}) f32 summed over {tp} tp ranks",
    [OP_SUM_EMBEDDING] = "({rows}, {hidden}) {values} summed over {tp} tp ranks",
    [OP_ADD_EMBEDDING] = "({rows}, {hidden}) {values} to the residual, f32",
    [OP_RECEIVE_STAGE] = "({rows}, {hidden}) f32 from the previous stage",
    [OP_ATTENTION] = "({rows}, {hidden}), heads {heads} x {head_dim}, key/value heads {kv_heads}",
    [OP_REDUCE_ATTENTION] = "({rows}, {hidden}) f32 summed over {tp} tp ranks, onto the residual",
    [OP_ADD_ATTENTION] = "({rows}, {hidden}) f32 onto the residual",
    [OP_ROUTE] = "({rows}, {hidden}) to the top {top_k} of {experts} experts",
    [OP_SUM_ATTENTION] = "({rows}, {hidden}) {values} summed over {tp} tp ranks",
    [OP_ADD_AND_ROUTE] = "({rows}, {hidden}) onto the residual, f32, then to the top {top_k} of {experts} experts",
    [OP_DISPATCH_COUNTS] = "{held_experts} of {ep} senders",
    [OP_DISPATCH_START] = "<= ({sent_rows}, {hidden}) {values} each to {ep_peers}",
    [OP_DISPATCH_FINISH] = "<= ({ep}, {sent_rows}, {hidden}) {values} sorted by expert",
    [OP_GATHER] = "({rows}, {hidden}) {values} sorted by expert",
    [OP_EXPERTS] = "{held_experts} of <= ({expert_rows}, {hidden}), hidden {expert_hidden}",
    [OP_COMBINE_START] = "<= ({sent_rows}, {hidden}) {values} each back to {ep_peers}",
    [OP_COMBINE_FINISH] = "({rows}, {hidden}) {values}, own sums and those of {ep_peers}",
    [OP_SCATTER] = "({rows}, {hidden}) {values} back in row order",
    [OP_REDUCE_EXPERTS] = "({rows}, {hidden}) f32 summed over {tp} tp ranks, onto the residual",
    [OP_SUM_EXPERTS] = "({rows}, {hidden}) {values} summed over {tp} tp ranks",
    [OP_ADD_EXPERTS] = "({rows}, {hidden}) f32 onto the residual",
    [OP_SEND_STAGE] = "({rows}, {hidden}) f32 to the next stage",
    [OP_HEAD] = "<= ({logit_rows}, {hidden}) to ({logit_rows}, {vocabulary_slice}) f32",
    [OP_GATHER_LOGITS] = "<= ({logit_rows}, {vocabulary_slice}) f32 from each of {tp} tp ranks",
    [OP_SAMPLE] = "<= ({logit_rows}, {vocabulary}) to ({logit_rows}) tokens",
};

static int least(int left, int right)
{
    return left < right ? left : right;
}

static bool is(const char *word, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(word, name, length) == 0;
}

static int word_number(const struct shapes *shape, enum phase phase, const char *word, size_t length)
{
    int rows = phase == PREFILL ? shape->prefill_rows : shape->decode_rows;
    if (is(word, length, "rows"))
        return rows;
    if (is(word, length, "sent_rows"))
        return least(rows, shape->dispatch_rows);
    if (is(word, length, "expert_rows"))
        return shape->ep * least(rows, shape->expert_capacity);
    if (is(word, length, "logit_rows"))
        return least(rows, shape->logit_rows);
#define X(field, NAME, text)                                                                                           \
    if (is(word, length, #field))                                                                                      \
        return shape->field;
    SHAPES(X)
#undef X
    assert(!"a note names a size that there is not");
    return 0;
}

static void add_word(const struct rank_class *class, enum phase phase, const char *word, size_t length,
                     struct text *out)
{
    if (is(word, length, "weights"))
        text_format(out, "%s", class->weights == DTYPE_BF16 ? "bf16" : "f32");
    else if (is(word, length, "values"))
        text_format(out, "%s", value_dtype(class) == DTYPE_BF16 ? "bf16" : "f32");
    else if (is(word, length, "ep_peers"))
        text_format(out, "%s", counted(class->shape.ep - 1, "ep peer").text);
    else if (is(word, length, "held_experts"))
        text_format(out, "%s", counted(class->shape.expert_slots, "expert").text);
    else
        text_format(out, "%d", word_number(&class->shape, phase, word, length));
}

const char *op_note(struct pool *pool, const struct rank_class *class, enum phase phase, enum op_kind kind)
{
    struct text note = {0};
    for (const char *c = op_notes[kind], *open; *c; c = strchr(open, '}') + 1) {
        open = c + strcspn(c, "{");
        text_add(&note, c, (size_t)(open - c));
        if (*open == '\0')
            break;
        add_word(class, phase, open + 1, strcspn(open + 1, "}"), &note);
    }
    const char *kept = pool_text(pool, note.bytes);
    text_free(&note);
    return kept;
}

/* ---- buffers */

static bool touches(const struct rank_class *class, const struct op *op, const struct buffer *buffer)
{
    const struct op_effects *effects = effects_of(class, op->kind);
    return op->micro == buffer->micro && ((effects->reads | effects->writes) >> buffer->kind & 1);
}

/* From the first op that touches it to the last: within a layer where the first has one, else within a step. */
const char *buffer_lifetime(struct pool *pool, const struct rank_class *class, const struct buffer *buffer)
{
    if (buffer->kind == BUFFER_KV)
        return "as long as the rank runs";
    if (buffer->micro < 0)
        return "one op";
    const struct schedule *schedule = &class->schedules[PREFILL];
    const struct op *first = NULL, *last = NULL;
    for (int i = 0; i < schedule->count; i++) {
        const struct op *op = &schedule->ops[i];
        if (!touches(class, op, buffer))
            continue;
        if (!first)
            first = op;
        if (first->layer < 0 || op->layer == first->layer)
            last = op;
    }
    if (!first)
        return "never";
    return pool_format(pool, "%s to %s", op_table[first->kind].function, op_table[last->kind].function);
}
