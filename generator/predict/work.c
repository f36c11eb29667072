#include "predict/work.h"

#include <assert.h>

enum { F32 = 4, BF16 = 2, WISH_BYTES = 8, RECORD_ALIGNMENT = 16 };

/* ---- a step's rows */

const struct micro_rows *rows_of_op(const struct work_site *site, const struct op *op)
{
    size_t lane = (size_t)lane_of(site->plan, site->row);
    return &site->step->rows[lane * (size_t)site->step->active + (size_t)op->micro];
}

/* Where [lane][layer][micro-batch] of the op is among the step's routes. */
static size_t route_index(const struct work_site *site, const struct op *op, size_t lane)
{
    size_t layers = (size_t)site->class->shape.model_layers, layer = (size_t)site->row->layer_base + (size_t)op->layer;
    return (lane * layers + layer) * (size_t)site->step->active + (size_t)op->micro;
}

int sent_rows(const struct work_site *site, const struct op *op, int from, int to)
{
    size_t ep = (size_t)site->class->shape.ep, lane = (size_t)site->row->at[AXIS_DP] * ep + (size_t)from;
    return site->step->routes.sent_rows[route_index(site, op, lane) * ep + (size_t)to];
}

static const int32_t *slot_rows(const struct work_site *site, const struct op *op)
{
    size_t at = route_index(site, op, (size_t)lane_of(site->plan, site->row));
    return site->step->routes.slot_rows + at * (size_t)site->class->shape.expert_slots;
}

/* ---- what GPUs move */

static bool is_gpu(const struct rank_class *class)
{
    return class->device == DEVICE_CUDA;
}

uint64_t value_bytes(const struct rank_class *class)
{
    return value_dtype(class) == DTYPE_BF16 ? BF16 : F32;
}

uint64_t record_bytes(const struct rank_class *class)
{
    uint64_t bytes = (uint64_t) class->shape.hidden * value_bytes(class) + (uint64_t) class->shape.top_k * WISH_BYTES;
    return (bytes + RECORD_ALIGNMENT - 1) / RECORD_ALIGNMENT * RECORD_ALIGNMENT;
}

static int least(int left, int right)
{
    return left < right ? left : right;
}

struct micro_rows captured_rows(const struct work_site *site, const struct op *op)
{
    const struct shapes *shape = &site->class->shape;
    struct micro_rows rows = *rows_of_op(site, op);
    if (is_gpu(site->class) && site->step->phase == DECODE) {
        rows.rows = shape->decode_rows;
        rows.wanted = least(shape->decode_rows, shape->logit_rows);
    }
    return rows;
}

int sent_records(const struct work_site *site, const struct op *op, int from, int to)
{
    const struct shapes *shape = &site->class->shape;
    if (site->step->phase == DECODE)
        return least(shape->decode_rows, shape->dispatch_rows);
    return dispatch_is_exact(site->plan) ? sent_rows(site, op, from, to) : shape->dispatch_rows;
}

/* ---- counting */

struct counting {
    const struct work_site *site;
    const struct shapes *shape;
    const struct op *op;
    struct micro_rows rows,
        captured; /* of this lane and micro-batch; as many as a GPU's products and messages are of */
    struct op_work work;
};

static void feature(struct counting *count, int index, double value)
{
    count->work.features[index] = value;
}

/* Activations as the device keeps them: on processors f32 wherever they are. */
static void touch_values(struct counting *count, double values)
{
    count->work.memory_bytes += values * (double)value_bytes(count->site->class);
}

static void touch_f32(struct counting *count, double values)
{
    count->work.memory_bytes += values * F32;
}

/* Panels of 16 outputs on processors; GPUs read rows. */
static double weight_bytes(const struct counting *count, enum dtype dtype, int outputs, int inputs)
{
    if (is_gpu(count->site->class))
        return (double)outputs * inputs * (dtype == DTYPE_BF16 ? BF16 : F32);
    return (double)packed_bytes(dtype, outputs, inputs);
}

static void wait_for_bytes(struct counting *count, double bytes)
{
    const struct work_site *site = count->site;
    count->work.waiting_bytes += bytes;
    count->work.product_s += waiting_seconds(site->hardware->calibrated, site->footprint_bytes, bytes);
}

static void add_product(struct counting *count, enum dtype dtype, double rows, int outputs, int inputs)
{
    const struct work_site *site = count->site;
    if (rows <= 0)
        return;
    count->work.flops[dtype] += 2 * rows * outputs * inputs;
    count->work.memory_bytes += weight_bytes(count, dtype, outputs, inputs);
    touch_values(count, rows * (outputs + inputs));
    if (!site->hardware->calibrated)
        return;
    count->work.product_s +=
        product_seconds(site->hardware->calibrated, dtype, site->company, site->footprint_bytes, rows, outputs, inputs);
    if (rows_wait(rows))
        wait_for_bytes(count, (double)packed_bytes(dtype, outputs, inputs));
}

