/* A rank on a GPU: two streams, each with its ops one after another, which await each other where the schedule says so.
 *
 * Ops on the comm stream are meetings: they end once every peer has come and the messages have crossed the links, for
 * which NCCL buffers nothing. All messages of a meeting leave together over the rank's link of their level, and come in
 * as they are sent; with a peer, the slower of both decides. An all-reduce is two meetings' latency: parts go out to be
 * summed, sums come back.
 *
 * Where the host waits for counts, it enqueues nothing until it has them. */
#include "predict/simulate_parts.h"
#include "predict/tally.h"
#include "predict/traffic.h"

static double later(double left_s, double right_s)
{
    return left_s > right_s ? left_s : right_s;
}

static size_t box(const struct simulation *sim, int kind, int micro)
{
    return (size_t)kind * (size_t)sim->step->active + (size_t)micro;
}

/* Where an op's entry is counted, and where its peers'. */
static size_t own_box(const struct simulation *sim, const struct op *op)
{
    bool receives = op_table[op->kind].action == ACTION_RECEIVE;
    return box(sim, receives ? RECEIVES : (int)op_table[op->kind].mailbox, op->micro);
}

static size_t peers_box(const struct simulation *sim, const struct op *op)
{
    bool sends = op_table[op->kind].action == ACTION_SEND;
    return box(sim, sends ? RECEIVES : (int)op_table[op->kind].mailbox, op->micro);
}

static void enter(struct simulation *sim, struct actor *actor, const struct op *op)
{
    struct posted *posted = &actor->posted[own_box(sim, op)];
    double bytes[MAX_LINK_LEVELS] = {0};
    if (op_table[op->kind].action != ACTION_RECEIVE)
        actor->bytes = count_messages(sim, actor, op, bytes);
    int at = ++posted->count & 1;
    posted->entered_s[at] = actor->begin_s;
    for (int level = 0; level < sim->hardware->link_count; level++)
        posted->left_s[at][level] = bytes[level] / sim->hardware->links[level].bandwidth;
    wake_waiters(sim, actor);
}

double meeting(const struct simulation *sim, struct actor *actor, const struct op *op, int *lacking)
{
    const struct link_level *links = sim->hardware->links;
    const struct peers peers = peers_of(sim->plan, actor->site.row, &op_table[op->kind]);
    const size_t theirs = peers_box(sim, op);
    const struct posted *own = &actor->posted[own_box(sim, op)];
    const int needed = actor->awaited[theirs] + 1;
    double last_s = actor->begin_s;
    actor->all_there_s = actor->begin_s;
    *lacking = -1;
    for (int i = 0; i < peers.count; i++) {
        if (peers.ranks[i] == actor->site.row->rank)
            continue;
        const struct posted *posted = &sim->actors[peers.ranks[i]].posted[theirs];
        if (posted->count < needed) {
            *lacking = peers.ranks[i];
            return 0;
        }
        int level = level_between(sim->hardware, actor->site.row->rank, peers.ranks[i]);
        double both_s = later(actor->begin_s, posted->entered_s[needed & 1]);
        double wire_s = later(own->left_s[own->count & 1][level], posted->left_s[needed & 1][level]);
        actor->all_there_s = later(actor->all_there_s, both_s);
        last_s = later(last_s, both_s + wire_s + latencies_of(op->kind) * links[level].latency_s);
    }
    return last_s;
}

/* The op's stream is free, what it awaits has ended, and the host has enqueued it. */
static void begin(struct actor *actor, const struct op *op, enum stream stream)
{
    if (op->host_awaits > 0)
        actor->host_s = later(actor->host_s, actor->spans[op->host_awaits - 1].end_s);
    actor->begin_s = later(actor->stream_s[stream], actor->host_s);
    if (op->awaits > 0)
        actor->begin_s = later(actor->begin_s, actor->spans[op->awaits - 1].end_s);
    actor->bytes = 0;
}

/* One op. False when a peer has not come to it yet. */
static bool run_op(struct simulation *sim, struct actor *actor, const struct op *op)
{
    enum stream stream = effects_of(actor->site.class, op->kind)->stream;
    bool skipped = op->micro >= sim->step->active, meets = stream == STREAM_COMM && !skipped;
    if (!actor->entered) {
        begin(actor, op, stream);
        actor->entered = true;
        if (meets)
            enter(sim, actor, op);
    }
    double start_s = actor->begin_s, end_s = start_s;
    if (meets) {
        int lacking;
        end_s = meeting(sim, actor, op, &lacking) + sim->hardware->op_overhead_s;
        if (lacking >= 0) {
            block(sim, actor, lacking);
            return false;
        }
        actor->awaited[peers_box(sim, op)]++;
        start_s = actor->all_there_s;
    }
    if (!skipped)
        end_s = later(end_s, start_s + op_seconds(sim, actor, op));
    actor->spans[actor->next] = (struct span){actor->begin_s, start_s, end_s, actor->bytes};
    actor->stream_s[stream] = end_s;
    actor->entered = false;
    return true;
}

void run_gpu_rank(struct simulation *sim, struct actor *actor)
{
    for (; actor->next < actor->schedule->count; actor->next++)
        if (!run_op(sim, actor, &actor->schedule->ops[actor->next]))
            return;
    actor->clock_s = later(actor->stream_s[STREAM_COMPUTE], actor->stream_s[STREAM_COMM]);
    tally_streams(&sim->result->ranks[actor->site.row->rank], actor->site.class, actor->schedule, actor->spans,
                  actor->clock_s);
}
