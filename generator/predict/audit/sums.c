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

const char *own_figures(const struct claims *claims, const struct claim *claim, struct pool *pool)
{
    static const char *const signs[] = {" + ", " - ", " / "};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        const struct sum *sum = &sums[i];
        if (sum->result != claim->quantity)
            continue;
        const char *text = "";
        double value = 0;
        for (int j = 0; j < sum->count; j++) {
            const struct claim *term = stated_figure(claims, sum->terms[j]);
            if (!term)
                return NULL;
            value = j == 0 ? term->figure.least : apply(sum->operation, value, term->figure.least);
            text = pool_format(pool, "%s%s%s", text, j ? signs[sum->operation] : "", term->text);
        }
        bool adds_up = value >= claim->figure.low && value <= claim->figure.high;
        return pool_format(pool, "%s = %s, which %s %s", text,
                           in_unit(pool, value, claim->figure.unit, claim->figure.factor),
                           adds_up ? "does round to" : "is not", claim->text);
    }
    return NULL;
}
