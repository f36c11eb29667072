#include "verify/readback_class.h"
#include "verify/source_facts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    const struct source_files *files;
    struct plan *plan;
    struct rank_class *class;
    struct error *error;
};

static bool open_file(const struct reading *reading, const char *name, struct fact_file *facts)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", reading->class->name, name);
    return facts_open(facts, reading->files, path, &reading->plan->pool, reading->error);
}

/* The templates write 10000 as 10000.0 and put an f behind a float: the plan has neither. */
static const char *decimal(const struct fact_file *facts, const char *name, struct pool *pool)
{
    char *text = fact_define(facts, name, pool);
    size_t length = text ? strlen(text) : 0;
    if (length > 0 && text[length - 1] == 'f')
        text[--length] = '\0';
    if (length > 2 && strcmp(text + length - 2, ".0") == 0)
        text[length - 2] = '\0';
    return text;
}

static bool read_shapes(const struct reading *reading)
{
    struct fact_file facts;
    struct rank_class *class = reading->class;
    struct pool *pool = &reading->plan->pool;
    if (!open_file(reading, "class.h", &facts))
        return false;
#define X(field, NAME, text)                                                                                           \
    if (!fact_int(&facts, #NAME, INT_MAX, &class->shape.field))                                                        \
        return false;
    SHAPES(X)
#undef X
    if (class->device == DEVICE_CUDA && !fact_number(&facts, "LEDGER_BYTES", MOST_PLAN_BYTES, &class->ledger_bytes))
        return false;
    const char *dtype = fact_define(&facts, "WEIGHT_DTYPE", pool);
    class->rms_epsilon = decimal(&facts, "RMS_EPSILON", pool);
    class->rope_theta = decimal(&facts, "ROPE_THETA", pool);
    if (!dtype || !class->rms_epsilon || !class->rope_theta ||
        !facts_are_of_plan(&facts, reading->files->manifest.plan_hash, pool))
        return false;
    if (strcmp(dtype, "DTYPE_F32") != 0 && strcmp(dtype, "DTYPE_BF16") != 0)
        return fail(reading->error, facts.path, 0,
                    "WEIGHT_DTYPE is %s; no plan has weights but DTYPE_F32 and DTYPE_BF16", dtype);
    class->weights = strcmp(dtype, "DTYPE_F32") == 0 ? DTYPE_F32 : DTYPE_BF16;
    const struct shapes *shape = &class->shape;
    if (shape->layers < 1 || shape->layers > MAX_LAYERS || shape->micro_batches < 1 ||
        shape->micro_batches > MAX_MICRO_BATCHES || shape->heads < 1 || shape->head_dim < 1 || shape->kv_heads < 1)
        return fail(reading->error, facts.path, 0, "has sizes that no plan has; generate the sources again");
    return true;
}

/* ---- memory.h */

/* NAME_A or NAME; -1 for the latter. The micro-batch is a letter. */
static void name_of(const char *kind, int micro, const char *suffix, char out[96])
{
    if (micro < 0)
        snprintf(out, 96, "%s_%s", kind, suffix);
    else
        snprintf(out, 96, "%s_%c_%s", kind, 'A' + micro, suffix);
}

/* The constant of a buffer or mailbox: a place or a size in bytes. */
static bool bytes_of(const struct fact_file *facts, const char *kind, int micro, const char *suffix, uint64_t *bytes)
{
    char name[96];
    name_of(kind, micro, suffix, name);
    return fact_number(facts, name, MOST_PLAN_BYTES, bytes);
}

/* "RESIDUAL_B" among `names`: the kind, or -1. */
static int kind_of(const char *word, const char *const *names, int count, int *micro)
{
    size_t length = strlen(word);
    *micro = -1;
    for (int pass = 0; pass < 2; pass++) {
        for (int kind = 0; kind < count; kind++)
            if (strlen(names[kind]) == length && strncmp(names[kind], word, length) == 0)
                return kind;
        if (length < 3 || word[length - 2] != '_' || word[length - 1] < 'A' ||
            word[length - 1] >= 'A' + MAX_MICRO_BATCHES)
            return -1;
        *micro = word[length - 1] - 'A';
        length -= 2;
    }
    return -1;
}

/* Calls `take` for every constant whose name ends with `suffix`, in the order they stand. */
typedef bool constant_taker(const struct reading *reading, const struct fact_file *facts, const char *word);

static bool each_constant(const struct reading *reading, const struct fact_file *facts, const char *suffix,
                          constant_taker *take)
{
    for (const char *at = facts->code; (at = strstr(at, "\n    ")) != NULL; at++) {
        char word[64];
        size_t length = strspn(at + 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), end = strlen(suffix);
        if (length <= end || length >= sizeof word || strncmp(at + 5 + length - end, suffix, end) != 0 ||
            strncmp(at + 5 + length, " = ", 3) != 0)
            continue;
        memcpy(word, at + 5, length - end);
        word[length - end] = '\0';
        if (!take(reading, facts, word))
            return false;
    }
    return true;
}

static bool take_buffer(const struct reading *reading, const struct fact_file *facts, const char *word)
{
    struct rank_class *class = reading->class;
    int micro, kind = kind_of(word, buffer_names, BUFFER_KINDS, &micro);
    if (kind < 0 || class->buffer_count == BUFFER_KINDS * MAX_MICRO_BATCHES)
        return facts_fail(facts, strstr(facts->code, word), "is no buffer of a plan");
    struct buffer *buffer = &class->buffers[class->buffer_count++];
    *buffer = (struct buffer){.kind = (enum buffer_kind)kind, .micro = micro};
    char name[96];
    name_of(buffer_names[kind], micro, "BYTES", name);
    buffer->purpose = fact_constant_comment(facts, name, &reading->plan->pool);
    return bytes_of(facts, buffer_names[kind], micro, "OFFSET", &buffer->offset) &&
           bytes_of(facts, buffer_names[kind], micro, "BYTES", &buffer->bytes);
}

static const char next_stage[] = "NEXT_STAGE";

static bool take_mailbox(const struct reading *reading, const struct fact_file *facts, const char *word)
{
    struct rank_class *class = reading->class;
    if (strncmp(word, next_stage, strlen(next_stage)) == 0)
        return true; /* read_back_links compares these, once all classes are known */
    int micro, kind = kind_of(word, mailbox_names, MAILBOX_KINDS, &micro);
    if (kind < 0 || class->mailbox_count == MAILBOX_KINDS * MAX_MICRO_BATCHES)
        return facts_fail(facts, strstr(facts->code, word), "is no mailbox of a plan");
    struct mailbox *mailbox = &class->mailboxes[class->mailbox_count++];
    *mailbox = (struct mailbox){.kind = (enum mailbox_kind)kind, .micro = micro};
    const char *box = mailbox_names[kind];
    char name[96];
    name_of(box, micro, "SLOTS", name);
    return bytes_of(facts, box, micro, "FLAGS", &mailbox->flags) &&
           bytes_of(facts, box, micro, "DATA", &mailbox->data) &&
           bytes_of(facts, box, micro, "DATA_BYTES", &mailbox->bytes) &&
           bytes_of(facts, box, micro, "STRIDE", &mailbox->stride) && fact_int(facts, name, MAX_WORLD, &mailbox->slots);
}

/* Sizes of a weight follow from the shapes; here they are derived a second time. */
static void size_tensor(const struct shapes *shape, enum dtype weights, enum tensor_kind kind, struct tensor *tensor)
{
    const int query = shape->heads * shape->head_dim, key = shape->kv_heads * shape->head_dim;
    const struct {
        int outputs, inputs;
        bool rows, f32;
    } sizes[TENSOR_KINDS] = {
        [TENSOR_EMBEDDING] = {shape->vocabulary_slice, shape->hidden, true, false},
        [TENSOR_INPUT_NORM] = {1, shape->hidden, true, true},
        [TENSOR_QKV] = {query + 2 * key, shape->hidden, false, false},
        [TENSOR_ATTENTION_OUT] = {shape->hidden, query, false, false},
        [TENSOR_POST_NORM] = {1, shape->hidden, true, true},
        [TENSOR_ROUTER] = {shape->experts, shape->hidden, false, true},
        [TENSOR_GATE_UP] = {2 * shape->expert_hidden, shape->hidden, false, false},
        [TENSOR_DOWN] = {shape->hidden, shape->expert_hidden, false, false},
        [TENSOR_FINAL_NORM] = {1, shape->hidden, true, true},
        [TENSOR_LM_HEAD] = {shape->vocabulary_slice, shape->hidden, false, false},
    };
    tensor->outputs = sizes[kind].outputs;
    tensor->inputs = sizes[kind].inputs;
    tensor->dtype = sizes[kind].f32 ? DTYPE_F32 : weights;
    uint64_t values = (uint64_t)tensor->outputs * (uint64_t)tensor->inputs * (tensor->dtype == DTYPE_F32 ? 4 : 2);
    tensor->bytes =
        sizes[kind].rows ? (values + 63) / 64 * 64 : packed_bytes(tensor->dtype, tensor->outputs, tensor->inputs);
}

static bool read_tensors(const struct reading *reading, const struct fact_file *facts)
{
    struct rank_class *class = reading->class;
    uint64_t dense_stride, layer_stride, slot_stride;
    if (!fact_number(facts, "DENSE_LAYER_STRIDE", MOST_PLAN_BYTES, &dense_stride) ||
        !fact_number(facts, "EXPERT_LAYER_STRIDE", MOST_PLAN_BYTES, &layer_stride) ||
        !fact_number(facts, "EXPERT_SLOT_STRIDE", MOST_PLAN_BYTES, &slot_stride) ||
        !fact_number(facts, "DENSE_BYTES", MOST_PLAN_BYTES, &class->shard_bytes[SHARD_DENSE]) ||
        !fact_number(facts, "EXPERTS_BYTES", MOST_PLAN_BYTES, &class->shard_bytes[SHARD_EXPERTS]))
        return false;
    for (int kind = 0; kind < TENSOR_KINDS; kind++) {
        struct tensor *tensor = &class->tensors[kind];
        char name[96];
        snprintf(name, sizeof name, "%s_WEIGHT", tensor_names[kind]);
        if (!fact_is_there(facts, name))
            continue;
        tensor->present = true;
        if (!fact_number(facts, name, MOST_PLAN_BYTES, &tensor->offset))
            return false;
        size_tensor(&class->shape, class->weights, (enum tensor_kind)kind, tensor);
        bool expert = tensor_files[kind] == SHARD_EXPERTS;
        if (expert || (kind >= TENSOR_INPUT_NORM && kind <= TENSOR_ROUTER))
            tensor->layer_stride = expert ? layer_stride : dense_stride;
        if (expert)
            tensor->slot_stride = slot_stride;
    }
    return true;
}

static bool read_memory(const struct reading *reading)
{
    struct fact_file facts;
    struct rank_class *class = reading->class;
    struct pool *pool = &reading->plan->pool;
    class->buffers = pool_take(pool, (size_t)BUFFER_KINDS * MAX_MICRO_BATCHES, sizeof *class->buffers);
    class->mailboxes = pool_take(pool, (size_t)MAILBOX_KINDS * MAX_MICRO_BATCHES, sizeof *class->mailboxes);
    return open_file(reading, "memory.h", &facts) && each_constant(reading, &facts, "_OFFSET", take_buffer) &&
           fact_number(&facts, "ARENA_BYTES", MOST_PLAN_BYTES, &class->arena_bytes) && read_tensors(reading, &facts) &&
           each_constant(reading, &facts, "_FLAGS", take_mailbox);
}

/* ---- schedules */

/* One statement: `function(r, A);` or `function(r, A, LAYER_0);`. */
static bool read_op(const struct reading *reading, const struct fact_file *facts, const char *at, const char *end,
                    struct op *op)
{
    char function[64], micro, close[3] = "";
    int layer = -1, used = 0;
    char line[160];
    snprintf(line, sizeof line, "%.*s", (int)(end - at), at);
    int read = sscanf(line, " %63[a-z_] (r, %c, LAYER_%d %2[);]%n", function, &micro, &layer, close, &used);
    if (read != 4) {
        layer = -1;
        read = sscanf(line, " %63[a-z_] (r, %c %2[);]%n", function, &micro, close, &used) + 1;
    }
    if (read != 4 || strcmp(close, ");") != 0 || line[used + (int)strspn(line + used, " ")] != '\0')
        return facts_fail(facts, at, "is no call of an op");
    int kind = 0;
    while (kind < OP_KINDS && strcmp(op_table[kind].function, function) != 0)
        kind++;
    *op = (struct op){.kind = (enum op_kind)kind, .micro = micro - 'A', .layer = layer};
    const struct shapes *shape = &reading->class->shape;
    if (kind == OP_KINDS || op->micro < 0 || op->micro >= shape->micro_batches || layer >= shape->layers ||
        (layer >= 0) != (op_table[kind].has_layer != 0) || !effects_of(reading->class, op->kind)->exists)
        return facts_fail(facts, at, "is no op of this class");
    return true;
}

/* Statements between the ops of a GPU's schedule: `comm_awaits(r, 3);` and `host_awaits(r, 2);` before the op that
 * awaits (or that the host then enqueues) or before the end; `record_compute(r, 3);` behind op 3. */
struct handover {
    int awaits, host_awaits; /* ids, 0: none; of the op that comes next */
    enum stream waiting;
};

/* Whether the line is `<before><stream><after>(r, N);`, and its N. */
static bool is_statement(const char *at, const char *before, const char *stream, const char *after, int *id)
{
    char form[48];
    int used = 0;
    snprintf(form, sizeof form, " %s%s%s(r, %%d);%%n", before, stream, after);
    return sscanf(at, form, id, &used) == 1 && used > 0;
}

/* Takes a line that is such a statement. False: it is none, or one that cannot be here; then *wrong says so. */
static bool read_handover(const struct rank_class *class, struct schedule *schedule, const char *at,
                          struct handover *handover, bool *wrong)
{
    int id;
    if (is_statement(at, "", "host", "_awaits", &id)) {
        *wrong = handover->host_awaits != 0 || id < 1;
        handover->host_awaits = id;
        return !*wrong;
    }
    struct op *last = schedule->count > 0 ? &schedule->ops[schedule->count - 1] : NULL;
    for (int stream = 0; stream < STREAMS; stream++) {
        if (is_statement(at, "", stream_names[stream], "_awaits", &id)) {
            *wrong = handover->awaits != 0 || id < 1;
            handover->awaits = id;
            handover->waiting = (enum stream)stream;
            return !*wrong;
        }
        if (is_statement(at, "record_", stream_names[stream], "", &id)) {
            *wrong = id != schedule->count || !last || last->recorded ||
                     effects_of(class, last->kind)->stream != (enum stream)stream;
            if (!*wrong)
                last->recorded = true;
            return !*wrong;
        }
    }
    return false;
}

/* An op is on the list; gives it what it awaits. */
static bool take_awaited(const struct rank_class *class, struct schedule *schedule, struct handover *handover)
{
    struct op *op = &schedule->ops[schedule->count - 1];
    if (handover->awaits && handover->waiting != effects_of(class, op->kind)->stream)
        return false;
    op->awaits = handover->awaits;
    op->host_awaits = handover->host_awaits;
    *handover = (struct handover){0};
    return true;
}

static bool read_lines(const struct reading *reading, const struct fact_file *facts, const char *at, const char *last,
                       struct schedule *schedule)
{
    struct handover handover = {0};
    bool wrong = false;
    for (const char *end; at <= last; at = end + 1) {
        end = strchr(at, '\n');
        if (strspn(at, " ") == (size_t)(end - at))
            continue;
        if (reading->class->device == DEVICE_CUDA && read_handover(reading->class, schedule, at, &handover, &wrong))
            continue;
        if (wrong)
            return facts_fail(facts, at, "records or awaits no op that it can");
        if (!read_op(reading, facts, at, end, &schedule->ops[schedule->count++]))
            return false;
        if (atoi(fact_comment(facts, at, &reading->plan->pool)) != schedule->count)
            return facts_fail(facts, at, "the op's number is not its place in the schedule");
        if (!take_awaited(reading->class, schedule, &handover))
            return facts_fail(facts, at, "the stream that awaits here is not this op's");
    }
    schedule->joins = handover.awaits;
    return handover.host_awaits == 0 || facts_fail(facts, last, "the host awaits an op at the end");
}

static bool read_schedule(const struct reading *reading, enum phase phase)
{
    char name[64];
    struct fact_file facts;
    struct pool *pool = &reading->plan->pool;
    struct schedule *schedule = &reading->class->schedules[phase];
    snprintf(name, sizeof name, "schedule_%s.%s", phase_names[phase],
             reading->class->device == DEVICE_CUDA ? "cu" : "c");
    if (!open_file(reading, name, &facts))
        return false;
    const char *at = fact_place(&facts, "\n{\n"), *last = at ? strstr(at, "\n}") : NULL;
    if (!at || !last)
        return at ? facts_fail(&facts, at, "the schedule does not end") : false;
    int lines = 1;
    for (const char *count = at; count < last; count++)
        lines += *count == '\n';
    schedule->ops = pool_take(pool, (size_t)lines, sizeof *schedule->ops);
    return read_lines(reading, &facts, at, last, schedule);
}

bool read_back_class(const struct source_files *files, struct plan *plan, int index, struct error *error)
{
    struct reading reading = {files, plan, &plan->classes[index], error};
    return read_shapes(&reading) && read_memory(&reading) && read_schedule(&reading, PREFILL) &&
           read_schedule(&reading, DECODE);
}

/* A class sends to the next stage by numbers of its own; they must be those that every receiving class goes by. */
static bool read_link(const struct fact_file *facts, const struct rank_class *receiver)
{
    for (int i = 0; i < receiver->mailbox_count; i++) {
        const struct mailbox *box = &receiver->mailboxes[i];
        if (box->kind != MAILBOX_STAGE)
            continue;
        uint64_t flags, data, bytes;
        if (!bytes_of(facts, next_stage, box->micro, "FLAGS", &flags) ||
            !bytes_of(facts, next_stage, box->micro, "DATA", &data) ||
            !bytes_of(facts, next_stage, box->micro, "DATA_BYTES", &bytes))
            return false;
        if (flags != box->flags || data != box->data || bytes != box->bytes)
            return fail(facts->error, facts->path, 0,
                        "%s_%c is not where class %s receives; generate the sources again", next_stage,
                        'A' + box->micro, receiver->name);
    }
    return true;
}

bool read_back_links(const struct source_files *files, struct plan *plan, int index, struct error *error)
{
    struct reading reading = {files, plan, &plan->classes[index], error};
    struct fact_file facts;
    if (reading.class->last_stage || reading.class->device == DEVICE_CUDA)
        return true;
    if (!open_file(&reading, "memory.h", &facts))
        return false;
    for (int i = 0; i < plan->class_count; i++)
        if (!plan->classes[i].first_stage && !read_link(&facts, &plan->classes[i]))
            return false;
    return true;
}
