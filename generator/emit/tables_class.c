/* What templates see of a class. */
#include "emit/tables_parts.h"

#include <stdio.h>

/* ---- ops */

static void push_op_id(lua_State *lua, const struct item *item)
{
    lua_pushinteger(lua, item->index + 1);
}

static void push_op_call(lua_State *lua, const struct item *item)
{
    const struct op *op = item->at;
    lua_pushstring(lua, op_table[op->kind].function);
}

static void push_op_micro(lua_State *lua, const struct item *item)
{
    const struct op *op = item->at;
    lua_pushstring(lua, micro_name(op->micro));
}

/* "layer 8"; "layer +0" where the ranks of the class begin at different layers. */
static void push_op_layer_name(lua_State *lua, const struct item *item)
{
    const struct op *op = item->at;
    int base = item->class->layer_base;
    char name[32];
    snprintf(name, sizeof name, base < 0 ? "layer +%d" : "layer %d", base < 0 ? op->layer : base + op->layer);
    lua_pushstring(lua, op_table[op->kind].has_layer ? name : NULL);
}

static void push_op_text(lua_State *lua, const struct item *item)
{
    const struct op *op = item->at;
    lua_pushstring(lua, op_table[op->kind].text);
}

static void push_op_note(lua_State *lua, const struct item *item)
{
    const struct op *op = item->at;
    lua_pushstring(lua, item->class->notes[item->phase][op->kind]);
}

static void push_op_stream(lua_State *lua, const struct item *item)
{
    const struct op *op = item->at;
    lua_pushstring(lua, stream_names[effects_of(item->class->class, op->kind)->stream]);
}

/* nil: none */
static void push_id(lua_State *lua, int id)
{
    if (id)
        lua_pushinteger(lua, id);
    else
        lua_pushnil(lua);
}

static void push_op_awaits(lua_State *lua, const struct item *item)
{
    push_id(lua, ((const struct op *)item->at)->awaits);
}

static void push_op_host_awaits(lua_State *lua, const struct item *item)
{
    push_id(lua, ((const struct op *)item->at)->host_awaits);
}

static void push_op_recorded(lua_State *lua, const struct item *item)
{
    lua_pushboolean(lua, ((const struct op *)item->at)->recorded);
}

static const struct field op_fields[] = {
    MADE("id", push_op_id),
    MADE("call", push_op_call),
    MADE("micro", push_op_micro),
    MEMBER(OPTIONAL, op, layer),
    MADE("layer_name", push_op_layer_name),   /* of the model */
    MADE("text", push_op_text),               /* "expert dispatch", without layer and micro-batch */
    MADE("note", push_op_note),               /* its shapes */
    MADE("stream", push_op_stream),           /* "compute", "comm" */
    MADE("awaits", push_op_awaits),           /* an op of the other stream */
    MADE("host_awaits", push_op_host_awaits), /* an op whose counts the host needs */
    MADE("recorded", push_op_recorded),       /* whether the other stream awaits it */
};
KIND(op, op);

static void push_schedule_phase(lua_State *lua, const struct item *item)
{
    lua_pushstring(lua, phase_names[item->index]);
}

static void push_schedule_rows(lua_State *lua, const struct item *item)
{
    const struct shapes *shape = &item->class->class->shape;
    lua_pushinteger(lua, item->index == PREFILL ? shape->prefill_rows : shape->decode_rows);
}

static void push_schedule_ops(lua_State *lua, const struct item *item)
{
    const struct schedule *schedule = item->at;
    struct item owner = *item;
    owner.phase = item->index;
    push_list(lua, &kind_op, schedule->ops, schedule->count, &owner);
}

static void push_schedule_joins(lua_State *lua, const struct item *item)
{
    push_id(lua, ((const struct schedule *)item->at)->joins);
}

