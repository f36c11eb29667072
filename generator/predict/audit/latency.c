/* How soon: the time until every sequence has its first token. All prompts are as long as the context. */
#include "predict/audit/parts.h"
#include "published.h"

static double prompt_tokens(const struct strategy *strategy)
{
    return (double)strategy->batch.sequences * strategy->grid[AXIS_DP] * strategy->grid[AXIS_EP] *
           strategy->batch.context;
}

/* What a throughput that the document claims would make of it. */
static const char *by_own_rate(const struct scenario *scenario, double tokens)
{
    const struct claim *rate = stated_figure(scenario->claims, QUANTITY_throughput);
    if (!rate || rate->figure.least <= 0)
        return "";
    return pool_format(scenario->pool, "; the document's own %s would make it %.3g s", rate->text,
                       tokens / scenario->strategy->world / rate->figure.least);
}

/* Not sooner than all accelerators at their peak; and, where a bound is claimed, not later than at the lowest
 * utilization that was published of prefill, which makes an upper bound likely and refutes no figure above it. */
static struct computed by_utilization(const struct scenario *scenario, const struct claim *claim, double tokens)
{
    double flops = token_flops(scenario, claim->charged_all, NULL), peak = peak_flops(scenario);
    double at_peak = tokens * flops / (scenario->strategy->world * peak);
    double highest = published_mfu(MFU_HIGHEST)->share, lowest = published_mfu(MFU_LOWEST_PREFILL)->share;
    const char *work = pool_format(scenario->pool, "%s prompt tokens x %.4g GFLOP / (%d x %.4g TFLOP/s, %s)",
                                   number_text(scenario->pool, tokens), flops / 1e9, scenario->strategy->world,
                                   peak / 1e12, scenario->accelerator->name);
    if (claim->mfu > 0)
        return exactly(at_peak / claim->mfu, pool_format(scenario->pool, "%s / %.3g %% = %.3g s", work,
                                                         claim->mfu * 100, at_peak / claim->mfu));
    return between(at_peak, claim->figure.at_most ? at_peak / lowest : INFINITY,
                   pool_format(scenario->pool,
                               "%s = %.3g s at the peak; %.3g s at the highest published MFU of %.3g %%, %.3g s at the "
                               "lowest of prefill, %.3g %%",
                               work, at_peak, at_peak / highest, highest * 100, at_peak / lowest, lowest * 100));
}

struct computed audit_ttft(const struct scenario *scenario, const struct claim *claim)
{
    if (predicted(scenario, claim))
        return exactly(scenario->prediction->ttft_s,
                       "simulated, on the strategy's hardware, with prompts of half the context");
    if (peak_flops(scenario) <= 0)
        return unknown(no_accelerator);
    double tokens = prompt_tokens(scenario->strategy), flops = token_flops(scenario, claim->charged_all, NULL);
    struct computed computed = by_utilization(scenario, claim, tokens);
    double wanted = claim->figure.at_most ? claim->figure.most : aim(claim);
    computed.because = pool_format(scenario->pool, "%s%s", computed.because, by_own_rate(scenario, tokens));
    computed.premise = claim->mfu > 0 ? mfu_premise(scenario, claim->mfu) : NULL;
    computed.meets = mfu_needed(scenario, tokens * flops / scenario->strategy->world / wanted);
    return computed;
}

struct computed audit_ttft_margin(const struct scenario *scenario, const struct claim *claim)
{
    (void)claim;
    const struct claim *required = stated_bound(scenario->claims, QUANTITY_ttft);
    const struct claim *achieved = stated_figure(scenario->claims, QUANTITY_ttft);
    if (!required || !achieved)
        return unknown("needs both a claimed ttft and a bound on it");
    double margin = required->figure.most / achieved->figure.least;
    struct computed computed =
        exactly(margin, pool_format(scenario->pool, "%s over %s = %.4g", required->text, achieved->text, margin));
    computed.premise =
        pool_format(scenario->pool, "it is only as good as \"%s\" itself: see %s", achieved->text, achieved->name);
    return computed;
}
