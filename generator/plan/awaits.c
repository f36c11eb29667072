/* What the two streams of a GPU await of each other.
 *
 * Each stream runs its ops in the order of the list. Two ops on different streams that touch the same memory, one of
 * them writing, must keep the order of the list too: the later one awaits the earlier, unless its stream has awaited
 * that op or a later one already.
 *
 * The host is asked to wait as well, where it must know counts to go on: with exact dispatch, in prefill. */
#include "plan/passes.h"

/* The newest op of each stream that wrote, or that touched, a buffer of a micro-batch: ids, 0: none. */
struct use {
    int written[STREAMS], touched[STREAMS];
};

struct streams {
    const struct rank_class *class;
    struct schedule *schedule;
    struct use uses[BUFFER_KINDS][MAX_MICRO_BATCHES];
    int known[STREAMS]; /* id of the newest op of the other stream that has ended when the stream goes on */
    int newest[STREAMS];
};

static void await(struct streams *streams, enum stream stream, int *awaits, int id)
{
    if (id <= streams->known[stream])
        return;
    streams->known[stream] = *awaits = id;
    streams->schedule->ops[id - 1].recorded = true;
}

/* The newest op of the other stream that this one must come after. */
static int newest_conflict(const struct streams *streams, const struct op *op)
{
    const struct op_effects *effects = effects_of(streams->class, op->kind);
    enum stream other = effects->stream == STREAM_COMM ? STREAM_COMPUTE : STREAM_COMM;
    int newest = 0;
    for (int kind = 0; kind < BUFFER_KINDS; kind++) {
        bool writes = effects->writes >> kind & 1, reads = effects->reads >> kind & 1;
        const struct use *use = &streams->uses[kind][buffer_is_shared(kind) ? 0 : op->micro];
        int conflict = writes ? use->touched[other] : reads ? use->written[other] : 0;
        newest = conflict > newest ? conflict : newest;
    }
    return newest;
}

/* The op that brings the counts that the host needs for this op; 0: none. Rows are sent exactly when counts have been
 * exchanged; where all experts are here, gathering counts them, and experts are computed exactly. */
static int counting_op(const struct schedule *schedule, int index)
{
    const struct op *op = &schedule->ops[index];
    enum op_kind counts = op->kind == OP_DISPATCH_START ? OP_DISPATCH_COUNTS : OP_GATHER;
    if (op->kind != OP_DISPATCH_START && op->kind != OP_EXPERTS)
        return 0;
    for (int i = index - 1; i >= 0; i--)
        if (schedule->ops[i].kind == counts && schedule->ops[i].micro == op->micro)
            return schedule->ops[i].layer == op->layer ? i + 1 : 0;
    return 0;
}

static void note_uses(struct streams *streams, const struct op *op, int id)
{
    const struct op_effects *effects = effects_of(streams->class, op->kind);
    for (int kind = 0; kind < BUFFER_KINDS; kind++) {
        struct use *use = &streams->uses[kind][buffer_is_shared(kind) ? 0 : op->micro];
        if (effects->writes >> kind & 1)
            use->written[effects->stream] = id;
        if ((effects->reads | effects->writes) >> kind & 1)
            use->touched[effects->stream] = id;
    }
    streams->newest[effects->stream] = id;
}

/* COMM's first op awaits COMPUTE's newest even if they touch nothing in common: so the streams part, in a captured
 * graph, and so no step's communication begins before the kernels of the step before have ended. COMPUTE awaits COMM's
 * last op at the end: so they come together again. */
void plan_awaits(const struct rank_class *class, bool exactly, struct schedule *schedule)
{
    struct streams streams = {.class = class, .schedule = schedule};
    for (int i = 0; i < schedule->count; i++) {
        struct op *op = &schedule->ops[i];
        enum stream stream = effects_of(class, op->kind)->stream;
        int conflict = newest_conflict(&streams, op);
        if (stream == STREAM_COMM && streams.newest[STREAM_COMM] == 0 && conflict == 0)
            conflict = streams.newest[STREAM_COMPUTE];
        await(&streams, stream, &op->awaits, conflict);
        op->host_awaits = exactly ? counting_op(schedule, i) : 0;
        if (op->host_awaits)
            schedule->ops[op->host_awaits - 1].recorded = true;
        note_uses(&streams, op, i + 1);
    }
    await(&streams, STREAM_COMPUTE, &schedule->joins, streams.newest[STREAM_COMM]);
}