/* ---- the ops */

static double stream_values(const struct counting *count)
{
    return (double)count->rows.rows * count->shape->hidden;
}

static void count_stream(struct counting *count)
{
    feature(count, 1, stream_values(count));
    touch_f32(count, 2 * stream_values(count));
}

/* From the table's dtype to the stream's, or to a share's, which on GPUs is the same. */
static void count_embed(struct counting *count)
{
    feature(count, 1, stream_values(count));
    touch_values(count, stream_values(count));
    touch_f32(count, stream_values(count));
}

static void count_embed_slice(struct counting *count)
{
    feature(count, 1, stream_values(count));
    touch_values(count, 2 * stream_values(count));
}

static void count_rotary(struct counting *count)
{
    feature(count, 1, (double)count->rows.rows * count->shape->head_dim);
    touch_f32(count, (double)count->rows.rows * count->shape->head_dim);
}

/* Keys and values of decoding rows were last read a step ago, so they come from where the weights do. Rows of a prompt
 * find what their neighbours have just read. */
static void count_cache(struct counting *count, double bytes)
{
    const struct work_site *site = count->site;
    if (!site->hardware->calibrated || site->step->phase != DECODE)
        return;
    count->work.product_s += stream_seconds(site->hardware->calibrated, site->company, site->footprint_bytes, bytes);
    wait_for_bytes(count, bytes);
}

/* How many rows read keys and values together: on GPUs, those of a tile of a prompt's rows and heads. */
static double rows_at_once(const struct counting *count)
{
    enum { TILE_PAIRS = 64 };
    int group = count->shape->heads / count->shape->kv_heads;
    bool tiles = is_gpu(count->site->class) && count->site->step->phase == PREFILL && group < TILE_PAIRS;
    return tiles ? (double)TILE_PAIRS / group : 1;
}

static void count_attention(struct counting *count)
{
    const struct shapes *shape = count->shape;
    double rows = count->captured.rows, positions = (double)count->rows.positions;
    int query = shape->heads * shape->head_dim, key = shape->kv_heads * shape->head_dim;
    add_product(count, count->site->class->weights, rows, query + 2 * key, shape->hidden);
    add_product(count, count->site->class->weights, rows, shape->hidden, query);
    count_cache(count, 2 * positions * key * F32);
    count->work.flops[count->site->class->weights] += 4 * positions * query; /* where a device has its fast units */
    touch_values(count, 2 * positions / rows_at_once(count) * key + 2 * rows * key);
    feature(count, 1, rows * (shape->hidden + query + 2 * key));
    feature(count, 2, positions * key);
    feature(count, 3, positions * query);
    feature(count, 4, positions * shape->heads);
}

static void count_reduce(struct counting *count)
{
    double values = (double)count->rows.rows * count->shape->hidden;
    feature(count, 1, values * (count->shape->tp + 1));
    feature(count, 2, count->shape->tp - 1);
    touch_values(count, values * (count->shape->tp + 1));
}

/* ---- ops of GPUs */

/* In place, by NCCL. */
static void count_sum(struct counting *count)
{
    touch_values(count, 2.0 * count->captured.rows * count->shape->hidden);
}

static void count_add_embedding(struct counting *count)
{
    touch_values(count, stream_values(count));
    touch_f32(count, stream_values(count));
}

static void count_add_experts(struct counting *count)
{
    if (!is_gpu(count->site->class)) {
        count_reduce(count);
        return;
    }
    touch_values(count, stream_values(count));
    touch_f32(count, 2 * stream_values(count));
}

/* Records of one ep coordinate's rows: to all others or from them, or with its own. */
static double records_of(const struct counting *count, bool arriving, bool with_own)
{
    int own = count->site->row->at[AXIS_EP];
    double records = 0;
    for (int peer = 0; peer < count->shape->ep; peer++)
        if (peer != own || with_own)
            records += arriving ? sent_records(count->site, count->op, peer, own)
                                : sent_records(count->site, count->op, own, peer);
    return records;
}

/* Messages of records are read where they are, and written where they go. */
static void count_exchange(struct counting *count)
{
    double records = records_of(count, false, false) + records_of(count, true, false);
    count->work.memory_bytes += records * (double)record_bytes(count->site->class);
}

