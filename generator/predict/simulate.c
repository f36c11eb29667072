/* The event loop. A rank goes through its op list until an op lacks a message; it then waits at the peer that owes it,
 * and goes on when that peer has posted. Where ranks share processors, it also needs one of those.
 *
 * Messages are matched by counting: the n-th that a rank posts of a kind and micro-batch is the n-th that its peers
 * wait for. No rank gets more than one message ahead of its peers, so the times of the last two are enough. Slots are
 * always free by the time a schedule writes them again; waits for that are not simulated. Ranks on GPUs have no
 * mailboxes, but meet: gpu_rank.c. */
#include "predict/simulate_parts.h"
#include "predict/tally.h"
#include "predict/traffic.h"

#include <assert.h>
#include <string.h>

/* How an op meets its peers: by enum op_action. */
static const struct {
    bool posts_first, waits, posts_last;
} meetings[] = {
    [ACTION_COMPUTE] = {false, false, false}, [ACTION_COLLECTIVE] = {true, true, false},
    [ACTION_POST] = {false, false, true},     [ACTION_WAIT] = {false, true, false},
    [ACTION_SEND] = {false, false, true},     [ACTION_RECEIVE] = {false, true, false},
};

/* ---- what an op takes */

static bool varies_by_layer(const struct rank_class *class, enum op_kind kind)
{
    enum mailbox_kind mailbox = op_table[kind].mailbox;
    if (kind == OP_ADD_AND_ROUTE)
        return true;
    return op_table[kind].has_layer && kind != OP_ATTENTION && kind != OP_ROUTE && mailbox != MAILBOX_PARTIAL &&
           !(effects_of(class, kind)->reads & B(PARTIAL));
}

double op_seconds(const struct simulation *sim, struct actor *actor, const struct op *op)
{
    double *known = &actor->layer_free_s[(size_t)op->kind * (size_t)sim->step->active + (size_t)op->micro];
    if (!varies_by_layer(actor->site.class, op->kind) && *known >= 0)
        return *known;
    struct op_work work = work_of(&actor->site, op);
    return *known = work_seconds(sim->hardware, op->kind, &work);
}

/* ---- messages */

static bool is_gpu(const struct actor *actor)
{
    return actor->site.class->device == DEVICE_CUDA;
}

static size_t box_of(const struct simulation *sim, const struct op *op)
{
    return (size_t)op_table[op->kind].mailbox * (size_t)sim->step->active + (size_t)op->micro;
}

uint64_t count_messages(struct simulation *sim, const struct actor *actor, const struct op *op,
                        double bytes[MAX_LINK_LEVELS])
{
    const struct peers peers = peers_of(sim->plan, actor->site.row, &op_table[op->kind]);
    uint64_t sum = 0;
    for (int i = 0; i < peers.count; i++) {
        if (peers.ranks[i] == actor->site.row->rank)
            continue;
        uint64_t message = message_bytes(&actor->site, op, i);
        int level = level_between(sim->hardware, actor->site.row->rank, peers.ranks[i]);
        bytes[level] += (double)message;
        sim->result->level_bytes[level] += message;
        sum += message;
    }
    sim->result->mailbox_bytes[op_table[op->kind].mailbox] += sum;
    return sum;
}

/* Messages leave one after another over each level's link; ranks that share memory copied theirs in the op itself. */
static uint64_t post(struct simulation *sim, struct actor *actor, const struct op *op)
{
    const struct hardware *hardware = sim->hardware;
    double bytes[MAX_LINK_LEVELS] = {0};
    uint64_t sum = count_messages(sim, actor, op, bytes);
    struct posted *posted = &actor->posted[box_of(sim, op)];
    double *left_s = posted->left_s[++posted->count & 1];
    for (int level = 0; level < hardware->link_count; level++) {
        double free_s = actor->port_free_s[level];
        left_s[level] = actor->clock_s;
        if (hardware->calibrated || bytes[level] == 0)
            continue;
        left_s[level] =
            (free_s > actor->clock_s ? free_s : actor->clock_s) + bytes[level] / hardware->links[level].bandwidth;
        actor->port_free_s[level] = left_s[level];
    }
    wake_waiters(sim, actor);
    return sum;
}

