/* Routing: which experts each row goes to. Replicated over tp: same input bits, same decisions. */
#include "ops/op.h"
#include "placement.h"

#include <math.h>

struct scratch {
    const float *pointers[ROWS];
    _Alignas(64) float logits[ROWS][EXPERTS];
    _Alignas(64) int32_t taken[EXPERTS]; /* rows of this micro-batch that chose each expert */
};

_Static_assert(sizeof(struct scratch) <= SCRATCH_BYTES, "the plan's SCRATCH buffer is too small for routing");

/* The TOP_K largest logits, the lower expert first among equals, and their softmax. That equals the softmax over all
 * experts divided by the chosen ones' sum, which is how Mixtral states it. */
static void choose(const float *logits, struct choice chosen[TOP_K])
{
    for (int k = 0; k < TOP_K; k++) {
        int best = -1;
        for (int expert = 0; expert < EXPERTS; expert++) {
            bool free = true;
            for (int earlier = 0; earlier < k; earlier++)
                free &= chosen[earlier].expert != expert;
            if (free && (best < 0 || logits[expert] > logits[best]))
                best = expert;
        }
        chosen[k].expert = best;
    }
    float sum = 0;
    for (int k = 0; k < TOP_K; k++)
        sum += chosen[k].weight = expf(logits[chosen[k].expert] - logits[chosen[0].expert]);
    for (int k = 0; k < TOP_K; k++)
        chosen[k].weight /= sum;
}

/* Takes back choices beyond an expert's capacity, in row order, and counts the rows that lost one. */
static void drop_overflow(struct routes *routes, int count, int32_t taken[EXPERTS], uint64_t *dropped)
{
    memset(taken, 0, EXPERTS * sizeof *taken);
    for (int i = 0; i < count; i++)
        for (int k = 0; k < TOP_K; k++) {
            struct choice *choice = &routes->chosen[i][k];
            if (++taken[choice->expert] <= EXPERT_CAPACITY)
                continue;
            choice->expert = -1;
            ++*dropped;
        }
}

void route(struct rank *r, enum micro_batch m, enum layer layer)
{
    if (!op_begins(r, m, (int)layer, "expert routing"))
        return;
    struct scratch *scratch = (void *)(r->arena + SCRATCH_OFFSET);
    struct routes *routes = ARENA(r, m, ROUTES);
    float *residual = residual_of(r, m), *routed = ARENA(r, m, ROUTED);
    int count = rows_of(r, m).count;
    const float *norm = DENSE_WEIGHT(r, POST_NORM, layer);
    for (int i = 0; i < count; i++)
        r->kernels->rms_norm(residual + (size_t)i * HIDDEN, norm, RMS_EPSILON, HIDDEN, routed + (size_t)i * HIDDEN);
    const struct packed router = {DENSE_WEIGHT(r, ROUTER, layer), EXPERTS, HIDDEN, DTYPE_F32};
    r->kernels->matmul(point_at_rows(scratch->pointers, routed, count, HIDDEN), count, &router, scratch->logits[0],
                       EXPERTS);
    for (int i = 0; i < count; i++)
        choose(scratch->logits[i], routes->chosen[i]);
    uint64_t *dropped = r->links.load + (size_t)layer * (EXPERT_SLOTS + 1) + EXPERT_SLOTS;
    drop_overflow(routes, count, scratch->taken, dropped);
}

/* ---- dispatch: each row once to every ep coordinate that has an expert for it */

/* Lists the rows that go to ep coordinate `to`, with what its experts are to do with them. */
static void list_rows(struct rank *r, enum micro_batch m, int layer, int to, struct manifest *manifest)
{
    struct routes *routes = ARENA(r, m, ROUTES);
    int placed = PLACEMENT_ROWS > 1 ? r->layer_base + layer : 0, source = PLACEMENT_SOURCES > 1 ? r->ep : 0;
    int rows = 0, count = rows_of(r, m).count;
    for (int i = 0; i < count; i++) {
        int wishes = 0;
        for (int k = 0; k < TOP_K; k++) {
            const struct choice *choice = &routes->chosen[i][k];
            if (choice->expert < 0 || EXPERT_HOME[placed][source][choice->expert] != to)
                continue;
            manifest->wishes[rows][wishes++] =
                (struct wish){EXPERT_SLOT[placed][source][choice->expert], choice->weight};
        }
        if (wishes == 0)
            continue;
        for (; wishes < TOP_K; wishes++)
            manifest->wishes[rows][wishes].slot = -1;
        routes->sent_row[to][rows++] = i;
    }
    assert(rows <= DISPATCH_ROWS);
    manifest->rows = rows;
    routes->sent_count[to] = rows;
}