static const struct field schedule_fields[] = {
    MADE("phase", push_schedule_phase), MADE("rows", push_schedule_rows), /* of a micro-batch, at most */
    MADE("ops", push_schedule_ops),
    MADE("joins", push_schedule_joins), /* the comm op that the end of the step awaits */
};
KIND(schedule, schedule);

/* ---- a class: sizes, weights, memory */

static const struct field shapes_fields[] = {
#define X(field, NAME, text) MEMBER(INT, shapes, field),
    SHAPES(X)
#undef X
};
KIND(shapes, shapes);

struct shape_row {
    const char *name, *text;
    size_t offset;
};

static const struct shape_row shape_rows[] = {
#define X(field, NAME, text) {#NAME, text, offsetof(struct shapes, field)},
    SHAPES(X)
#undef X
};

static void push_shape_value(lua_State *lua, const struct item *item)
{
    const struct shape_row *row = item->at;
    const unsigned char *shape = (const unsigned char *)&item->class->class->shape;
    lua_pushinteger(lua, *(const int *)(shape + row->offset));
}

static const struct field shape_fields[] = {
    MEMBER(TEXT, shape_row, name),
    MADE("value", push_shape_value),
    MEMBER(TEXT, shape_row, text),
};
KIND(shape, shape_row);

static const struct field tensor_fields[] = {
    MEMBER(TEXT, tensor_fact, name),
    MEMBER(TEXT, tensor_fact, text),
    MEMBER(TEXT, tensor_fact, file), /* dense or experts */
    MEMBER(TEXT, tensor_fact, dtype),
    PART(SIZE, tensor_fact, tensor, offset),
    PART(SIZE, tensor_fact, tensor, layer_stride),
    PART(SIZE, tensor_fact, tensor, slot_stride),
    PART(SIZE, tensor_fact, tensor, bytes),
    PART(INT, tensor_fact, tensor, outputs),
    PART(INT, tensor_fact, tensor, inputs),
};
KIND(tensor, tensor_fact);

static const struct field buffer_fields[] = {
    MEMBER(TEXT, buffer_fact, name),          MEMBER(TEXT, buffer_fact, text),
    MEMBER(TEXT, buffer_fact, micro),         MEMBER(TEXT, buffer_fact, lifetime),
    PART(SIZE, buffer_fact, buffer, offset),  PART(SIZE, buffer_fact, buffer, bytes),
    PART(TEXT, buffer_fact, buffer, purpose),
};
KIND(buffer, buffer_fact);

static const struct field mailbox_fields[] = {
    MEMBER(TEXT, mailbox_fact, name),         MEMBER(TEXT, mailbox_fact, text),
    MEMBER(TEXT, mailbox_fact, micro),        PART(SIZE, mailbox_fact, mailbox, flags),
    PART(SIZE, mailbox_fact, mailbox, data),  PART(SIZE, mailbox_fact, mailbox, stride),
    PART(SIZE, mailbox_fact, mailbox, bytes), PART(INT, mailbox_fact, mailbox, slots),
};
KIND(mailbox, mailbox_fact);

static const struct field ledger_line_fields[] = {
    MEMBER(TEXT, ledger_line, purpose),
    MEMBER(SIZE, ledger_line, bytes),
};
KIND(ledger_line, ledger_line);

/* ---- the class itself */

/* The item of a class knows its index; what hangs on it knows the class. */
static struct item inside(const struct item *item)
{
    struct item owner = *item;
    owner.class = &item->facts->classes[item->index];
    return owner;
}

static void push_shape(lua_State *lua, const struct item *item)
{
    struct item owner = inside(item);
    owner.at = &owner.class->class->shape;
    push_item(lua, &kind_shapes, &owner);
}

#define CLASS_LIST(member, kind, first, count)                                                                         \
    static void push_##member(lua_State *lua, const struct item *item)                                                 \
    {                                                                                                                  \
        struct item of = inside(item);                                                                                 \
        push_list(lua, &kind, first, count, &of);                                                                      \
    }