/* When all messages that the op waits for are there; or the first peer that has not posted, in `lacking`. */
static double arrival(const struct simulation *sim, struct actor *actor, const struct op *op, int *lacking)
{
    const struct hardware *hardware = sim->hardware;
    const struct peers peers = peers_of(sim->plan, actor->site.row, &op_table[op->kind]);
    const size_t box = box_of(sim, op);
    const int needed = actor->awaited[box] + 1;
    double last_s = 0;
    *lacking = -1;
    for (int i = 0; i < peers.count; i++) {
        if (peers.ranks[i] == actor->site.row->rank)
            continue;
        const struct posted *posted = &sim->actors[peers.ranks[i]].posted[box];
        if (posted->count < needed) {
            *lacking = peers.ranks[i];
            return 0;
        }
        if (posted->count - needed > 1)
            continue; /* long there */
        int level = level_between(hardware, actor->site.row->rank, peers.ranks[i]);
        double at_s = posted->left_s[needed & 1][level] + (hardware->calibrated ? 0 : hardware->links[level].latency_s);
        last_s = at_s > last_s ? at_s : last_s;
    }
    return last_s;
}

/* ---- waiting */

/* From the arrival until the rank has seen it: at once while it polls, else after it was woken. */
static double notice_seconds(const struct simulation *sim, double waited_s)
{
    const struct calibration *calibration = sim->hardware->calibrated;
    if (!calibration || sim->processors.each > 0)
        return 0;
    return waited_s < calibration->spin_s ? calibration->signal_s : calibration->wake_s;
}

/* What it costs the rank that posted to wake a peer that sleeps by now. */
static double wake_call_seconds(const struct simulation *sim, double waited_s)
{
    const struct calibration *calibration = sim->hardware->calibrated;
    bool polls = calibration && sim->processors.each == 0 && waited_s < calibration->spin_s;
    return calibration && !polls ? calibration->wake_call_s : 0;
}

void block(struct simulation *sim, struct actor *actor, int peer)
{
    processors_leave(&sim->processors, actor->processor, actor->clock_s);
    actor->next_waiter = sim->actors[peer].first_waiter;
    sim->actors[peer].first_waiter = actor->site.row->rank;
}

/* Every rank that waited for this one either goes on when its last message arrives, or waits for the next peer. */
void wake_waiters(struct simulation *sim, struct actor *actor)
{
    int rank = actor->first_waiter;
    actor->first_waiter = -1;
    while (rank >= 0) {
        struct actor *waiter = &sim->actors[rank];
        int next = waiter->next_waiter, lacking;
        const struct op *op = &waiter->schedule->ops[waiter->next];
        double at_s = (is_gpu(waiter) ? meeting : arrival)(sim, waiter, op, &lacking);
        if (lacking >= 0) {
            waiter->next_waiter = sim->actors[lacking].first_waiter;
            sim->actors[lacking].first_waiter = rank;
        } else {
            at_s = at_s > waiter->clock_s ? at_s : waiter->clock_s;
            agenda_add(&sim->agenda, at_s + notice_seconds(sim, at_s - waiter->clock_s), rank);
            actor->clock_s += wake_call_seconds(sim, at_s - waiter->clock_s);
        }
        rank = next;
    }
}

/* ---- a rank */

static void note(const struct simulation *sim, const struct actor *actor, double start_s)
{
    if (!sim->spans)
        return;
    size_t at = (size_t)actor->site.row->rank * (size_t)sim->most_ops + (size_t)actor->next;
    sim->spans[at] = (struct span){actor->begin_s, start_s, actor->clock_s, actor->bytes};
}

/* One op. False when it has to wait. */
static bool run_op(struct simulation *sim, struct actor *actor, const struct op *op)
{
    const struct op_info *info = &op_table[op->kind];
    if (!actor->entered) {
        actor->begin_s = actor->clock_s;
        actor->bytes = meetings[info->action].posts_first ? post(sim, actor, op) : 0;
    }
    if (meetings[info->action].waits) {
        int lacking;
        double at_s = arrival(sim, actor, op, &lacking);
        actor->entered = true;
        if (lacking >= 0) {
            block(sim, actor, lacking);
            return false;
        }
        actor->awaited[box_of(sim, op)]++;
        actor->clock_s = at_s > actor->clock_s ? at_s : actor->clock_s;
    }
    double start_s = actor->clock_s;
    actor->clock_s += op_seconds(sim, actor, op);
    if (meetings[info->action].posts_last)
        actor->bytes = post(sim, actor, op);
    tally_op(&sim->result->ranks[actor->site.row->rank], info->action, actor->begin_s, start_s, actor->clock_s);
    note(sim, actor, start_s);
    actor->entered = false;
    return true;
}

