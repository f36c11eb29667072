/* How fast: MFU and throughput. Where the simulator has predicted this very plan on this very accelerator, its figure
 * is taken. Else the plan only bounds them by the accelerator's peak; published utilizations say what was reached of
 * it. */
#include "predict/audit/parts.h"
#include "published.h"

double peak_flops(const struct scenario *scenario)
{
    return scenario->accelerator ? scenario->accelerator->flops[DTYPE_BF16].peak : 0;
}

const char *const no_accelerator = "no accelerator is named, so no peak is known; list some in assume.accelerator";

/* "49.3 % (Mixtral 8x22B, training, H100; arXiv:...)" */
static const char *published_text(struct pool *pool, enum mfu_end end)
{
    const struct published_mfu *mfu = published_mfu(end);
    return pool_format(pool, "%.3g %% (%s; %s)", mfu->share * 100, mfu->what, mfu->source);
}

const char *mfu_premise(const struct scenario *scenario, double mfu)
{
    struct pool *pool = scenario->pool;
    const char *highest = published_text(pool, MFU_HIGHEST);
    if (mfu <= published_mfu(MFU_HIGHEST)->share)
        return NULL;
    if (mfu <= published_mfu(MFU_HIGHEST_DENSE)->share)
        return pool_format(pool, "an MFU of %.3g %% is above all that is known to be published of MoE models: %s",
                           mfu * 100, highest);
    return pool_format(pool,
                       "an MFU of %.3g %% is above all that is known to be published: of MoE models %s, of dense "
                       "ones %s",
                       mfu * 100, highest, published_text(pool, MFU_HIGHEST_DENSE));
}

struct computed audit_mfu(const struct scenario *scenario, const struct claim *claim)
{
    const char *above = mfu_premise(scenario, aim(claim));
    if (scenario->prediction && scenario->prediction->phases[PREFILL].mfu > 0)
        return exactly(scenario->prediction->phases[PREFILL].mfu, "the simulated prefill of this plan");
    return between(0, 1,
                   above ? above
                         : pool_format(scenario->pool,
                                       "nothing in the plan shows it; the highest that is known to be "
                                       "published is %s",
                                       published_text(scenario->pool, MFU_HIGHEST)));
}

/* The highest MFU that a figure of the document is stated at; 0: none. */
static double claimed_mfu(const struct claims *claims)
{
    double mfu = 0;
    for (int i = 0; i < claims->count; i++) {
        const struct claim *claim = &claims->list[i];
        double this_mfu = claim->quantity == QUANTITY_mfu ? claim->figure.least : claim->mfu;
        mfu = this_mfu > mfu ? this_mfu : mfu;
    }
    return mfu;
}

struct computed audit_overlap_gain(const struct scenario *scenario, const struct claim *claim)
{
    double mfu = claimed_mfu(scenario->claims), gain = aim(claim);
    if (mfu == 0)
        return unknown("an MFU is measured after communication: a gain on top of it would be counted twice");
    struct computed computed =
        between(0, 1 / mfu - 1,
                pool_format(scenario->pool,
                            "an MFU is measured after communication, so this counts it twice: %.3g %% x %.3g = "
                            "%.4g %% of the peak; 1 / %.3g %% - 1 = %.3g %% is all that is left",
                            mfu * 100, 1 + gain, mfu * (1 + gain) * 100, mfu * 100, (1 / mfu - 1) * 100));
    computed.meets = pool_format(scenario->pool, "an MFU of at most %.3g %% before the gain", 100 / (1 + gain));
    return computed;
}

/* ---- throughput */

static uint64_t weights_read(const struct scenario *scenario)
{
    uint64_t bytes = 0;
    const struct plan *plan = scenario->plan;
    int lane_ranks = plan->grid[AXIS_DP] * plan->grid[AXIS_EP] * plan->grid[AXIS_TP];
    for (int i = 0; i < plan->class_count; i++) /* a rank of each stage, one after another */
        bytes +=
            class_weight_bytes(&plan->classes[i], scenario->weights) * (uint64_t)(plan->classes[i].ranks / lane_ranks);
    return bytes;
}

/* In decode each sequence gets a token when all stages have read their weights once: a bound on tokens/s/gpu. */
static const char *decode_bound(const struct scenario *scenario)
{
    const struct plan *plan = scenario->plan;
    if (!scenario->accelerator || scenario->accelerator->memory.peak <= 0)
        return "";
    int sequences = scenario->strategy->batch.sequences * plan->grid[AXIS_DP] * plan->grid[AXIS_EP];
    uint64_t bytes = weights_read(scenario);
    double seconds = (double)bytes / scenario->accelerator->memory.peak;
    return pool_format(scenario->pool,
                       "; decode: %d sequences / (%s bytes of weights, stage after stage, / %.4g TB/s) / %d GPUs = "
                       "%.3g tokens/ms/gpu, if each step reads a rank's weights once",
                       sequences, whole(scenario->pool, bytes), scenario->accelerator->memory.peak / 1e12, plan->world,
                       sequences / seconds / plan->world / 1e3);
}

