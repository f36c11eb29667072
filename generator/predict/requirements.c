/* `require`: whether a prediction reaches what the strategy asks for. */
#include "predict/prediction.h"

bool requirements_met(const struct strategy *strategy, const struct hardware *hardware,
                      const struct prediction *prediction, struct error *error)
{
    double ranks = strategy->require.per_rank ? strategy->world : 1;
    double rate = prediction->phases[DECODE].tokens_per_s / ranks;
    if (strategy->require.ttft_s > 0 && prediction->ttft_s > strategy->require.ttft_s)
        return fail(
            error, strategy->path, strategy->require.ttft_line,
            "the time to first token is predicted as %.4g s on %s, not %.4g s; see rankc search for faster splits",
            prediction->ttft_s, hardware->name, strategy->require.ttft_s);
    if (rate < strategy->require.tokens_per_s)
        return fail(error, strategy->path, strategy->require.throughput_line,
                    "throughput is predicted as %.4g tokens/s%s on %s, not %.4g; see rankc search for faster splits",
                    rate, strategy->require.per_rank ? " a rank" : "", hardware->name, strategy->require.tokens_per_s);
    return true;
}
