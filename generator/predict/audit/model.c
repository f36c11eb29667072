/* What a model has and what a token uses of it: parameters, exactly; and the arithmetic of a token. */
#include "predict/audit/parts.h"

struct parameter_count model_parameters(const struct model *model)
{
    uint64_t hidden = (uint64_t)model->hidden, layers = (uint64_t)model->layers;
    uint64_t query = (uint64_t)model->heads * (uint64_t)model->head_dim;
    uint64_t key_value = (uint64_t)model->kv_heads * (uint64_t)model->head_dim;
    uint64_t experts = (uint64_t)model->experts, vocabulary = (uint64_t)model->vocabulary;
    return (struct parameter_count){
        .embedding = vocabulary * hidden,
        .attention = layers * hidden * (2 * query + 2 * key_value),
        .norms = (2 * layers + 1) * hidden,
        .routers = layers * experts * hidden,
        .experts = layers * experts * 3 * hidden * (uint64_t)model->expert_hidden,
        .head = vocabulary * hidden,
    };
}

uint64_t all_parameters(const struct parameter_count *count)
{
    return count->embedding + count->attention + count->norms + count->routers + count->experts + count->head;
}

uint64_t used_parameters(const struct parameter_count *count, const struct model *model)
{
    uint64_t used = count->experts / (uint64_t)model->experts * (uint64_t)model->top_k;
    return all_parameters(count) - count->experts + used;
}

double token_flops(const struct scenario *scenario, bool charged_all, const char **formula)
{
    const struct model *model = &scenario->strategy->model;
    struct parameter_count count = model_parameters(model);
    uint64_t multiplied =
        charged_all ? all_parameters(&count) : used_parameters(&count, model) - count.embedding - count.norms;
    double look_back = 0.5 * scenario->strategy->batch.context;
    double attention = charged_all ? 0 : 4.0 * model->layers * model->heads * model->head_dim * look_back;
    double flops = 2.0 * (double)multiplied + attention;
    if (formula && charged_all)
        *formula = pool_format(scenario->pool, "2 x %s parameters = %.4g GFLOP", whole(scenario->pool, multiplied),
                               flops / 1e9);
    else if (formula)
        *formula = pool_format(scenario->pool,
                               "2 x %s parameters that a token of top %d is multiplied with + 4 x %d layers x %d x "
                               "%.0f positions = %.4g GFLOP",
                               whole(scenario->pool, multiplied), model->top_k, model->layers,
                               model->heads * model->head_dim, look_back, flops / 1e9);
    return flops;
}

/* The hidden size of experts with which the model has `wanted` parameters, when `experts` of a layer are counted. */
static const char *expert_hidden_for(const struct scenario *scenario, double wanted, int experts)
{
    const struct model *model = &scenario->strategy->model;
    struct parameter_count count = model_parameters(model);
    double dense = (double)(all_parameters(&count) - count.experts);
    double hidden = (wanted - dense) / (3.0 * model->layers * experts * model->hidden);
    return hidden < 1 ? "no hidden size of the experts: what is outside them is more"
                      : pool_format(scenario->pool, "intermediate_size = %s with hidden_size = %d",
                                    number_text(scenario->pool, round(hidden)), model->hidden);
}

struct computed audit_parameters(const struct scenario *scenario, const struct claim *claim)
{
    struct pool *pool = scenario->pool;
    struct parameter_count count = model_parameters(&scenario->strategy->model);
    struct computed computed =
        exactly((double)all_parameters(&count),
                pool_format(pool, "experts %s + attention %s + embedding %s + head %s + routers %s + norms %s = %s",
                            whole(pool, count.experts), whole(pool, count.attention), whole(pool, count.embedding),
                            whole(pool, count.head), whole(pool, count.routers), whole(pool, count.norms),
                            whole(pool, all_parameters(&count))));
    computed.meets = expert_hidden_for(scenario, aim(claim), scenario->strategy->model.experts);
    return computed;
}

struct computed audit_active_parameters(const struct scenario *scenario, const struct claim *claim)
{
    struct pool *pool = scenario->pool;
    const struct model *model = &scenario->strategy->model;
    struct parameter_count count = model_parameters(model);
    struct computed computed =
        exactly((double)used_parameters(&count, model),
                pool_format(pool, "%s parameters outside experts + %s of experts x %d / %d = %s",
                            whole(pool, all_parameters(&count) - count.experts), whole(pool, count.experts),
                            model->top_k, model->experts, whole(pool, used_parameters(&count, model))));
    computed.meets = expert_hidden_for(scenario, aim(claim), model->top_k);
    return computed;
}

/* all / used, if a token went to `top_k` experts. */
static double sparsity(const struct model *model, int top_k)
{
    struct model other = *model;
    other.top_k = top_k;
    struct parameter_count count = model_parameters(model);
    return (double)all_parameters(&count) / (double)used_parameters(&count, &other);
}

struct computed audit_sparsity(const struct scenario *scenario, const struct claim *claim)
{
    struct pool *pool = scenario->pool;
    const struct model *model = &scenario->strategy->model;
    struct parameter_count count = model_parameters(model);
    struct computed computed =
        exactly(sparsity(model, model->top_k),
                pool_format(pool,
                            "%s parameters / %s that a token of top %d uses = %.3gx; only experts shrink by %d / %d: "
                            "attention, embedding and head are used by every token",
                            whole(pool, all_parameters(&count)), whole(pool, used_parameters(&count, model)),
                            model->top_k, sparsity(model, model->top_k), model->experts, model->top_k));
    int nearest = 1;
    for (int top_k = 1; top_k <= model->experts; top_k++)
        if (fabs(sparsity(model, top_k) - aim(claim)) < fabs(sparsity(model, nearest) - aim(claim)))
            nearest = top_k;
    double best = sparsity(model, nearest);
    bool met = best >= claim->figure.low && best <= claim->figure.high;
    computed.meets =
        met ? pool_format(pool, "top %d gives %.3gx", nearest, best)
            : pool_format(pool, "no number of experts a token: the nearest is top %d with %.3gx", nearest, best);
    return computed;
}