const char *mfu_needed(const struct scenario *scenario, double flops_per_s)
{
    const struct claims *claims = scenario->claims;
    const char *text = "";
    int named = claims->assume[ASSUME_accelerator].count;
    for (int i = 0; i < named && claims->accelerators[i]; i++)
        text =
            pool_format(scenario->pool, "%s%s %s %s%.3g %%", text, i ? ", on" : "on", claims->accelerators[i]->name,
                        i ? "of " : "an MFU of ", flops_per_s / claims->accelerators[i]->flops[DTYPE_BF16].peak * 100);
    return text;
}

/* What peak, MFU or number of parameters a rate asks for. */
static const char *rate_needs(const struct scenario *scenario, const struct claim *claim, double flops, double mfu)
{
    double rate = aim(claim);
    return pool_format(scenario->pool,
                       "a peak of %.4g TFLOP/s at %.3g %% MFU; %s; or, on %s at that MFU, %.3g B parameters multiplied "
                       "with each token",
                       rate * flops / mfu / 1e12, mfu * 100, mfu_needed(scenario, rate * flops),
                       scenario->accelerator->name, peak_flops(scenario) * mfu / rate / 2 / 1e9);
}

bool predicted(const struct scenario *scenario, const struct claim *claim)
{
    return scenario->prediction && claim->mfu == 0 && !claim->charged_all;
}

/* At the MFU that the document states. */
static struct computed at_mfu(const struct scenario *scenario, double mfu, double flops, const char *formula)
{
    double rate = peak_flops(scenario) * mfu / flops;
    struct computed computed = exactly(
        rate, pool_format(scenario->pool, "%.4g TFLOP/s (%s) x %.3g %% / (%s) = %.4g tokens/ms/gpu",
                          peak_flops(scenario) / 1e12, scenario->accelerator->name, mfu * 100, formula, rate / 1e3));
    computed.premise = mfu_premise(scenario, mfu);
    return computed;
}

/* At most the peak. That nobody published a lower utilization makes a bound from below likely, and refutes no figure
 * below it: only a claimed bound is held against it. */
static struct computed up_to_peak(const struct scenario *scenario, const struct claim *claim, double flops,
                                  const char *formula)
{
    double most = peak_flops(scenario) / flops, highest = published_mfu(MFU_HIGHEST)->share;
    double least = claim->figure.at_least ? most * published_mfu(MFU_LOWEST_DECODE)->share : 0;
    return between(least, most,
                   pool_format(scenario->pool,
                               "%.4g TFLOP/s (%s) / (%s) = %.4g tokens/ms/gpu at the peak, %.4g at the highest "
                               "published MFU of %.3g %%%s",
                               peak_flops(scenario) / 1e12, scenario->accelerator->name, formula, most / 1e3,
                               most * highest / 1e3, highest * 100, decode_bound(scenario)));
}

struct computed audit_throughput(const struct scenario *scenario, const struct claim *claim)
{
    const char *formula;
    double flops = token_flops(scenario, claim->charged_all, &formula);
    if (predicted(scenario, claim))
        return exactly(scenario->prediction->phases[PREFILL].tokens_per_s / scenario->plan->world,
                       pool_format(scenario->pool, "simulated prefill on %s; a token takes %s%s",
                                   scenario->accelerator->name, formula, decode_bound(scenario)));
    if (peak_flops(scenario) <= 0)
        return unknown(pool_format(scenario->pool, "%s; a token takes %s", no_accelerator, formula));
    double mfu = claim->mfu > 0 ? claim->mfu : published_mfu(MFU_HIGHEST)->share;
    struct computed computed =
        claim->mfu > 0 ? at_mfu(scenario, mfu, flops, formula) : up_to_peak(scenario, claim, flops, formula);
    if (claim->charged_all) {
        double used = token_flops(scenario, false, NULL);
        computed.because = pool_format(scenario->pool, "%s; but a token does not use all: %.4g GFLOP give %.4g",
                                       computed.because, used / 1e9, peak_flops(scenario) * mfu / used / 1e3);
    }
    computed.meets = rate_needs(scenario, claim, flops, mfu);
    return computed;
}
