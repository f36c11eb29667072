/* The document's own arithmetic: whether a figure follows from its other figures, right or wrong as those may be. */
#include "predict/audit/parts.h"

enum operation { ADD, SUBTRACT, DIVIDE };

/* A figure of `result` should be what the operation makes of the stated figures of `terms`. */
static const struct sum {
    enum quantity result;
    enum operation operation;
    int count;
    enum quantity terms[4];
} sums[] = {
    {QUANTITY_memory_per_gpu,
     ADD,
     4,
     {QUANTITY_weights_per_gpu, QUANTITY_activations_per_gpu, QUANTITY_kv_per_gpu, QUANTITY_overhead_per_gpu}},
    {QUANTITY_headroom, SUBTRACT, 2, {QUANTITY_gpu_memory, QUANTITY_memory_per_gpu}},
    {QUANTITY_memory_used, DIVIDE, 2, {QUANTITY_memory_per_gpu, QUANTITY_gpu_memory}},
    {QUANTITY_memory_free, DIVIDE, 2, {QUANTITY_headroom, QUANTITY_gpu_memory}},
    {QUANTITY_weights_per_gpu, DIVIDE, 2, {QUANTITY_weights, QUANTITY_gpus}},
};

static double apply(enum operation operation, double left, double right)
{
    return operation == ADD ? left + right : operation == SUBTRACT ? left - right : left / right;
}

static const char *sum_text(const struct sum *sum, const struct claims *claims, const struct claim *claim,
                            struct pool *pool)
{
    static const char *const signs[] = {" + ", " - ", " / "};
    const char *text = "";
    double value = 0;
    for (int i = 0; i < sum->count; i++) {
        const struct claim *term = stated_figure(claims, sum->terms[i]);
        if (!term)
            return NULL;
        value = i == 0 ? term->figure.least : apply(sum->operation, value, term->figure.least);
        text = pool_format(pool, "%s%s%s", text, i ? signs[sum->operation] : "", term->text);
    }
    bool adds_up = value >= claim->figure.low && value <= claim->figure.high;
    return pool_format(pool, "%s = %s, which %s %s", text,
                       in_unit(pool, value, claim->figure.unit, claim->figure.factor),
                       adds_up ? "does round to" : "is not", claim->text);
}

/* A throughput at one MFU from that at another, with all gains that the document lists. */
static const char *chain_text(const struct claims *claims, const struct claim *claim, struct pool *pool)
{
    const struct claim *base = NULL, *sparsity = stated_figure(claims, QUANTITY_sparsity);
    const struct claim *gain = stated_figure(claims, QUANTITY_overlap_gain);
    for (int i = 0; i < claims->count && !base; i++)
        if (claims->list[i].quantity == QUANTITY_throughput && claims->list[i].charged_all && claims->list[i].mfu > 0)
            base = &claims->list[i];
    if (!base || !sparsity || claim->charged_all || claim->mfu <= 0)
        return NULL;
    double rate = base->figure.least * sparsity->figure.least * claim->mfu / base->mfu;
    double gained = gain ? rate * (1 + gain->figure.least) : rate;
    bool within = gained >= claim->figure.low && gained <= claim->figure.high;
    return pool_format(pool, "%s x %s x %.3g / %.3g %% MFU%s%s = %s, which %s within %s", base->text, sparsity->text,
                       claim->mfu * 100, base->mfu * 100, gain ? " + " : "", gain ? gain->text : "",
                       in_unit(pool, gained, claim->figure.unit, claim->figure.factor), within ? "is" : "is not",
                       claim->text);
}

/* Another figure of the same number of things, which cannot be true as well. */
static const char *contradiction(const struct claims *claims, const struct claim *claim, struct pool *pool)
{
    const struct quantity_info *info = &quantity_table[claim->quantity];
    for (int i = 0; i < claims->count && info->dimension == IN_NUMBER && info->label == ANY_LABEL; i++) {
        const struct claim *other = &claims->list[i];
        if (other->quantity == claim->quantity &&
            (other->figure.high < claim->figure.low || other->figure.low > claim->figure.high))
            return pool_format(pool, "the document contradicts itself: %s says %s", other->name, other->text);
    }
    return NULL;
}

const char *own_figures(const struct claims *claims, const struct claim *claim, struct pool *pool)
{
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        if (sums[i].result == claim->quantity)
            return sum_text(&sums[i], claims, claim, pool);
    if (claim->quantity == QUANTITY_throughput)
        return chain_text(claims, claim, pool);
    return contradiction(claims, claim, pool);
}
