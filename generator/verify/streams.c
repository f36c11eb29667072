/* Streams: on a device that runs ops on two streams at once, any two that touch one buffer, at least one of them
 * writing, are ordered.
 *
 * Each stream runs its ops one after another, in the order of the schedule. An op that awaits one of the other stream
 * begins after that one has ended, and so after all that came before that one on its stream; so do the ops behind it on
 * its own stream. Nothing else orders the streams. An op that is newer than what the other stream has awaited may
 * therefore run at the same time as anything there; for two ops on different streams it is enough to look at the newest
 * op behind the later one that was awaited.
 *
 * From step to step: the end of a step is on the compute stream and has awaited every COMM op, and the first COMM op of
 * a step awaits a COMPUTE op of that step; so nothing of one step meets anything of the next. The same await is what
 * makes a captured graph hold the comm stream at all.
 *
 * Memory that only one stream touches (SCRATCH, WORKSPACE, KV) is ordered by that stream; a step that skips the ops of
 * some micro-batches keeps the handing over between the streams, which is not part of the ops. */
#include "verify/proofs.h"

/* Who touched a buffer last, by stream: op ids, 0: nobody. */
struct touched {
    int read[STREAMS], written[STREAMS];
};

struct following {
    const struct plan *plan;
    int class_index;
    enum phase phase;
    struct touched touched[MAX_MICRO_BATCHES + 1][BUFFER_KINDS]; /* at [0] what a rank has one of */
    int awaited[STREAMS]; /* the newest op of the other stream that this one has awaited, by itself or before */
    struct error *error;
};

static const struct rank_class *class_of(const struct following *follow)
{
    return &follow->plan->classes[follow->class_index];
}

static enum stream stream_of(const struct following *follow, int id)
{
    const struct rank_class *class = class_of(follow);
    return effects_of(class, class->schedules[follow->phase].ops[id - 1].kind)->stream;
}

static struct words words_for(const struct following *follow, int id)
{
    return class_op_words(follow->plan, follow->class_index, follow->phase, id - 1);
}

/* `op 7 "layer 0 attention A"`, beside words_for of the same class and phase. */
static struct words short_words(const struct following *follow, int id)
{
    return op_words(follow->plan, first_rank(follow->plan, follow->class_index), follow->phase, id - 1);
}

static bool unordered(const struct following *follow, int id, int other, enum buffer_kind kind, int micro)
{
    return refuse(follow->error, follow->plan, KEY_batch,
                  "%s and %s touch %s on different streams, but op %d does not await op %d", words_for(follow, id).text,
                  short_words(follow, other).text, micro_words(buffer_names[kind], micro).text, id, other);
}

/* Everything that conflicts with this op on the other stream has been awaited; then notes what it touches. */
static bool touch(struct following *follow, int id)
{
    const struct op *op = &class_of(follow)->schedules[follow->phase].ops[id - 1];
    const struct op_effects *effects = effects_of(class_of(follow), op->kind);
    enum stream own = effects->stream, other = own == STREAM_COMM ? STREAM_COMPUTE : STREAM_COMM;
    for (int kind = 0; kind < BUFFER_KINDS; kind++) {
        bool reads = effects->reads & 1u << kind, writes = effects->writes & 1u << kind;
        int micro = buffer_is_shared(kind) ? -1 : op->micro;
        struct touched *touched = &follow->touched[micro + 1][kind];
        if (!reads && !writes)
            continue;
        if (touched->written[other] > follow->awaited[own])
            return unordered(follow, id, touched->written[other], kind, micro);
        if (writes && touched->read[other] > follow->awaited[own])
            return unordered(follow, id, touched->read[other], kind, micro);
        touched->read[own] = reads ? id : touched->read[own];
        touched->written[own] = writes ? id : touched->written[own];
    }
    return true;
}

/* What an op awaits lies behind it, on the other stream, and records that it has ended. */
static bool await(struct following *follow, int id)
{
    const struct schedule *schedule = &class_of(follow)->schedules[follow->phase];
    int awaits = schedule->ops[id - 1].awaits;
    enum stream own = stream_of(follow, id);
    if (awaits == 0)
        return true;
    if (awaits >= id || stream_of(follow, awaits) == own)
        return refuse(follow->error, follow->plan, KEY_batch,
                      "%s awaits %s, which does not come before it on the other stream", words_for(follow, id).text,
                      short_words(follow, awaits).text);
    if (!schedule->ops[awaits - 1].recorded)
        return refuse(follow->error, follow->plan, KEY_batch, "%s awaits %s, which does not record its end",
                      words_for(follow, id).text, short_words(follow, awaits).text);
    if (awaits > follow->awaited[own])
        follow->awaited[own] = awaits;
    return true;
}

/* A COMM op before any that awaits the compute stream could run beside the step before, and a graph would not hold it.
 */