static void count_exchange_counts(struct counting *count)
{
    touch_f32(count, 2.0 * count->shape->ep * (count->shape->expert_slots + 1));
}

static void count_add_and_route(struct counting *count)
{
    const struct shapes *shape = count->shape;
    double rows = count->rows.rows, sent = 0;
    add_product(count, DTYPE_F32, rows, shape->experts, shape->hidden);
    for (int peer = 0; peer < shape->ep; peer++)
        sent += sent_rows(count->site, count->op, count->site->row->at[AXIS_EP], peer);
    touch_values(count, 2 * stream_values(count));
    touch_f32(count, 2 * stream_values(count));
    count->work.memory_bytes += 2 * sent * (double)record_bytes(count->site->class);
}

/* ---- ops of either */

static void count_route(struct counting *count)
{
    const struct shapes *shape = count->shape;
    double rows = count->rows.rows;
    add_product(count, DTYPE_F32, rows, shape->experts, shape->hidden);
    feature(count, 1, rows * shape->hidden);
    feature(count, 2, rows * shape->experts * shape->top_k);
    feature(count, 3, rows);
    touch_values(count, 2 * rows * shape->hidden);
}

static void count_dispatch_start(struct counting *count)
{
    const struct shapes *shape = count->shape;
    if (is_gpu(count->site->class)) {
        count_exchange(count);
        return;
    }
    int own = count->site->row->at[AXIS_EP];
    double sent = 0;
    for (int peer = 0; peer < shape->ep; peer++)
        if (peer != own)
            sent += sent_rows(count->site, count->op, own, peer);
    feature(count, 1, sent * shape->hidden);
    feature(count, 2, (double)count->rows.rows * shape->top_k * shape->ep);
    feature(count, 3, shape->ep - 1);
    touch_values(count, 2 * sent * shape->hidden);
}

static double all_slot_rows(const struct counting *count, int *slots)
{
    const int32_t *rows = slot_rows(count->site, count->op);
    double sum = 0;
    for (int slot = 0; slot < count->shape->expert_slots; slot++) {
        sum += rows[slot];
        *slots += rows[slot] > 0;
    }
    return sum;
}

static void count_sort(struct counting *count)
{
    const struct shapes *shape = count->shape;
    int slots = 0;
    feature(count, 1, all_slot_rows(count, &slots));
    feature(count, 2, (double)count->rows.rows * shape->top_k * (shape->ep == 1));
    feature(count, 3, (double)shape->expert_slots * shape->ep);
    feature(count, 4, shape->ep - 1);
}

static void count_experts(struct counting *count)
{
    const struct shapes *shape = count->shape;
    const int32_t *rows = slot_rows(count->site, count->op);
    enum dtype dtype = count->site->class->weights;
    int slots = 0;
    double arrivals = all_slot_rows(count, &slots);
    for (int slot = 0; slot < shape->expert_slots; slot++) {
        add_product(count, dtype, rows[slot], 2 * shape->expert_hidden, shape->hidden);
        add_product(count, dtype, rows[slot], shape->hidden, shape->expert_hidden);
    }
    feature(count, 1, arrivals * shape->hidden);
    feature(count, 2, arrivals * shape->expert_hidden);
    feature(count, 3, arrivals);
    feature(count, 4, slots);
    touch_values(count, 2 * arrivals * shape->hidden);
}

static void count_combine_start(struct counting *count)
{
    const struct shapes *shape = count->shape;
    if (is_gpu(count->site->class)) {
        count_exchange(count);
        return;
    }
    int own = count->site->row->at[AXIS_EP];
    double rows = 0;
    for (int peer = 0; peer < shape->ep; peer++)
        if (peer != own)
            rows += sent_rows(count->site, count->op, peer, own);
    feature(count, 1, rows * shape->hidden);
    feature(count, 3, shape->ep - 1);
    touch_values(count, 2.0 * rows * shape->hidden);
}

static void count_combine(struct counting *count)
{
    const struct shapes *shape = count->shape;
    double rows = 0;
    for (int peer = 0; peer < shape->ep; peer++)
        rows += sent_rows(count->site, count->op, count->site->row->at[AXIS_EP], peer);
    feature(count, 1, rows * shape->hidden);
    feature(count, 2, (double)count->rows.rows * shape->hidden);
    feature(count, 3, shape->ep - 1);
    touch_values(count, ((is_gpu(count->site->class) ? 1 : 3) * rows + count->rows.rows) * shape->hidden);
}

static void count_head(struct counting *count)
{
    const struct shapes *shape = count->shape;
    add_product(count, count->site->class->weights, count->captured.wanted, shape->vocabulary_slice, shape->hidden);
    feature(count, 1, (double)count->rows.wanted * shape->hidden);
}

