/* The experts of this rank, and the way back of what they computed. */
#include "ops/op.h"

struct scratch {
    const float *pointers[EXPERT_TILE];
    _Alignas(64) float gate_up[EXPERT_TILE][2 * EXPERT_HIDDEN];
    _Alignas(64) float product[EXPERT_TILE][EXPERT_HIDDEN];
    _Alignas(64) float out[EXPERT_TILE][HIDDEN];
};

_Static_assert(sizeof(struct scratch) <= SCRATCH_BYTES, "the plan's SCRATCH buffer is too small for experts");

/* A row where it lies: the own normed rows, or a peer's message. */
static const float *row_at(const struct rank *r, enum micro_batch m, const struct arrival *arrival)
{
    if (arrival->sender == r->ep) {
        const struct routes *routes = ARENA(r, m, ROUTES);
        return (const float *)ARENA(r, m, ROUTED) + (size_t)routes->sent_row[r->ep][arrival->row] * HIDDEN;
    }
    const struct dispatch *message = (void *)r->links.dispatch_in[(size_t)m * EP + arrival->sender].data;
    return message->rows[arrival->row];
}

/* The weighted sum of this rank's experts for one row of one sender. */
static float *sum_at(const struct rank *r, enum micro_batch m, int sender, int row)
{
    return (float *)ARENA(r, m, EXPERT_OUT) + ((size_t)sender * DISPATCH_ROWS + (size_t)row) * HIDDEN;
}

static void run_expert(struct rank *r, enum micro_batch m, int layer, int slot, const struct arrival *arrivals,
                       int count)
{
    struct scratch *scratch = (void *)(r->arena + SCRATCH_OFFSET);
    const struct packed gate_up = {EXPERT_WEIGHT(r, GATE_UP, layer, slot), 2 * EXPERT_HIDDEN, HIDDEN, WEIGHT_DTYPE};
    const struct packed down = {EXPERT_WEIGHT(r, DOWN, layer, slot), HIDDEN, EXPERT_HIDDEN, WEIGHT_DTYPE};
    for (int i = 0; i < count; i++)
        scratch->pointers[i] = row_at(r, m, &arrivals[i]);
    r->kernels->matmul(scratch->pointers, count, &gate_up, scratch->gate_up[0], 2 * EXPERT_HIDDEN);
    for (int i = 0; i < count; i++)
        r->kernels->swiglu(scratch->gate_up[i], EXPERT_HIDDEN, scratch->product[i]);
    r->kernels->matmul(point_at_rows(scratch->pointers, scratch->product[0], count, EXPERT_HIDDEN), count, &down,
                       scratch->out[0], HIDDEN);
    for (int i = 0; i < count; i++)
        r->kernels->add_scaled(scratch->out[i], arrivals[i].weight, HIDDEN,
                               sum_at(r, m, arrivals[i].sender, arrivals[i].row));
}

void experts(struct rank *r, enum micro_batch m, enum layer layer)
{
    if (!op_begins(r, m, (int)layer, "experts"))
        return;
    const struct arrivals *arrivals = ARENA(r, m, ARRIVALS);
    if (r->recorder)
        recorder_count(r->recorder, arrivals->begin, EXPERT_SLOTS + 1);
    uint64_t *load = r->links.load + (size_t)layer * (EXPERT_SLOTS + 1);
    for (int sender = 0; sender < EP; sender++)
        memset(sum_at(r, m, sender, 0), 0, (size_t)arrivals->rows[sender] * HIDDEN * sizeof(float));
    for (int slot = 0; slot < EXPERT_SLOTS; slot++) {
        int end = arrivals->begin[slot + 1];
        load[slot] += (uint64_t)(end - arrivals->begin[slot]);
        for (int i = arrivals->begin[slot]; i < end; i += EXPERT_TILE)
            run_expert(r, m, (int)layer, slot, &arrivals->entries[i], end - i < EXPERT_TILE ? end - i : EXPERT_TILE);
    }
    for (int i = 0; i < EP; i++)
        if (i != r->ep)
            channel_take(&r->links.dispatch_in[(size_t)m * EP + i]);
}

void combine_start(struct rank *r, enum micro_batch m, enum layer layer)
{
    if (!op_begins(r, m, (int)layer, "expert combine start"))
        return;
    const struct arrivals *arrivals = ARENA(r, m, ARRIVALS);
    for (int i = 0; i < EP; i++) {
        if (i == r->ep)
            continue;
        struct channel *channel = &r->links.combine_out[(size_t)m * EP + i];
        channel_wait_free(r, channel);
        memcpy(channel->data, sum_at(r, m, i, 0), row_bytes(arrivals->rows[i]));
        channel_post(r, channel, CHANNEL_COMBINE, row_bytes(arrivals->rows[i]));
    }
}

/* Adds what ep coordinate `from` computed for this rank's rows. */
static void add_sums(struct rank *r, enum micro_batch m, int from, const float *sums, float *partial)
{
    const struct routes *routes = ARENA(r, m, ROUTES);
    for (int i = 0; i < routes->sent_count[from]; i++)
        r->kernels->add_scaled(sums + (size_t)i * HIDDEN, 1.0F, HIDDEN,
                               partial + (size_t)routes->sent_row[from][i] * HIDDEN);
}

static float *empty_partial(struct rank *r, enum micro_batch m)
{
    float *partial = partial_to_write(r, m);
    memset(partial, 0, (size_t)rows_of(r, m).count * HIDDEN * sizeof *partial);
    return partial;
}

void combine_finish(struct rank *r, enum micro_batch m, enum layer layer)
{
    if (!op_begins(r, m, (int)layer, "expert combine"))
        return;
    float *partial = empty_partial(r, m);
    for (int i = 0; i < EP; i++) {
        if (i == r->ep) {
            add_sums(r, m, i, sum_at(r, m, i, 0), partial);
            continue;
        }
        struct channel *channel = &r->links.combine_in[(size_t)m * EP + i];
        channel_wait_message(r, channel);
        add_sums(r, m, i, (const float *)(void *)channel->data, partial);
        channel_take(channel);
    }
}

void scatter(struct rank *r, enum micro_batch m, enum layer layer)
{
    if (!op_begins(r, m, (int)layer, "expert scatter"))
        return;
    add_sums(r, m, r->ep, sum_at(r, m, r->ep, 0), empty_partial(r, m));
}
