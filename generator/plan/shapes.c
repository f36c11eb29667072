/* The sizes of a class, and the divisions that a split must respect. */
#include "plan/passes.h"

#include <limits.h>
#include <math.h>

static bool refuse(const struct strategy *strategy, enum strategy_key key, struct error *error, const char *what,
                   int size, const char *by, int parts)
{
    return fail(error, strategy->path, strategy->lines[key],
                "%s %d cannot be split over %s %d; choose a %s that divides it", what, size, by, parts, by);
}

/* Heads over tp. Fewer key/value heads than ranks: each is held by several ranks, as usual. */
static bool split_heads(const struct strategy *strategy, struct shapes *shape, struct error *error)
{
    const struct model *model = &strategy->model;
    int tp = strategy->grid[AXIS_TP];
    if (model->heads % tp != 0)
        return refuse(strategy, KEY_grid, error, "num_attention_heads", model->heads, "tp", tp);
    if (model->kv_heads % tp != 0 && tp % model->kv_heads != 0)
        return refuse(strategy, KEY_grid, error, "num_key_value_heads", model->kv_heads, "tp", tp);
    shape->heads = model->heads / tp;
    shape->kv_heads = model->kv_heads > tp ? model->kv_heads / tp : 1;
    shape->head_dim = model->head_dim;
    return true;
}

static bool split_experts(const struct strategy *strategy, const struct plan *plan, struct shapes *shape,
                          struct error *error)
{
    const struct model *model = &strategy->model;
    int tp = strategy->grid[AXIS_TP];
    if (model->expert_hidden % tp != 0)
        return refuse(strategy, KEY_grid, error, "expert hidden size", model->expert_hidden, "tp", tp);
    shape->experts = model->experts;
    shape->top_k = model->top_k;
    shape->expert_slots = plan->placement.expert_slots;
    shape->expert_hidden = model->expert_hidden / tp;
    return true;
}

static int at_most(double value, int most)
{
    return value < most ? (int)value : most;
}

/* Rows: of a micro-batch, of one expert from one sender, of one sender's message. */
static void count_rows(const struct strategy *strategy, struct shapes *shape)
{
    int micro_batches = strategy->batch.micro_batches;
    shape->micro_batches = micro_batches;
    shape->prefill_rows = (strategy->batch.prefill_rows + micro_batches - 1) / micro_batches;
    shape->decode_rows = (strategy->batch.sequences + micro_batches - 1) / micro_batches;
    shape->logit_rows = at_most(strategy->batch.logit_rows, most_rows(shape));
    int rows = most_rows(shape);
    shape->expert_capacity = rows;
    if (strategy->capacity_factor > 0) /* Switch Transformers, equation 3: factor x the even share */
        shape->expert_capacity = at_most(ceil(strategy->capacity_factor * rows * shape->top_k / shape->experts), rows);
    shape->dispatch_rows = at_most((double)shape->expert_capacity * shape->expert_slots, rows);
}

/* What is computed together: of a processor rows of one expert, enough to reuse a panel of weights from cache; of a GPU
 * pairs of a row and an expert, enough to fill it. Few enough for a small scratch. */
enum { CPU_TILE = 256, CUDA_TILE = 4096 };

static bool count_positions(const struct strategy *strategy, bool is_cuda, struct shapes *shape, struct error *error)
{
    const struct model *model = &strategy->model;
    shape->sequences = strategy->batch.sequences;
    shape->context = strategy->batch.context;
    shape->window = model->window > 0 && model->window < shape->context ? model->window : shape->context;
    shape->sequence_blocks = (shape->context + KV_BLOCK_POSITIONS - 1) / KV_BLOCK_POSITIONS;
    int64_t kv_blocks = (int64_t)shape->sequence_blocks * shape->sequences;
    int64_t arrival_rows = (int64_t)shape->ep * shape->expert_capacity;
    if (kv_blocks > INT_MAX || arrival_rows > INT_MAX)
        return fail(error, strategy->path, strategy->lines[KEY_batch],
                    "a batch of %d sequences of %d positions is out of reach; choose smaller numbers", shape->sequences,
                    shape->context);
    shape->kv_blocks = (int)kv_blocks;
    shape->arrival_rows = (int)arrival_rows;
    shape->expert_tile =
        is_cuda ? at_most((double)most_pairs(shape), CUDA_TILE) : at_most((double)arrival_rows, CPU_TILE);
    return true;
}

/* GPUs move 16 bytes at a time, and so does cuBLASLt: rows of weights and activations are multiples of that. Their
 * matrix units take 16 values of a head at a time. */
static bool rows_are_aligned(const struct strategy *strategy, const struct rank_class *class, struct error *error)
{
    const struct shapes *shape = &class->shape;
    int moved = class->weights == DTYPE_BF16 ? 8 : 4;
    const struct {
        const char *what;
        int size, multiple;
    } widths[] = {{"hidden_size", shape->hidden, moved},
                  {"head_dim", shape->head_dim, 16},
                  {"a rank's slice of intermediate_size", shape->expert_hidden, moved}};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        if (widths[i].size % widths[i].multiple != 0)
            return fail(error, strategy->path, strategy->lines[KEY_grid],
                        "%s is %d; on GPUs it must be a multiple of %d; choose another grid or model", widths[i].what,
                        widths[i].size, widths[i].multiple);
    return true;
}

bool plan_shapes(const struct strategy *strategy, struct plan *plan, struct rank_class *class, struct error *error)
{
    const struct model *model = &strategy->model;
    struct shapes *shape = &class->shape;
    shape->world = plan->world;
    shape->dp = plan->grid[AXIS_DP];
    shape->pp = plan->grid[AXIS_PP];
    shape->ep = plan->grid[AXIS_EP];
    shape->tp = plan->grid[AXIS_TP];
    shape->model_layers = model->layers;
    shape->model_heads = model->heads;
    shape->model_kv_heads = model->kv_heads;
    shape->model_expert_hidden = model->expert_hidden;
    shape->hidden = model->hidden;
    shape->vocabulary = model->vocabulary;
    shape->vocabulary_slice = (model->vocabulary + shape->tp - 1) / shape->tp;
    class->weights = strategy->dtype.weights;
    class->rms_epsilon = pool_format(&plan->pool, "%.9g", model->rms_epsilon);
    class->rope_theta = pool_format(&plan->pool, "%.9g", model->rope_theta);
    if (!split_heads(strategy, shape, error) || !split_experts(strategy, plan, shape, error))
        return false;
    if (class->device == DEVICE_CUDA && !rows_are_aligned(strategy, class, error))
        return false;
    count_rows(strategy, shape);
    return count_positions(strategy, class->device == DEVICE_CUDA, shape, error);
}