static void count_gather_logits(struct counting *count)
{
    if (is_gpu(count->site->class))
        touch_f32(count, (double)count->captured.wanted * count->shape->vocabulary_slice * 2 * (count->shape->tp - 1));
    feature(count, 1, count->shape->tp - 1);
}

static void count_sample(struct counting *count)
{
    feature(count, 1, (double)count->rows.wanted * count->shape->vocabulary);
    feature(count, 2, count->rows.wanted);
    touch_f32(count, (double)count->rows.wanted * count->shape->vocabulary);
}

static void (*const counters[OP_KINDS])(struct counting *) = {
    [OP_ROTARY] = count_rotary,
    [OP_EMBED] = count_embed,
    [OP_EMBED_SLICE] = count_embed_slice,
    [OP_REDUCE_EMBEDDING] = count_reduce,
    [OP_SUM_EMBEDDING] = count_sum,
    [OP_ADD_EMBEDDING] = count_add_embedding,
    [OP_RECEIVE_STAGE] = count_stream,
    [OP_ATTENTION] = count_attention,
    [OP_REDUCE_ATTENTION] = count_reduce,
    [OP_ADD_ATTENTION] = count_reduce,
    [OP_ROUTE] = count_route,
    [OP_SUM_ATTENTION] = count_sum,
    [OP_ADD_AND_ROUTE] = count_add_and_route,
    [OP_DISPATCH_COUNTS] = count_exchange_counts,
    [OP_DISPATCH_START] = count_dispatch_start,
    [OP_DISPATCH_FINISH] = count_sort,
    [OP_GATHER] = count_sort,
    [OP_EXPERTS] = count_experts,
    [OP_COMBINE_START] = count_combine_start,
    [OP_COMBINE_FINISH] = count_combine,
    [OP_SCATTER] = count_combine,
    [OP_REDUCE_EXPERTS] = count_reduce,
    [OP_SUM_EXPERTS] = count_sum,
    [OP_ADD_EXPERTS] = count_add_experts,
    [OP_SEND_STAGE] = count_stream,
    [OP_HEAD] = count_head,
    [OP_GATHER_LOGITS] = count_gather_logits,
    [OP_SAMPLE] = count_sample,
};

struct op_work work_of(const struct work_site *site, const struct op *op)
{
    struct counting count = {.site = site, .shape = &site->class->shape, .op = op};
    assert(op->micro < site->step->active);
    count.rows = *rows_of_op(site, op);
    count.captured = captured_rows(site, op);
    feature(&count, 0, 1);
    counters[op->kind](&count);
    return count.work;
}

/* ---- seconds */

/* A device that states no rate for a dtype computes it with the units of another. */
static double sustained_flops(const struct hardware *hardware, int dtype)
{
    double stated = hardware->flops[dtype].sustained;
    for (int other = 0; stated <= 0 && other < HARDWARE_DTYPES; other++)
        stated = hardware->flops[other].sustained;
    return stated;
}

double work_seconds(const struct hardware *hardware, enum op_kind kind, const struct op_work *work)
{
    double seconds = hardware->op_overhead_s;
    if (hardware->calibrated) {
        seconds = work->product_s;
        for (int i = 0; i < OP_FEATURES; i++)
            seconds += hardware->calibrated->op_s[kind][i] * work->features[i];
        return seconds;
    }
    double arithmetic = 0;
    for (int dtype = 0; dtype < HARDWARE_DTYPES; dtype++)
        arithmetic += work->flops[dtype] / sustained_flops(hardware, dtype);
    double memory = work->memory_bytes / hardware->memory.sustained;
    return seconds + (arithmetic > memory ? arithmetic : memory);
}

double step_model_flops(const struct plan *plan, const struct step *step)
{
    const struct shapes *shape = &plan->classes[0].shape;
    double query = (double)shape->model_heads * shape->head_dim, key = (double)shape->model_kv_heads * shape->head_dim;
    double layer = shape->hidden * (2 * query + 2 * key) + (double)shape->hidden * shape->experts +
                   3.0 * shape->top_k * shape->hidden * shape->model_expert_hidden;
    double rows = 0, wanted = 0, positions = 0;
    for (int i = 0; i < plan->grid[AXIS_DP] * plan->grid[AXIS_EP] * step->active; i++) {
        rows += step->rows[i].rows;
        wanted += step->rows[i].wanted;
        positions += (double)step->rows[i].positions;
    }
    return 2 * shape->model_layers * (rows * layer + 2 * positions * query) +
           2 * wanted * shape->hidden * shape->vocabulary;
}