/* Runs a rank until it has to wait or is through. Each GPU has one rank. */
static void run_rank(struct simulation *sim, struct actor *actor, double ready_s)
{
    if (is_gpu(actor)) {
        run_gpu_rank(sim, actor);
        return;
    }
    double now_s = processors_take(&sim->processors, actor->site.row->rank, ready_s, &actor->processor);
    actor->clock_s = now_s > actor->clock_s ? now_s : actor->clock_s;
    for (; actor->next < actor->schedule->count; actor->next++) {
        const struct op *op = &actor->schedule->ops[actor->next];
        if (op->micro >= sim->step->active) {
            actor->begin_s = actor->clock_s;
            actor->bytes = 0;
            note(sim, actor, actor->clock_s);
        } else if (!run_op(sim, actor, op)) {
            return;
        }
    }
    processors_leave(&sim->processors, actor->processor, actor->clock_s);
}

/* ---- a step */

static void take_memory(struct simulation *sim, struct actor *actor, struct pool *pool)
{
    size_t active = (size_t)sim->step->active;
    actor->posted = pool_take(pool, BOX_KINDS * active, sizeof *actor->posted);
    actor->awaited = pool_take(pool, BOX_KINDS * active, sizeof *actor->awaited);
    actor->layer_free_s = pool_take(pool, OP_KINDS * active, sizeof *actor->layer_free_s);
    for (size_t i = 0; i < OP_KINDS * active; i++)
        actor->layer_free_s[i] = -1;
}

static void make_actor(struct simulation *sim, struct work_site site, struct pool *pool)
{
    struct actor *actor = &sim->actors[site.row->rank];
    *actor = (struct actor){
        .site = site, .schedule = &site.class->schedules[sim->step->phase], .first_waiter = -1, .next_waiter = -1};
    take_memory(sim, actor, pool);
    if (!is_gpu(actor))
        return;
    actor->spans = sim->spans ? sim->spans + (size_t)site.row->rank * (size_t)sim->most_ops
                              : pool_take(pool, (size_t)actor->schedule->count, sizeof *actor->spans);
}

/* The head wakes all ranks; where they share processors, each is woken when it gets one. */
static double start_seconds(const struct simulation *sim)
{
    const struct calibration *calibration = sim->hardware->calibrated;
    return calibration && sim->processors.each == 0 ? calibration->wake_s : 0;
}

static double finish(struct simulation *sim)
{
    double last_s = 0;
    for (int rank = 0; rank < sim->plan->world; rank++) {
        const struct actor *actor = &sim->actors[rank];
        assert(actor->next == actor->schedule->count); /* the verifier has shown that no schedule hangs */
        last_s = actor->clock_s > last_s ? actor->clock_s : last_s;
    }
    last_s += sim->hardware->calibrated ? sim->hardware->calibrated->wake_s : 0; /* the head sleeps meanwhile */
    for (int rank = 0; rank < sim->plan->world; rank++)
        tally_rest(&sim->result->ranks[rank], last_s);
    return last_s;
}

void simulate_step(const struct plan *plan, const struct hardware *hardware, const struct step *step, struct pool *pool,
                   struct step_result *result, struct span *spans)
{
    struct pool own = {0};
    *result = (struct step_result){.flops = step_model_flops(plan, step)};
    result->ranks = pool_take(pool, (size_t)plan->world, sizeof *result->ranks);
    struct simulation sim = {.plan = plan,
                             .hardware = hardware,
                             .step = step,
                             .result = result,
                             .spans = spans,
                             .most_ops = plan_most_ops(plan, step->phase)};
    sim.actors = pool_take(&own, (size_t)plan->world, sizeof *sim.actors);
    sim.agenda = agenda_make(plan->world, &own);
    sim.processors = processors_make(plan, hardware, &own);
    struct work_site *sites = work_sites(plan, hardware, step, &own);
    for (int rank = 0; rank < plan->world; rank++)
        make_actor(&sim, sites[rank], &own);
    for (int rank = 0; rank < plan->world; rank++)
        agenda_add(&sim.agenda, start_seconds(&sim), rank);
    while (sim.agenda.count > 0) {
        struct agenda_entry entry = agenda_take(&sim.agenda);
        run_rank(&sim, &sim.actors[entry.rank], entry.at_s);
    }
    result->seconds = finish(&sim);
    pool_free(&own);
}