static bool comm_follows_compute(const struct following *follow, int id)
{
    if (stream_of(follow, id) != STREAM_COMM || follow->awaited[STREAM_COMM] > 0)
        return true;
    return refuse(follow->error, follow->plan, KEY_batch,
                  "%s is the first on the comm stream, but awaits nothing that the compute stream did in this step",
                  words_for(follow, id).text);
}

/* The step ends after its last COMM op, which the end awaits, or a COMPUTE op before it. */
static bool comm_is_joined(const struct following *follow)
{
    const struct schedule *schedule = &class_of(follow)->schedules[follow->phase];
    int last = schedule->count, joins = schedule->joins;
    while (last > 0 && stream_of(follow, last) != STREAM_COMM)
        last--;
    if (joins > 0 && stream_of(follow, joins) != STREAM_COMM)
        return refuse(follow->error, follow->plan, KEY_batch,
                      "%s is on the stream that the step ends on, yet the end awaits it",
                      words_for(follow, joins).text);
    int joined = joins > follow->awaited[STREAM_COMPUTE] ? joins : follow->awaited[STREAM_COMPUTE];
    if (joined < last)
        return refuse(follow->error, follow->plan, KEY_batch,
                      "%s may not have ended when the step does: the end awaits op %d", words_for(follow, last).text,
                      joined);
    return true;
}

/* The op whose counts the host must have to enqueue this one: with exact dispatch, in prefill, the rows that are sent
 * and, where all experts are here, the rows that they compute. 0: none; -1: one that is missing. */
static int counts_for(const struct following *follow, int id)
{
    const struct schedule *schedule = &class_of(follow)->schedules[follow->phase];
    const struct op *op = &schedule->ops[id - 1];
    bool alone = class_of(follow)->shape.ep == 1;
    if (class_of(follow)->device != DEVICE_CUDA || follow->phase != PREFILL || !dispatch_is_exact(follow->plan) ||
        op->kind != (alone ? OP_EXPERTS : OP_DISPATCH_START))
        return 0;
    for (int before = id - 1; before > 0; before--) {
        const struct op *other = &schedule->ops[before - 1];
        if (other->kind == (alone ? OP_GATHER : OP_DISPATCH_COUNTS) && other->micro == op->micro)
            return other->layer == op->layer ? before : -1;
    }
    return -1;
}

static bool host_has_counts(const struct following *follow, int id)
{
    const struct schedule *schedule = &class_of(follow)->schedules[follow->phase];
    int counts = counts_for(follow, id), awaits = schedule->ops[id - 1].host_awaits;
    if (counts < 0)
        return refuse(follow->error, follow->plan, KEY_dispatch,
                      "%s needs counts that no op of its layer before it brings", words_for(follow, id).text);
    if (awaits != counts)
        return refuse(follow->error, follow->plan, KEY_dispatch,
                      "the host awaits op %d before %s, but needs the counts of op %d (0: of none)", awaits,
                      words_for(follow, id).text, counts);
    return counts == 0 || schedule->ops[counts - 1].recorded ||
           refuse(follow->error, follow->plan, KEY_dispatch, "the host awaits %s, which does not record its end",
                  words_for(follow, counts).text);
}

/* An op records its end exactly where something awaits it. */
static bool records_are_awaited(const struct following *follow)
{
    const struct schedule *schedule = &class_of(follow)->schedules[follow->phase];
    for (int id = 1; id <= schedule->count; id++) {
        bool awaited = id == schedule->joins;
        for (int later = id; later < schedule->count && !awaited && schedule->ops[id - 1].recorded; later++)
            awaited = schedule->ops[later].awaits == id || schedule->ops[later].host_awaits == id;
        if (schedule->ops[id - 1].recorded == awaited)
            continue;
        return refuse(follow->error, follow->plan, KEY_batch,
                      awaited ? "%s does not record its end, which the end of the step awaits"
                              : "%s records its end, but nothing awaits it",
                      words_for(follow, id).text);
    }
    return true;
}

static bool streams_are_ordered(struct following *follow)
{
    const struct schedule *schedule = &class_of(follow)->schedules[follow->phase];
    for (int id = 1; id <= schedule->count; id++)
        if (!await(follow, id) || !comm_follows_compute(follow, id) || !host_has_counts(follow, id) ||
            !touch(follow, id))
            return false;
    return comm_is_joined(follow) && records_are_awaited(follow);
}

bool prove_streams(const struct plan *plan, struct error *error)
{
    for (int i = 0; i < plan->class_count; i++)
        for (int phase = 0; phase < PHASES; phase++) {
            struct following follow = {.plan = plan, .class_index = i, .phase = phase, .error = error};
            if (!streams_are_ordered(&follow))
                return false;
        }
    return true;
}