static uint64_t dispatch_bytes(int rows)
{
    return offsetof(struct manifest, wishes) + (uint64_t)rows * sizeof(struct wish[TOP_K]) + row_bytes(rows);
}

void dispatch_start(struct rank *r, enum micro_batch m, enum layer layer)
{
    if (!op_begins(r, m, (int)layer, "expert dispatch start"))
        return;
    struct routes *routes = ARENA(r, m, ROUTES);
    const float *routed = ARENA(r, m, ROUTED);
    list_rows(r, m, (int)layer, r->ep, &routes->own);
    for (int i = 0; i < EP; i++) {
        if (i == r->ep)
            continue;
        struct channel *channel = &r->links.dispatch_out[(size_t)m * EP + i];
        channel_wait_free(r, channel);
        struct dispatch *message = (void *)channel->data;
        list_rows(r, m, (int)layer, i, &message->manifest);
        for (int row = 0; row < routes->sent_count[i]; row++)
            memcpy(message->rows[row], routed + (size_t)routes->sent_row[i][row] * HIDDEN, sizeof message->rows[row]);
        channel_post(r, channel, CHANNEL_DISPATCH, dispatch_bytes(routes->sent_count[i]));
    }
    if (r->recorder)
        recorder_count(r->recorder, routes->sent_count, EP);
}

/* ---- arrivals: rows sorted by expert, senders in order of their coordinate */

static const struct manifest *manifest_of(const struct rank *r, enum micro_batch m, int sender)
{
    if (sender == r->ep)
        return &((const struct routes *)ARENA(r, m, ROUTES))->own;
    return &((const struct dispatch *)(void *)r->links.dispatch_in[(size_t)m * EP + sender].data)->manifest;
}

static void sort_arrivals(struct rank *r, enum micro_batch m)
{
    struct arrivals *arrivals = ARENA(r, m, ARRIVALS);
    memset(arrivals->begin, 0, sizeof arrivals->begin);
    for (int sender = 0; sender < EP; sender++) {
        const struct manifest *manifest = manifest_of(r, m, sender);
        arrivals->rows[sender] = manifest->rows;
        for (int row = 0; row < manifest->rows; row++)
            for (int k = 0; k < TOP_K && manifest->wishes[row][k].slot >= 0; k++)
                arrivals->begin[manifest->wishes[row][k].slot]++;
    }
    int32_t before = 0; /* counts become ends; filling backwards turns them into beginnings */
    for (int slot = 0; slot <= EXPERT_SLOTS; slot++)
        before = arrivals->begin[slot] += before;
    for (int sender = EP - 1; sender >= 0; sender--) {
        const struct manifest *manifest = manifest_of(r, m, sender);
        for (int row = manifest->rows - 1; row >= 0; row--)
            for (int k = 0; k < TOP_K && manifest->wishes[row][k].slot >= 0; k++)
                arrivals->entries[--arrivals->begin[manifest->wishes[row][k].slot]] =
                    (struct arrival){sender, row, manifest->wishes[row][k].weight};
    }
}

void dispatch_finish(struct rank *r, enum micro_batch m, enum layer layer)
{
    if (!op_begins(r, m, (int)layer, "expert dispatch"))
        return;
    for (int i = 0; i < EP; i++)
        if (i != r->ep)
            channel_wait_message(r, &r->links.dispatch_in[(size_t)m * EP + i]);
    sort_arrivals(r, m);
}

void gather(struct rank *r, enum micro_batch m, enum layer layer)
{
    if (!op_begins(r, m, (int)layer, "expert gather"))
        return;
    struct routes *routes = ARENA(r, m, ROUTES);
    list_rows(r, m, (int)layer, r->ep, &routes->own);
    if (r->recorder)
        recorder_count(r->recorder, routes->sent_count, EP);
    sort_arrivals(r, m);
}
