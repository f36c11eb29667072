/* How fast: MFU, throughput and time to first token. Where the simulator has predicted this very plan on this very
 * accelerator, its figure is taken. Else the plan only bounds them: no deployment of such models has been published
 * that reached more of an accelerator's peak than published_mfu(MFU_HIGHEST), and those that served are not below the
 * lowest. */
#include "predict/audit/parts.h"
#include "published.h"

double peak_flops(const struct scenario *scenario)
{
    return scenario->accelerator ? scenario->accelerator->flops[DTYPE_BF16].peak : 0;
}

const char *const no_accelerator = "no accelerator is named, so no peak is known; list some in assume.accelerator";

const char *mfu_premise(const struct scenario *scenario, double mfu)
{
    const struct published_mfu *best = published_mfu(MFU_HIGHEST);
    if (mfu <= best->share)
        return NULL;
    return pool_format(scenario->pool, "an MFU of %.3g %% is more than any published: the highest is %.3g %% (%s, %s)",
                       mfu * 100, best->share * 100, best->what, best->source);
}

struct computed audit_mfu(const struct scenario *scenario, const struct claim *claim)
{
    const struct published_mfu *best = published_mfu(MFU_HIGHEST);
    const char *above = mfu_premise(scenario, aim(claim));
    if (scenario->prediction && scenario->prediction->phases[PREFILL].mfu > 0)
        return exactly(scenario->prediction->phases[PREFILL].mfu, "the simulated prefill of this plan");
    return between(0, 1,
                   above ? above
                         : pool_format(scenario->pool,
                                       "nothing in the plan shows it; up to %.3g %% was published "
                                       "(%s, %s)",
                                       best->share * 100, best->what, best->source));
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

struct computed audit_throughput(const struct scenario *scenario, const struct claim *claim)
{
    const char *formula;
    double peak = peak_flops(scenario), flops = token_flops(scenario, claim->charged_all, &formula);
    if (predicted(scenario, claim)) {
        double rate = scenario->prediction->phases[PREFILL].tokens_per_s / scenario->plan->world;
        return exactly(rate, pool_format(scenario->pool, "simulated prefill on %s; a token takes %s%s",
                                         scenario->accelerator->name, formula, decode_bound(scenario)));
    }
    if (peak <= 0)
        return unknown(pool_format(scenario->pool, "%s; a token takes %s", no_accelerator, formula));
    double published = published_mfu(MFU_HIGHEST)->share, given = claim->mfu;
    /* That nobody published less makes a lower bound likely, and refutes no figure below it. */
    double least = claim->figure.at_least ? peak * published_mfu(MFU_LOWEST_DECODE)->share / flops : 0;
    struct computed computed =
        given > 0 ? exactly(peak * given / flops,
                            pool_format(scenario->pool, "%.4g TFLOP/s (%s) x %.3g %% / (%s) = %.4g tokens/ms/gpu",
                                        peak / 1e12, scenario->accelerator->name, given * 100, formula,
                                        peak * given / flops / 1e3))
                  : between(least, peak / flops,
                            pool_format(scenario->pool,
                                        "%.4g TFLOP/s (%s) / (%s) = %.4g tokens/ms/gpu at the peak, %.4g at the "
                                        "highest published MFU of %.3g %%%s",
                                        peak / 1e12, scenario->accelerator->name, formula, peak / flops / 1e3,
                                        peak * published / flops / 1e3, published * 100, decode_bound(scenario)));
    if (claim->charged_all) {
        const char *used;
        double used_flops = token_flops(scenario, false, &used);
        computed.because =
            pool_format(scenario->pool, "%s; but a token does not use all: %.4g GFLOP give %.4g", computed.because,
                        used_flops / 1e9, peak * (given > 0 ? given : published) / used_flops / 1e3);
    }
    computed.premise = claim->mfu > 0 ? mfu_premise(scenario, claim->mfu) : NULL;
    computed.meets = rate_needs(scenario, claim, flops, given > 0 ? given : published);
    return computed;
}
