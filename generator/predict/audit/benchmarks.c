/* What a document says that others reached, against what they published. */
#include "predict/audit/parts.h"
#include "published.h"

struct computed audit_published(const struct scenario *scenario, const struct claim *claim)
{
    struct pool *pool = scenario->pool;
    const struct published_rate *rate = NULL, *fastest = published_fastest();
    struct computed computed = {.low = INFINITY, .high = -INFINITY, .evidence_only = true, .because = ""};
    while ((rate = published_next(claim->label, rate))) {
        computed.low = rate->least < computed.low ? rate->least : computed.low;
        computed.high = rate->most > computed.high ? rate->most : computed.high;
        computed.because =
            pool_format(pool, "%s%s%s: %s%.3g tokens/ms (%s)", computed.because, *computed.because ? "; " : "",
                        rate->what, rate->least < rate->most ? "below " : "", rate->most / 1e3, rate->source);
    }
    if (claim->figure.low > fastest->most)
        computed.because = pool_format(pool, "%s. No source has published so much: the most is %.3g tokens/ms (%s)",
                                       computed.because, fastest->most / 1e3, fastest->what);
    return computed;
}
