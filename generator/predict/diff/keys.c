/* Which keys of a strategy changed their value. Where the grid is another one, tables over its coordinates (rank,
 * stages, experts) cannot be laid over each other: they count as changed unless both are what the key's default would
 * give. */
#include "claims.h"
#include "predict/diff/passes.h"

#include <string.h>

typedef bool changed(const struct strategy *old, const struct strategy *new);

static bool texts_differ(const char *left, const char *right)
{
    return left != right && (!left || !right || strcmp(left, right) != 0);
}

static bool name_changed(const struct strategy *old, const struct strategy *new)
{
    return texts_differ(old->name, new->name);
}

static bool model_changed(const struct strategy *old, const struct strategy *new)
{
    const struct model *a = &old->model, *b = &new->model;
    return texts_differ(a->family, b->family) || !same_checkpoint(old, new) || a->hidden != b->hidden ||
           a->layers != b->layers || a->heads != b->heads || a->kv_heads != b->kv_heads || a->head_dim != b->head_dim ||
           a->experts != b->experts || a->top_k != b->top_k || a->expert_hidden != b->expert_hidden ||
           a->vocabulary != b->vocabulary || a->max_positions != b->max_positions || a->window != b->window ||
           a->rms_epsilon != b->rms_epsilon || a->rope_theta != b->rope_theta ||
           a->stop_token_count != b->stop_token_count ||
           memcmp(a->stop_tokens, b->stop_tokens, (size_t)a->stop_token_count * sizeof(int)) != 0;
}

static bool grid_changed(const struct strategy *old, const struct strategy *new)
{
    return memcmp(old->grid, new->grid, sizeof old->grid) != 0;
}

static bool default_ranks(const struct strategy *strategy)
{
    for (int i = 0; i < strategy->world; i++)
        if (strategy->rank_of[i] != i)
            return false;
    return true;
}

static bool rank_changed(const struct strategy *old, const struct strategy *new)
{
    if (grid_changed(old, new))
        return !default_ranks(old) || !default_ranks(new);
    return memcmp(old->rank_of, new->rank_of, (size_t)old->world * sizeof(int)) != 0;
}

static bool default_stages(const struct strategy *strategy)
{
    for (int stage = 1; stage < strategy->grid[AXIS_PP]; stage++)
        if (strategy->stage_layers[stage] != strategy->stage_layers[0])
            return false;
    return true;
}

static bool stages_changed(const struct strategy *old, const struct strategy *new)
{
    int stages = old->grid[AXIS_PP];
    if (stages != new->grid[AXIS_PP] || old->model.layers != new->model.layers)
        return !default_stages(old) || !default_stages(new);
    return memcmp(old->stage_layers, new->stage_layers, (size_t)stages * sizeof(int)) != 0;
}

static const int *holders_of(const struct strategy *strategy, int layer, int expert)
{
    return strategy->holders +
           ((size_t)layer * (size_t)strategy->model.experts + (size_t)expert) * (size_t)strategy->holder_room;
}

static int holder_at(const struct strategy *strategy, int layer, int expert, int index)
{
    return index < strategy->holder_room ? holders_of(strategy, layer, expert)[index] : -1;
}

static bool default_experts(const struct strategy *strategy)
{
    int experts = strategy->model.experts, ep = strategy->grid[AXIS_EP];
    for (int layer = 0; layer < strategy->model.layers; layer++)
        for (int expert = 0; expert < experts; expert++)
            if (holder_at(strategy, layer, expert, 0) != (int)((int64_t)expert * ep / experts) ||
                holder_at(strategy, layer, expert, 1) >= 0)
                return false;
    return true;
}

static bool experts_changed(const struct strategy *old, const struct strategy *new)
{
    const struct model *model = &old->model;
    if (old->grid[AXIS_EP] != new->grid[AXIS_EP] || model->layers != new->model.layers ||
        model->experts != new->model.experts)
        return !default_experts(old) || !default_experts(new);
    int room = old->holder_room > new->holder_room ? old->holder_room : new->holder_room;
    for (int layer = 0; layer < model->layers; layer++)
        for (int expert = 0; expert < model->experts; expert++)
            for (int i = 0; i < room; i++)
                if (holder_at(old, layer, expert, i) != holder_at(new, layer, expert, i))
                    return true;
    return false;
}

static bool target_changed(const struct strategy *old, const struct strategy *new)
{
    const char *old_hardware = old->hardware ? old->hardware->name : NULL;
    const char *new_hardware = new->hardware ? new->hardware->name : NULL;
    return texts_differ(old->target.device, new->target.device) ||
           texts_differ(old->target.transport, new->target.transport) || texts_differ(old_hardware, new_hardware) ||
           old->target.threads != new->target.threads || old->target.ranks_per_node != new->target.ranks_per_node ||
           old->target.memory_bytes != new->target.memory_bytes;
}

static bool batch_changed(const struct strategy *old, const struct strategy *new)
{
    return memcmp(&old->batch, &new->batch, sizeof old->batch) != 0; /* ints alone: no padding */
}

static bool dtype_changed(const struct strategy *old, const struct strategy *new)
{
    return old->dtype.weights != new->dtype.weights;
}

static bool dispatch_changed(const struct strategy *old, const struct strategy *new)
{
    return old->capacity_factor != new->capacity_factor;
}

static bool require_changed(const struct strategy *old, const struct strategy *new)
{
    return old->require.ttft_s != new->require.ttft_s || old->require.tokens_per_s != new->require.tokens_per_s ||
           old->require.per_rank != new->require.per_rank;
}

static bool alternatives_differ(const struct alternatives *left, const struct alternatives *right)
{
    if (left->count != right->count || left->own != right->own)
        return true;
    for (int i = 0; i < left->count; i++)
        if (left->numbers[i] != right->numbers[i] || texts_differ(left->words[i], right->words[i]))
            return true;
    return false;
}

static bool claims_changed(const struct strategy *old, const struct strategy *new)
{
    const struct claims *left = old->claims, *right = new->claims;
    if (!left || !right)
        return left != right;
    if (left->count != right->count)
        return true;
    for (int i = 0; i < left->count; i++) {
        const struct claim *a = &left->list[i], *b = &right->list[i];
        if (texts_differ(a->name, b->name) || texts_differ(a->text, b->text) || a->mfu != b->mfu ||
            a->charged_all != b->charged_all)
            return true;
    }
    for (int i = 0; i < ASSUMPTIONS_ALL; i++)
        if (alternatives_differ(&left->assume[i], &right->assume[i]))
            return true;
    return false;
}

static changed *const tests[STRATEGY_KEY_COUNT] = {
    [KEY_name] = name_changed,         [KEY_model] = model_changed,     [KEY_grid] = grid_changed,
    [KEY_rank] = rank_changed,         [KEY_stages] = stages_changed,   [KEY_experts] = experts_changed,
    [KEY_target] = target_changed,     [KEY_batch] = batch_changed,     [KEY_dtype] = dtype_changed,
    [KEY_dispatch] = dispatch_changed, [KEY_require] = require_changed, [KEY_claims] = claims_changed,
};

void diff_keys(struct diff *diff)
{
    const struct strategy *old = diff->old.strategy, *new = diff->new.strategy;
    diff->keys = pool_take(&diff->pool, STRATEGY_KEY_COUNT, sizeof *diff->keys);
    diff->keys_known = old && new;
    for (int key = 0; key < STRATEGY_KEY_COUNT && diff->keys_known; key++)
        if (tests[key] && tests[key](old, new))
            diff->keys[diff->key_count++] = (struct diff_key){key, old->lines[key], new->lines[key]};
}