CLASS_LIST(shapes, kind_shape, shape_rows, (int)(sizeof shape_rows / sizeof *shape_rows))
CLASS_LIST(tensors, kind_tensor, of.class->tensors, of.class->tensor_count)
CLASS_LIST(buffers, kind_buffer, of.class->buffers, of.class->class->buffer_count)
CLASS_LIST(mailboxes, kind_mailbox, of.class->mailboxes, of.class->class->mailbox_count)
CLASS_LIST(schedules, kind_schedule, of.class->class->schedules, PHASES)
CLASS_LIST(ledger, kind_ledger_line, of.class->class->ledger, of.class->class->ledger_count)
CLASS_LIST(members, kind_numbers, of.class->ranks.first, of.class->ranks.count)

/* "layers 8-15", or "8 layers" where the ranks begin at different ones. */
static void push_span(lua_State *lua, const struct item *item)
{
    struct item of = inside(item);
    int base = of.class->layer_base, layers = of.class->class->shape.layers;
    if (base >= 0 && layers > 1)
        lua_pushfstring(lua, "layers %d-%d", base, base + layers - 1);
    else if (base >= 0)
        lua_pushfstring(lua, "layer %d", base);
    else
        lua_pushstring(lua, counted(layers, "layer").text);
}

/* "A, B": what the micro-batches are called. */
static void push_micros(lua_State *lua, const struct item *item)
{
    const struct rank_class *class = item->at;
    struct text names = {0};
    for (int i = 0; i < class->shape.micro_batches; i++)
        text_format(&names, "%s%s", i > 0 ? ", " : "", micro_name(i));
    lua_pushlstring(lua, names.bytes, names.length);
    text_free(&names);
}

static void push_weights(lua_State *lua, const struct item *item)
{
    const struct rank_class *class = item->at;
    lua_pushstring(lua, class->weights == DTYPE_BF16 ? "bf16" : "f32");
}

static void push_class_layer_base(lua_State *lua, const struct item *item)
{
    int base = inside(item).class->layer_base;
    if (base < 0)
        lua_pushnil(lua);
    else
        lua_pushinteger(lua, base);
}

static const struct field class_fields[] = {
    MEMBER(TEXT, rank_class, name),
    MEMBER(INT, rank_class, ranks), /* how many */
    MADE("members", push_members),  /* which */
    MEMBER(FLAG, rank_class, first_stage),
    MEMBER(FLAG, rank_class, last_stage),
    MADE("layer_base", push_class_layer_base), /* nil: the ranks differ */
    MADE("span", push_span),                   /* "layers 8-15" */
    MADE("shape", push_shape),                 /* class.shape.hidden */
    MADE("shapes", push_shapes),               /* rows of name, value, text */
    MADE("micros", push_micros),               /* "A, B" */
    MADE("weights", push_weights),
    MEMBER(TEXT, rank_class, rms_epsilon),
    MEMBER(TEXT, rank_class, rope_theta),
    MADE("tensors", push_tensors), /* those that it has */
    MEMBER_AS("dense_bytes", SIZE, rank_class, shard_bytes[SHARD_DENSE]),
    MEMBER_AS("experts_bytes", SIZE, rank_class, shard_bytes[SHARD_EXPERTS]),
    MADE("buffers", push_buffers),
    MEMBER(SIZE, rank_class, arena_bytes),
    MADE("mailboxes", push_mailboxes),
    MADE("schedules", push_schedules), /* prefill, decode */
    MADE("ledger", push_ledger),
    MEMBER(SIZE, rank_class, ledger_bytes),
};

const struct kind kind_class = KIND_OF(class, rank_class);

void push_chosen_schedule(lua_State *lua, const struct facts *facts, int class_index, enum phase phase)
{
    const struct class_facts *class = &facts->classes[class_index];
    struct item item = {.at = &class->class->schedules[phase], .index = (int)phase, .facts = facts, .class = class};
    push_item(lua, &kind_schedule, &item);
}
